"""One way to run SQL on either store: what an adapter offers, and what both adapters have in common."""

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
    """There is no store yet, or it is empty: the first `ackbot run` makes it."""


class StoreLocked(StoreProblem):
    """Another program has locked the store. The store itself is sound, and none of its files may be moved away."""


class RowMissing(StoreProblem):
    """A statement that must touch one row touched none, or more than one: a defect of ours, which `ids` help to find."""


class StoreBusy(AckbotError):
    """The store could not take a statement now: locked, disk full, connection lost. Trying again can help."""

    passing = True

    @property
    def told(self) -> str:
        """See AckbotError.told."""
        return f"the store is busy: {self}"


class StoreConflict(StoreBusy):
    """Another worker's transaction came in between, and nothing of ours was kept. Trying again at once can help."""


class Database(Protocol):
    """
    A store as the queries see it: `:name` parameters, rows as mappings, whole lists only.

    A transaction is one unit of work: all of it is kept, or nothing. A statement outside of a transaction is kept at once.
    """

    place: str  # path or URL as an admin knows it, without a password
    shared: bool  # whether other workers may use the store at the same time
    skip_locked: str  # put at the end of a SELECT that claims rows
    clock: str  # SQL for the seconds since 1970 by the store's own clock; leases go by it, promises never do

    @property
    def lock_rows(self) -> str:
        """Put at the end of a SELECT of rows that the transaction will decide; "" outside of a transaction."""
        ...

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """Run one statement; all its rows. Raises StoreBusy if trying again can help, StoreProblem for a damaged store."""
        ...

    def note(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """
        One statement as `run` has it, which does not wait for the disk: what it writes outlives this process, and after a
        power cut it may be missing. Inside of a transaction it is one of its statements.
        """
        ...

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """Keep all statements inside together. A nested transaction joins the outer one."""
        ...

    def lock(self, *groups: Iterable[str]) -> None:
        """
        Make everybody else who locks one of these names wait until this transaction ends. No effect outside of one.

        Names of a group are locked after those of the groups before it, so that they are held for no longer than needed.
        """
        ...

    def priority(self) -> contextlib.AbstractContextManager[None]:
        """Inside, this thread does not wait until other threads of this process have done with the store."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether the store has such a table."""
        ...

    def count_on(self, table: str) -> None:
        """Make the next id that the store gives in this table higher than every id that is there."""
        ...

    def wipe(self) -> bool:
        """
        Rid the store's files of what was deleted, outside of a transaction. False if somebody still reads old rows; then the
        next call does it. Raises StoreBusy.
        """
        ...

    def migrate(self) -> None:
        """Bring the schema up to date. Raises StoreProblem when it is newer than this program."""
        ...

    def call_others(self) -> None:
        """Tell other workers to look at the outbox now. No error if there are none or they cannot be reached."""
        ...

    def wait_for_call(self, seconds: float) -> bool:
        """Wait for another worker's call; whether one came in time. For one thread only. Raises StoreBusy."""
        ...

    def close(self) -> None:
        """Release everything; further use is an error."""
        ...


def text_of(moment: datetime) -> str:
    """An instant in the store's text form, UTC, of fixed width so that it sorts. `moment` must be aware."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant_of(text: str) -> datetime:
    """The instant that `text_of` wrote, aware, UTC."""
    return datetime.fromisoformat(text)


def listed(name: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """`:name0, :name1` and their parameters, for an IN list; an empty list matches nothing."""
    if not values:
        return "NULL", {}
    return ", ".join(f":{name}{n}" for n in range(len(values))), {f"{name}{n}": value for n, value in enumerate(values)}


def must_touch(rows: Sequence[Row], table: str, **ids: Any) -> Row:
    """
    The one row that a statement touched.

    Args:
        rows: what its RETURNING gave.
        ids: the values by which the row was looked for; never anybody's words, because they go into the log (P11).

    Raises:
        RowMissing: the statement touched no row, or more than one.
    """
    if len(rows) != 1:
        named = ", ".join(f"{name} {value}" for name, value in ids.items())
        raise RowMissing(f"{len(rows)} rows of {table} were there to change for {named}", table=table, **ids)
    return rows[0]


def climb(db: Database, dialect: Callable[[str], str]) -> None:
    """
    Apply the migrations that the store does not have yet, inside the caller's transaction.

    Args:
        dialect: puts the database's own words into a statement of the schema.

    Raises:
        StoreProblem: the store's schema is newer than this program.
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
    """Why this program cannot query a store: StoreMissing if it is empty, else StoreProblem; None if it can."""
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
