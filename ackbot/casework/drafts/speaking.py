"""In which languages a resident is written to, and the lines of the council in each of them (behaviour.md §3.11, domain.md §12)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ackbot.casework.asked_for import INTERPRETER
from ackbot.casework.council import Inbox
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail.markup import Words

_ENGLAND = "GB-ENG"  # whose Ombudsman is named where no nation is configured


def usual(words: Mapping[str, Any], nations: Sequence[str]) -> Mapping[str, str]:
    """
    The lines that come with a language, for a council that has none of its own in it.

    Args:
        words: the `words.toml` of the language.
        nations: whose bank holidays the council has, which tells the Ombudsman; the first counts.
    """
    ombudsman = words["ombudsman"][nations[0] if nations else _ENGLAND]
    return {"sentence": "", **{name: text.format(ombudsman=ombudsman) for name, text in words["defaults"].items()}}


def standing(desk: Desk, inbox: Inbox, language: str) -> Mapping[str, Any]:
    """The lines of the configuration that stand in mails, in one language: the council's own words, or else those of ackbot."""
    council = desk.council
    own = {**council.in_language[language], **inbox.in_language.get(language, {})}
    return {name: Words(words) for name, words in own.items()}


def offer(desk: Desk, case: Case, written_in: tuple[str, ...]) -> str:
    """
    A line in the resident's language that offers an interpreter or a translation; "" where they need none.

    An offer that was taken is never made again (E52).

    Args:
        written_in: the languages of the mail.
    """
    if case.language in written_in or INTERPRETER in case.formats:
        return ""
    return desk.templates.offers().get(case.language, "")
