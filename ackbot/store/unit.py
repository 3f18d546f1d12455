"""What the handlers of intents share: the one decision that is becoming rows, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ackbot.casework.council import Council
from ackbot.casework.model import Arrival
from ackbot.store.database import Database

Data = Mapping[str, Any]  # what an event keeps besides its reason: JSON-able, no subject, body or name
NO_DATA: Data = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One decision that becomes rows.

    Args:
        now: when it was decided.
        letter_id: row of the mail that was decided over; None where a clock brought the decision.
        arrival: where that mail came; None likewise.
    """

    db: Database
    council: Council
    now: datetime
    letter_id: int | None = None
    arrival: Arrival | None = None
