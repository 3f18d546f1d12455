"""Copies a whole store into another, SQLite or PostgreSQL, and proves that nothing is missing or different there."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ackbot.store import leases
from ackbot.store.database import Database, Row, StoreProblem
from ackbot.store.schema import MIGRATIONS

_AT_ONCE = 500  # rows
# These tables belong to the workers of the moment, not to the council: who works on a store, what they have in hand, and what
# its relays took in the last day.
_LEFT_OUT = {"in_hand", "leases", "relay_use", "running"}


def copy(source: Database, target: Database) -> dict[str, int]:
    """
    Copy every row into an empty store, in one transaction, and compare each row after it was written.

    Returns:
        How many rows each table has.

    Raises:
        StoreProblem: the target is not empty, a worker is alive on either store, or a row differs after it was written.
            No row is left in the target.
    """
    schema = [statement for migration in MIGRATIONS for statement in migration]
    made = [re.match(r"\s*CREATE TABLE (\w+)", statement) for statement in schema]
    names = [one[1] for one in made if one is not None and one[1] not in _LEFT_OUT]
    target.migrate()
    for db in (source, target):
        if alive := leases.workers(db):
            raise StoreProblem(f"{len(alive)} workers are on the store at {db.place}; stop every `ackbot run` first")
    with source.transaction(), target.transaction():
        for name in names:
            if target.run(f"SELECT 1 FROM {name} LIMIT 1"):
                raise StoreProblem(
                    f"the store at {target.place} is not empty: there are {name} in it; it stays as it is"
                )
        return {name: _copied(source, target, name, _Table(name, schema)) for name in names}


class _Table:
    """What a copy must know of a table: the columns of its key, and its BOOLEAN columns, which SQLite keeps as numbers."""

    def __init__(self, name: str, schema: Sequence[str]) -> None:
        self.name = name
        about = " ".join(one for one in schema if re.match(rf"\s*(CREATE|ALTER) TABLE {name}\b", one))
        own = re.search(r"(\w+) (?:\{id\}|TEXT NOT NULL PRIMARY KEY)", about)
        several = re.search(r"PRIMARY KEY \(([^)]+)\)", about)
        self.key = several[1].split(", ") if several else [own[1] if own else "id"]
        self.booleans = set(re.findall(r"(\w+) BOOLEAN", about))

    def pages(self, db: Database) -> Iterator[list[dict[str, Any]]]:
        """All rows in the order of the key, a few hundred at a time."""
        columns = ", ".join(self.key)
        after = ", ".join(f":{one}" for one in self.key)
        rows: Sequence[Row] = db.run(f"SELECT * FROM {self.name} ORDER BY {columns} LIMIT :most", most=_AT_ONCE)
        while rows:
            yield [self._plain(row) for row in rows]
            rows = db.run(
                f"SELECT * FROM {self.name} WHERE ({columns}) > ({after}) ORDER BY {columns} LIMIT :most",
                most=_AT_ONCE,
                **{one: rows[-1][one] for one in self.key},
            )

    def _plain(self, row: Row) -> dict[str, Any]:
        """A row in the form that both stores can give: true booleans, and no NUL in text, which PostgreSQL refuses."""
        plain = dict(row)
        for name, value in plain.items():
            if name in self.booleans and value is not None:
                plain[name] = bool(value)
            elif isinstance(value, str):
                plain[name] = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return plain


def _copied(source: Database, target: Database, name: str, table: _Table) -> int:
    for page in table.pages(source):
        columns = list(page[0])
        sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(f':{one}' for one in columns)})"
        for row in page:
            target.run(sql, **row)
    # The rows brought their own ids, so PostgreSQL's counter has not moved and would give them out again.
    if table.key == ["id"]:
        target.count_on(name)
    # Compare only now, against what the target gives back: a value that it stored in another form shows here.
    count = 0
    ours, theirs = table.pages(source), table.pages(target)
    for page in ours:
        if page != next(theirs, None):
            raise StoreProblem(f"rows of {name} came back another than they went; nothing was kept")
        count += len(page)
    if next(theirs, None) is not None:
        raise StoreProblem(f"there are more rows of {name} than there were; nothing was kept")
    return count
