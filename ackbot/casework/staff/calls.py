"""
Reads what a member of staff writes down of a call or a visit: `NEW name or address: what they said` (behaviour.md §4.8).

`PHONE` and `VISIT` say which it was; `NEW` counts as a call. The word stands in capitals at the beginning, with somebody's name or
address and a colon behind it: nothing else opens a case, so that no sentence that begins so is taken for one.
"""

import re
from dataclasses import dataclass

from ackbot.casework.drafts import names
from ackbot.casework.model import Way
from ackbot.mail import quoting, subjects
from ackbot.mail.addresses import Address

_WAYS: dict[str, Way] = {"NEW": "call", "PHONE": "call", "VISIT": "visit"}
_FIRST = re.compile(r"[\s*_]{0,10}(?P<word>NEW|PHONE|VISIT)[ \t\xa0]{1,4}(?P<who>[^\n:：]{2,200})[:：]")
_PHONE = re.compile(r"\+?\(?\d[\d ()\-\xa0]{5,20}\d")
_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Lady|Lord|Rev|Cllr|Councillor)\.? ")
_SUBJECT = 60  # characters of the words that stand for a subject in mails to staff


@dataclass(frozen=True, slots=True)
class Call:
    """
    A call or a visit.

    Args:
        caller: with an empty address if they gave none.
        subject: how its words begin; for staff alone.
        text: who it was, as it was written down, and what they said.
    """

    way: Way
    caller: Address
    subject: str
    text: str


def heard(words: str) -> Call | None:
    """The call or visit that newly written words of staff tell of; None if they are anything else."""
    found = _FIRST.match(words)
    if found is None:
        return None
    who, said = " ".join(found["who"].split()), words[found.end() :].strip()
    caller = _caller(who)
    if caller is None or not said:
        return None
    subject = subjects.shortened(" ".join(said.split("\n", 1)[0].split()), _SUBJECT)
    return Call(_WAYS[found["word"]], caller, subject, f"{who}:\n\n{said}")


def _caller(who: str) -> Address | None:
    """Whoever called or came; None if neither a name nor an address can be made out."""
    address = quoting.ADDRESS.search(who)
    rest = who.replace(address[0], " ") if address else who
    pieces = (" ".join(one.strip(" <>()[]-–").split()) for one in re.split(r"[,;/]", _PHONE.sub(",", rest)))
    name = next((one for one in pieces if one), "")
    known = names.from_display(Address(_TITLE.sub("", name), ""))
    if not address and not known:
        return None
    return Address(name if known else "", address[0].rstrip(".") if address else "")
