"""What came in a case without opening or changing anything: thanks, scores, automatic replies. Its owner's next digest names it."""

import json
from dataclasses import dataclass
from datetime import datetime

from ackbot.mail import quoting
from ackbot.store.database import Database, text_of

_KINDS = ("automatic-reply", "thanks", "feedback", "reaction")
_BESIDE = "'attach', 'event'"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One such mail.

    Args:
        kind: "automatic-reply", "thanks", "reaction", or "feedback" for a score.
        words: its newly written text.
    """

    code: str
    kind: str
    words: str


def since(db: Database, at: datetime) -> list[Heard]:
    """All of them since that instant, the oldest first; not what answered a mail to staff."""
    named = ", ".join(f"'{one}'" for one in _KINDS)
    rows = db.run(
        f"SELECT e.code, e.kind, e.data, l.text FROM events e JOIN letters l ON l.id = e.letter_id WHERE e.kind IN ({named}) "
        f"AND l.outcome IN ({_BESIDE}) AND e.code <> '' AND e.at > :at ORDER BY e.id LIMIT :most",
        at=text_of(at),
        most=_MOST,
    )
    return [
        Heard(row["code"], row["kind"], quoting.new_text(row["text"]))
        for row in rows
        if json.loads(row["data"]).get("role") != "staff"
    ]
