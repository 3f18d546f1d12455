"""Finds whether a letter makes a complaint to the council, and not only speaks of one (behaviour.md §3.12, E87)."""

from ackbot.casework import wordsearch
from ackbot.casework.council import Council
from ackbot.casework.wordsearch import Sign
from ackbot.mail.message import Message

_READ = 20_000  # characters of a letter
_AMONG = frozenset({"complaint"})


def sign(message: Message, council: Council) -> Sign | None:
    """The words by which a letter makes a complaint; None if it makes none, or the council has no standard for complaints."""
    if council.complaints is None:
        return None
    text = f"{message.subject}\n\n{message.new_text[:_READ]}"
    return next(iter(wordsearch.signs(text, council.complaining, among=_AMONG)), None)
