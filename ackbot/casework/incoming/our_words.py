"""Cuts our own mails out of the letters that answer them, however a client quotes: we know what we sent (issue 14, point 9)."""

from collections.abc import Iterable
from dataclasses import replace

from ackbot.mail import replies
from ackbot.mail.message import Message

LEAST = 200  # characters; a shorter letter has none of our mails in it


def cut(message: Message, sent: Iterable[str]) -> Message:
    """
    The letter without our words in what counts as its writer's.

    Args:
        sent: the texts of our mails that it answers.
    """
    for original in sent:
        message = replace(
            message,
            new_text=_without(message.new_text, original),
            # What was found in it stays where it was found.
            unmarked=_without(message.unmarked, original, blanked=True),
        )
    return message


def _without(text: str, original: str, *, blanked: bool = False) -> str:
    ours = replies.ours_in(text, original)
    if not any(ours):
        return text
    lines = text.split("\n")
    if blanked:
        return "\n".join(" " * len(line) if own else line for line, own in zip(lines, ours, strict=True))
    return "\n".join(line for line, own in zip(lines, ours, strict=True) if not own).strip()
