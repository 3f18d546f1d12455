"""Whether a resident wrote of the same matter before, which their acknowledgement then says."""

import re

from ackbot.casework.model import Facts
from ackbot.mail import subjects
from ackbot.mail.message import Message

_WORDS = re.compile(r"[^\W\d_]{3,}")
# Words that stand in subjects of any matter.
_SAY_NOTHING = frozenset(
    re.findall(
        r"\w+",
        "about again all and any are can council email enquiry for from has have help important letter mail message not our please "
        "problem query question reply request the this urgent very was what when why will with you your",
    )
)


def of_it(letter: Message, facts: Facts) -> bool:
    """Whether an earlier letter of the last days has a word in its subject that this one's has, and that says what it is about."""
    said = _matters(subjects.key(letter.subject))
    return any(said & _matters(past.subject_key) for past in facts.past)


def _matters(subject_key: str) -> set[str]:
    return set(_WORDS.findall(subject_key)) - _SAY_NOTHING
