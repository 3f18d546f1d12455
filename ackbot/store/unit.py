"""What the handlers of intents share: the decision that they are writing, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ackbot.casework.council import Council
from ackbot.casework.model import Arrival
from ackbot.store.database import Database, Row, must_touch

Data = Mapping[str, Any]  # what an event keeps besides its reason: JSON-able, without any subject, body or name (P11)
NO_DATA: Data = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One intent of a decision that is being written as rows.

    Args:
        now: when it was decided, aware.
        letter_id: row of the mail that was decided; None if a clock brought the decision.
        arrival: where that mail arrived; None if a clock brought the decision.
        first: it is the decision's first intent of its kind about a case that the decision opens, so that there is nothing
            before it to end or to take back.
    """

    db: Database
    council: Council
    now: datetime
    letter_id: int | None = None
    arrival: Arrival | None = None
    first: bool = False
    _expected: list[tuple[Sequence[Row], str, Mapping[str, Any]]] = field(default_factory=list)

    def must_touch(self, rows: Sequence[Row], table: str, **ids: Any) -> None:
        """Demand that a statement touched its one row; `look` does. PostgreSQL is not waited for now."""
        self._expected.append((rows, table, ids))

    def look(self) -> None:
        """Look at what was demanded. Raises RowMissing; see `database.must_touch`."""
        for rows, table, ids in self._expected:
            must_touch(rows, table, **ids)
