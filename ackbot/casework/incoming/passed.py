"""What reached a member of staff and is passed on to one of our inboxes (behaviour.md §4.7, §4.8)."""

from dataclasses import dataclass

from ackbot.casework.council import Inbox, Staff
from ackbot.casework.model import Way
from ackbot.mail.addresses import Address


@dataclass(frozen=True, slots=True)
class PassedOn:
    """
    How a letter, a call or a visit came to us.

    Args:
        way: "forwarded", "call" or "visit".
        by: the verified member of staff who passes it on.
        words: what they and colleagues before them wrote above it; "" for nothing. It is for its owner, never for the resident.
        home: the inbox that they sent it to, which handles it; `also_to`: our others that they sent it to.
        caller: of a call or visit, whoever spoke to us, with an empty address if they gave none; None for a letter.
    """

    way: Way
    by: Staff
    words: str
    home: Inbox
    also_to: tuple[Inbox, ...] = ()
    caller: Address | None = None

    @property
    def told(self) -> tuple[Staff, str]:
        """What its owner reads of it: who passed it on, and what they wrote above it."""
        return self.by, self.words
