"""Every kind of mail about cases, one line each: its name in the outbox, its template, and what a reply to it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ackbot.mail.compose import Profile


@dataclass(frozen=True, slots=True)
class ResidentMail:
    """
    A kind of mail to residents.

    Args:
        kind: one of design.md §8 `mails.kind`; decides the order in which waiting mails are sent.
        profile: the header fields that say why it was written.
        translated: it exists in every language of the council; colleagues read that of its staff.
    """

    kind: str
    template: str
    profile: Profile
    translated: bool = True


ACKNOWLEDGEMENT = ResidentMail("acknowledgement", "acknowledgement", Profile.REPLY)
ACKNOWLEDGEMENT_TO_COLLEAGUE = ResidentMail(
    "acknowledgement", "acknowledgement-colleague", Profile.REPLY, translated=False
)
RECEIPT = ResidentMail("receipt", "receipt", Profile.REPLY)
REACHED = ResidentMail("receipt", "reached", Profile.REPLY)
WHERE_IT_STANDS = ResidentMail("receipt", "where-it-stands", Profile.REPLY)
RESIDENTS_RECEIPTS = frozenset({RECEIPT.template, WHERE_IT_STANDS.template})
HUMAN = ResidentMail("human", "human", Profile.HUMAN)
COVER = ResidentMail("cover", "cover", Profile.TIMER)
PART_SPLIT_OFF = ResidentMail("cover", "split-off", Profile.TIMER)
NO_NEWS = ResidentMail("no-news", "no-news", Profile.TIMER)
STILL_WAITING = ResidentMail("no-news", "still-waiting", Profile.TIMER)
SETTLED = ResidentMail("settled", "settled", Profile.TIMER)
TRANSLATED = (
    ACKNOWLEDGEMENT,
    RECEIPT,
    REACHED,
    WHERE_IT_STANDS,
    HUMAN,
    COVER,
    PART_SPLIT_OFF,
    NO_NEWS,
    STILL_WAITING,
    SETTLED,
)


@dataclass(frozen=True, slots=True)
class StaffMail:
    """
    A kind of mail to staff.

    Args:
        kind: one of design.md §8 `mails.kind`; decides the order in which waiting mails are sent.
        words_go_out: plain words in a reply go to the resident, if the resident has an address, and the name in Reply-To says
            so. Otherwise they stay inside.
        purpose: the purpose in the Message-ID, a key of `model.PURPOSES`; "" if that is the kind.
        html: it has an HTML part, which its links need.
    """

    kind: str
    template: str
    words_go_out: bool = False
    purpose: str = ""
    html: bool = False


NEW_CASE = StaffMail("new-case", "new-case", words_go_out=True)
NEW_CASE_LATER = StaffMail("new-case", "new-case-later", words_go_out=True)
NEW_CASE_REFUSED = StaffMail("new-case", "letter-refused", words_go_out=True)
NEW_CASE_SPLIT = StaffMail("new-case", "new-case-split", words_go_out=True)
RESIDENT_WROTE = StaffMail("resident-wrote", "resident-wrote", words_go_out=True)
OTHER_WROTE = StaffMail("resident-wrote", "other-wrote", words_go_out=True, html=True)
URGENT = StaffMail("urgent", "urgent")
URGENT_LIST = StaffMail("urgent", "urgent-list", html=True)
UNHEARD = StaffMail("urgent", "unheard")
ALSO_YOURS = StaffMail("hand-over", "hand-over")
OFFERED = StaffMail("hand-over", "offered", html=True)
TAKEN_OVER = StaffMail("hand-over", "taken-over", html=True)
WHILE_AWAY = StaffMail("hand-over", "while-away", html=True)
DIGEST_ONE = StaffMail("digest", "digest-one", words_go_out=True, purpose="single", html=True)
DIGEST_LIST = StaffMail("digest", "digest-list", html=True)
OVERDUE = StaffMail("digest", "overdue", html=True)

_ANSWERS = {
    "alarm": "urgent",
    "take": "urgent",
    "echo": "echo",
}  # an answer to the question whether somebody takes an alarm is an answer to the alarm


def _ask_back(topic: str) -> StaffMail:
    return StaffMail("ask-back", f"ask-back-{topic}", purpose=_ANSWERS.get(topic, ""), html=True)


# Questions and confirmations to a member of staff, by topic; most answer a mail of theirs.
ASK_BACK: Mapping[str, StaffMail] = MappingProxyType(
    {
        topic: _ask_back(topic)
        for topic in (
            "what",  # nothing was done: why, and what they can write
            "alarm",  # that was not TAKE: the alarm goes on
            "which",  # about which case?
            "held",  # may these words go out?
            "echo",  # their words, as they went out
            "away",  # what AWAY or BACK did
            "absence",  # what was learnt of an absence by their automatic reply
            "quiet",  # what QUIET or IGNORE did
            "copies",  # what CC did
            "copying",  # may copies go to these addresses?
            "taken",  # somebody took their case
            "take",  # did they take that alarm?
            "acted",  # what was done in their name, where no server vouches for them
            "declined",  # the person to whom they passed a case does not take it
            "withdrawn",  # a case is no longer offered to them
            "another",  # somebody else wrote in their case
            "unreachable",  # the resident's address does not work
            "unproven",  # was that a colleague's answer?
            "passed",  # what was made of what they forwarded or wrote down
            "forged",  # it was not: somebody wrote in a colleague's name
        )
    }
)
