"""Sample values of the mails to the admin, for `preview`, and to find a broken template before anybody needs it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from ackbot.mail.markup import Lines

# Sample values for each mail to the admin, by topic.
ADMIN_TOPICS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "quarantine": {
            "inbox": "housing@northgate.example",
            "letter": 7,
            "error": "ValueError in text.py:12",
            "again": True,
        },
        "inbox": {
            "inbox": "housing@northgate.example",
            "reason": "mail.northgate.example refuses housing: authentication failed",
        },
        "not-fetched": {
            "inbox": "housing@northgate.example",
            "reason": "uid 812 in INBOX: the server lists it and does not give it",
        },
        "canary": {"inbox": "housing@northgate.example"},
        "canary-lost": {
            "inbox": "housing@northgate.example",
            "sent_at": datetime(2026, 12, 7, 9, 0, tzinfo=UTC),
        },
        "missing": {"inbox": "housing@northgate.example", "reason": "uid 812, 813 in INBOX"},
        "kept-files": {
            "inbox": "housing@northgate.example",
            "reason": "lmtp_keep_per_day is 2000 MB, and 1990 MB are kept",
        },
        "relay": {"relay": "smtp.northgate.example", "reply": "535 5.7.8 authentication failed"},
        "refused": {
            "references": ["RBN-7H4-29P"],
            "reference": "RBN-7H4-29P",
            "kind": "digest",
            "reply": "554 spam",
            "person": "Sam Jones",
            "gone": False,
            "bundled": True,
        },
        "oauth": {
            "reason": "oauth.m365: AADSTS7000222: the client secret has expired: make a new one with "
            "`az ad app credential reset --id 0f1e --append`, and write its value into the file",
        },
        "expires": {"grant": "m365", "what": "secret", "ends_on": date(2026, 12, 14), "left": 14},
        "archive": {"archive": "archive@northgate.example", "reply": "550 5.1.1 user unknown"},
        "daily": {
            "since": "Sunday 29 November",
            "refused": [{"kind": "acknowledgement", "person": "", "count": 9, "references": ["RBN-7H4-29P"]}],
            "inboxes": [
                {
                    "address": "housing@northgate.example",
                    "letters": 12,
                    "acknowledged": 9,
                    "would_acknowledge": 4,
                    "not_answered": ["2: it is bulk mail"],
                    "would": 3,
                    "junk": 4,
                    "name": "housing",
                    "doubts": [
                        {"reference": "RBN-7H4-29P", "urgent": True, "why": "nothing says that a machine sent it"}
                    ],
                    "kinds": [{"kind": "acknowledgement", "residents": 3, "staff": 0}],
                    "specimens": [
                        {
                            "kind": "acknowledgement",
                            "to": "edward.quan@resident.example",
                            "words": Lines("(the words of the mail)\n\n(in paragraphs)"),
                        }
                    ],
                }
            ],
        },
        "staff-trial": {"staff": "Priya Shah", "inbox": "housing@northgate.example"},
        "trial": {"inbox": "housing@northgate.example"},
        "unverified": {"reference": "RBN-7H4-29P", "kind": "acknowledgement"},
        "brake": {"limit": 300},
        "staff-bounce": {"person": "Sam Jones", "address": "sam@northgate.example", "status": "5.1.1"},
        "calendar": {"where": "calendar.northgate.example", "people": [("Sam Jones", "the server answers 404")]},
        "staff-left": {"person": "Sam Jones", "address": "sam@northgate.example", "id": "sam"},
        "staff-away": {"person": "Sam Jones", "id": "sam", "left": False, "back_on": date(2026, 12, 7)},
        "forged": {
            "author": "Sam Jones",
            "said_by": "Sam Jones",
            "resident": "Edward Quan",
            "reference": "RBN-7H4-29P",
            "their_words": Lines("We come on Monday."),
        },
        "missed": {"count": 2, "total": 5, "references": ["RBN-7H4-29P", "RBN-8K2-3QX"]},
        "paused": {
            "everything": True,
            "inboxes": [],
            "since": datetime(2026, 11, 29, 2, 30, tzinfo=UTC),
            "count": 2,
            "references": ["RBN-7H4-29P", "RBN-8K2-3QX"],
        },
        "uncovered": {"count": 1, "references": ["RBN-7H4-29P"], "reasons": ["Priya Shah is away"]},
        "restored": {"of": datetime(2026, 11, 29, 2, 30, tzinfo=UTC), "held": 3},
        "restore": {"inbox": "housing@northgate.example"},
        "put-in": {"inbox": "housing@northgate.example", "taken": 20},
        "no-owner": {
            "reference": "RBN-7H4-29P",
            "inbox": "housing@northgate.example",
            "team": "housing",
            "reason": "nobody of housing is here",
        },
        "report": {
            "period": "1 October 2026 to 31 October 2026",
            "short": ["120 matters reached us.", "118 of 120 were acknowledged automatically."],
            "changes_title": "What changed against Quarter 2: July to September 2026",
            "changes": ["Answered in time: 93%, up from 91%."],
            "teams": [{"name": "housing", "short": ["80 matters reached us."]}],
            "first": "2026-10-01",
            "last": "2026-10-31",
        },
        "urgent": {"reference": "RBN-7H4-29P", "inbox": "housing@northgate.example", "categories": ["gas"]},
    }
)
