"""The append-only history: who did what, when and why; without any words of residents (P11)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ackbot.store.database import Database, text_of

_json = json.JSONEncoder(
    sort_keys=True
).encode  # made once, because `json.dumps` makes a new encoder at each call that has options


COLUMNS = "at, code, letter_id, inbox, kind, why, data"


def data_of(data: Mapping[str, Any] | None) -> str:
    """What an event keeps besides its reason, as the store has it."""
    return _json(data) if data else "{}"


def add(
    db: Database,
    now: datetime,
    kind: str,
    why: str,
    *,
    code: str = "",
    letter_id: int | None = None,
    inbox: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add one event. `data` must be JSON-able and hold no subject, body or name (P11)."""
    db.run(
        f"INSERT INTO events ({COLUMNS}) VALUES (:at, :code, :letter_id, :inbox, :kind, :why, :data)",
        at=text_of(now),
        code=code,
        letter_id=letter_id,
        inbox=inbox,
        kind=kind,
        why=why,
        data=data_of(data),
    )


class Event(NamedTuple):
    """One event of several that are added together; the fields as in `add`."""

    kind: str
    why: str
    code: str
    inbox: str
    data: Mapping[str, Any]


def add_all(db: Database, now: datetime, events: Sequence[Event], letter_id: int | None) -> None:
    """Add several events in their order, in one statement."""
    if not events:
        return
    numbered = list(enumerate(events))
    values = ", ".join(f"(:at, :code{n}, :letter_id, :inbox{n}, :kind{n}, :why{n}, :data{n})" for n, _ in numbered)
    parameters = {
        f"{name}{n}": value
        for n, one in numbered
        for name, value in {**one._asdict(), "data": data_of(one.data)}.items()
    }
    db.run(
        f"INSERT INTO events ({COLUMNS}) VALUES {values}",
        at=text_of(now),
        letter_id=letter_id,
        **parameters,
    )


def reminded(db: Database, code: str, since: datetime) -> frozenset[str]:
    """Staff ids of everybody who was reminded of a case since that instant."""
    rows = db.run(
        "SELECT data FROM events WHERE code = :code AND kind = 'reminded' AND at >= :since",
        code=code,
        since=text_of(since),
    )
    return frozenset(json.loads(row["data"])["staff"] for row in rows)
