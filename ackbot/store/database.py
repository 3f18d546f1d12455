"""One way to run SQL on either store; what SQLite needs is here, PostgreSQL joins beside it."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import sqlite_utils

from ackbot.store.schema import MIGRATIONS

Row = Mapping[str, Any]
BUSY_TIMEOUT_S = 5


class StoreProblem(Exception):
    """The store cannot be used: missing, newer than this program, held by another `run`. The sentence says what to do."""


class StoreMissing(StoreProblem):
    """There is no store yet, or nothing in it: the first `ackbot run` makes it."""


class StoreBusy(Exception):
    """The store could not take a statement now: locked, disk full, connection lost. Trying again can help."""


class Database(Protocol):
    """
    What the queries stand on. `:name` parameters, rows as mappings, whole lists only.

    A transaction is one unit of work: all of it is kept or nothing. Statements outside of one are kept at once.
    """

    skip_locked: str  # put behind a SELECT that claims rows

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """One statement and all its rows. Raises StoreBusy where trying again can help, StoreProblem for a damaged file."""
        ...

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """All statements inside are kept together; nested use joins the outer one."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date. Raises StoreProblem when it is newer than this program."""
        ...

    def close(self) -> None:
        """Release everything; further use is an error."""
        ...


def text_of(moment: datetime) -> str:
    """An instant as the store keeps it. `moment` must be aware."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_of(text: str) -> datetime:
    """What `text_of` wrote, UTC."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def open_database(url: str, *, exclusive: bool = False, read_only: bool = False) -> Database:
    """
    The store of a URL such as `sqlite:////var/lib/ackbot/ackbot.db`.

    Args:
        exclusive: as `run` opens it; a second one is kept out (design.md §6).
        read_only: nothing can be written, not even by mistake; the store must exist, as this program's schema has it.

    Raises:
        StoreMissing: there is none to read.
        StoreProblem: it cannot be opened.
    """
    scheme, _, path = url.partition("://")
    if scheme != "sqlite":
        raise StoreProblem(
            f'store.url "{scheme}://…" is of a kind this version does not know; use sqlite:////path/to/ackbot.db'
        )
    # Four slashes begin an absolute path, three a relative one.
    place = Path("/" + path.lstrip("/") if path.startswith("//") else path.removeprefix("/"))
    database = SQLite(place, exclusive=exclusive, read_only=read_only)
    if read_only and (problem := _unreadable(database)) is not None:
        database.close()
        raise problem
    return database


def _unreadable(database: "SQLite") -> StoreProblem | None:
    """Why the queries of this program would fail on a store."""
    try:
        made = database.run("SELECT 1 FROM sqlite_master WHERE name = 'migrations'")
        number = database.run("SELECT MAX(number) AS number FROM migrations")[0]["number"] if made else None
    except StoreProblem as problem:
        return problem
    except StoreBusy as busy:
        return StoreProblem(f"the store at {database.path} cannot be read: {busy}")
    if number is None:
        return StoreMissing(f"there is nothing in the store at {database.path} yet; `ackbot run` makes it")
    if number < len(MIGRATIONS):
        return StoreProblem(f"the store at {database.path} is of an earlier ackbot; `ackbot run` brings it up to date")
    return StoreProblem(_newer(database.path)) if number > len(MIGRATIONS) else None


class SQLite:
    """
    One file, one connection, one lock: `transaction` holds it from BEGIN IMMEDIATE to COMMIT, and every other statement
    takes it too and fetches its rows inside. Without that, one thread's rollback takes another's rows.
    """

    skip_locked = ""

    def __init__(self, path: Path, *, exclusive: bool = False, read_only: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = threading.local()
        self._held: int | None = None
        if read_only and not os.path.exists(path):
            raise StoreMissing(f"there is no store at {path}; `ackbot run` makes it")
        try:
            if exclusive:
                self._held = _keep_others_out(path)
            mode = "ro" if read_only else "rwc"
            connection = sqlite3.connect(
                f"file:{_quoted(path)}?mode={mode}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
                isolation_level=None,
                cached_statements=512,
            )
            connection.row_factory = sqlite3.Row
            self._db = sqlite_utils.Database(connection, execute_plugins=False)
            if not read_only:
                os.chmod(path, 0o600)
                self._db.enable_wal()
                self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.execute("PRAGMA schema_version")
        except (sqlite3.Error, OSError) as error:
            self._release()
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreProblem(f"the store at {path} cannot be opened: {reason}; {_mend(error)}") from error
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """See Database.run."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._told(error) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See Database.transaction."""
        with self._lock:
            depth = getattr(self._depth, "value", 0)
            if depth:
                self._depth.value = depth + 1
                try:
                    yield
                finally:
                    self._depth.value = depth
                return
            self._begin()
            self._depth.value = 1
            try:
                yield
                self._commit()
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth.value = 0

    def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error

    def migrate(self) -> None:
        """See Database.migrate."""
        with self.transaction():
            self.run(
                "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, applied_at TEXT NOT NULL)"
            )
            done = {int(row["number"]) for row in self.run("SELECT number FROM migrations")}
            if done and max(done) > len(MIGRATIONS):
                raise StoreProblem(_newer(self.path))
            for number, statements in enumerate(MIGRATIONS, 1):
                if number in done:
                    continue
                for statement in statements:
                    self.run(statement.format(id="INTEGER PRIMARY KEY", bytes="BLOB"))
                self.run(
                    "INSERT INTO migrations (number, applied_at) VALUES (:number, :now)",
                    number=number,
                    now=text_of(datetime.now(UTC)),
                )

    def close(self) -> None:
        """See Database.close."""
        with self._lock:
            self._db.close()
            self._release()

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _told(self, error: sqlite3.DatabaseError) -> Exception:
        """StoreBusy if trying again can help, StoreProblem for a damaged file, else the error as it is."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            return StoreProblem(f"the store at {self.path} is damaged: {error}; {_mend(error)}")
        return StoreBusy(str(error)) if code in _PASSING else error


# What passes by itself or by an admin's hand (sqlite.org/rescode.html); any other error is a defect of ours.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _mend(error: Exception) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
        return "move it away and restore a backup"
    return "mend store.url, or the permissions of its folder"


def _newer(path: Path) -> str:
    return f"the store at {path} was written by a newer ackbot; install that version or restore a backup"


def listed(name: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """`:name0, :name1` and their parameters, for an IN list; an empty one matches nothing."""
    if not values:
        return "NULL", {}
    return ", ".join(f":{name}{n}" for n in range(len(values))), {f"{name}{n}": value for n, value in enumerate(values)}


def _keep_others_out(path: Path) -> int:
    """An flock beside the file, held while the descriptor is open; it dies with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreProblem(f"another `ackbot run` has the store at {path}") from None
    return descriptor


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path))
