"""One way to run SQL on either store: what an adapter offers, and what both of them do alike."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from ackbot.errors import AckbotError
from ackbot.store.schema import MIGRATIONS

Row = Mapping[str, Any]
BUSY_TIMEOUT_S = 5


class StoreProblem(AckbotError):
    """The store cannot be used: missing, newer than this program, held by another `run`. The sentence says what to do."""


class StoreMissing(StoreProblem):
    """There is no store yet, or nothing in it: the first `ackbot run` makes it."""


class StoreLocked(StoreProblem):
    """Another program has it: nothing is wrong with the store itself, and nothing of it may be moved away."""


class RowMissing(StoreProblem):
    """A statement that had to touch a row touched none: a defect of ours, which `ids` help to find."""


class StoreBusy(AckbotError):
    """The store could not take a statement now: locked, disk full, connection lost. Trying again can help."""

    passing = True

    @property
    def told(self) -> str:
        """See AckbotError.told."""
        return f"the store is busy: {self}"


class StoreConflict(StoreBusy):
    """Another worker's transaction came in between, and nothing of ours was kept: the same again, at once, can help."""


class Database(Protocol):
    """
    What the queries stand on. `:name` parameters, rows as mappings, whole lists only.

    A transaction is one unit of work: all of it is kept or nothing. Statements outside of one are kept at once.
    """

    place: str  # as an admin knows it, without a password
    shared: bool  # whether other workers may work on it at the same time
    skip_locked: str  # put behind a SELECT that claims rows
    clock: str  # SQL for the seconds since 1970 by the store's own clock: leases go by it, promises never do

    @property
    def lock_rows(self) -> str:
        """Put behind a SELECT of rows that the transaction is about to decide over; empty outside of one."""
        ...

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """One statement and all its rows. Raises StoreBusy where trying again can help, StoreProblem for a damaged store."""
        ...

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """All statements inside are kept together; nested use joins the outer one."""
        ...

    def lock(self, names: Iterable[str]) -> None:
        """Whoever locks one of these names waits until this transaction ends; nothing outside of a transaction."""
        ...

    def priority(self) -> contextlib.AbstractContextManager[None]:
        """What this thread does inside waits for no other thread of this process to be done with the store."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether the store has such a table."""
        ...

    def count_on(self, table: str) -> None:
        """The next id that the store gives a row of this table is above every one that is there."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date. Raises StoreProblem when it is newer than this program."""
        ...

    def call_others(self) -> None:
        """Other workers look at the outbox now; without any, or when they cannot be reached, nothing happens."""
        ...

    def wait_for_call(self, seconds: float) -> bool:
        """Wait at most so long for another worker's call; whether one came. Used by one thread only. Raises StoreBusy."""
        ...

    def close(self) -> None:
        """Release everything; further use is an error."""
        ...


def text_of(moment: datetime) -> str:
    """An instant as the store keeps it. `moment` must be aware."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant_of(text: str) -> datetime:
    """What `text_of` wrote, UTC."""
    return datetime.fromisoformat(text)


def listed(name: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """`:name0, :name1` and their parameters, for an IN list; an empty one matches nothing."""
    if not values:
        return "NULL", {}
    return ", ".join(f":{name}{n}" for n in range(len(values))), {f"{name}{n}": value for n, value in enumerate(values)}


def must_touch(rows: Sequence[Row], table: str, **ids: Any) -> Row:
    """
    The one row that a statement touched, of those that its RETURNING gave.

    Args:
        ids: what the row was looked for by; no words of anybody.

    Raises:
        RowMissing: it touched none, or more than one.
    """
    if len(rows) != 1:
        named = ", ".join(f"{name} {value}" for name, value in ids.items())
        raise RowMissing(f"{len(rows)} rows of {table} were there to change for {named}", table=table, **ids)
    return rows[0]


def climb(db: Database, dialect: Callable[[str], str]) -> None:
    """
    Apply the migrations that a store has not seen, inside the caller's transaction.

    Args:
        dialect: puts a database's own words into a statement of the schema.

    Raises:
        StoreProblem: it is newer than this program.
    """
    made = "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, applied_at TEXT NOT NULL)"
    db.run(dialect(made))
    done = {int(row["number"]) for row in db.run("SELECT number FROM migrations")}
    if done and max(done) > len(MIGRATIONS):
        raise StoreProblem(_newer(db), store=db.place)
    for number, statements in enumerate(MIGRATIONS, 1):
        if number in done:
            continue
        for statement in statements:
            db.run(dialect(statement))
        db.run(
            "INSERT INTO migrations (number, applied_at) VALUES (:number, :now)",
            number=number,
            now=text_of(datetime.now(UTC)),
        )


def unreadable(db: Database) -> StoreProblem | None:
    """Why the queries of this program would fail on a store."""
    try:
        number = (
            db.run("SELECT MAX(number) AS number FROM migrations")[0]["number"] if db.has_table("migrations") else 0
        )
    except StoreProblem as problem:
        return problem
    except StoreBusy as busy:
        return StoreProblem(f"the store at {db.place} cannot be read: {busy}", store=db.place)
    if not number:
        return StoreMissing(f"there is nothing in the store at {db.place} yet; `ackbot run` makes it", store=db.place)
    if number < len(MIGRATIONS):
        return StoreProblem(
            f"the store at {db.place} is of an earlier ackbot; `ackbot run` brings it up to date", store=db.place
        )
    return StoreProblem(_newer(db), store=db.place) if number > len(MIGRATIONS) else None


def _newer(db: Database) -> str:
    return f"the store at {db.place} was written by a newer ackbot; install that version or restore a backup"
