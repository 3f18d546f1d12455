"""What the rules know of the automatic mail to one resident."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class History:
    """
    What we know of the automatic mail to one resident. Instants are UTC, dates are local.

    Args:
        written_at: when automatic mails to them were written in the last day, including acknowledgements, newest first.
        goes_at: when mails except acknowledgements were or will be sent, from today's midnight on.
        promised: running dates that they were told, past ones too, each with the code of its case: (code, date).
        held: why the acknowledgement of a case waits for the admin's release, by code: "brake", "restore" or "backup".
        braked: the council has sent as many automatic mails as the brake allows.
        spared: codes of the cases whose receipt of today does not count.
        of_proven: the same without mails that were sent because of letters that nothing proves; None for no difference.
    """

    written_at: tuple[datetime, ...] = ()
    goes_at: tuple[datetime, ...] = ()
    promised: tuple[tuple[str, date], ...] = ()
    held: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    braked: bool = False
    spared: frozenset[str] = frozenset()
    of_proven: "History | None" = None

    @property
    def proven(self) -> "History":
        """The history as a proven letter sees it: nobody else uses up what its author may get (E12)."""
        return self.of_proven or self
