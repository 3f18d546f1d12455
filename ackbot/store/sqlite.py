"""SQLite: one file, one process that runs the daemon, and others that only read (design.md §6)."""

import contextlib
import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlite_utils

from ackbot.store.database import BUSY_TIMEOUT_S, Row, StoreBusy, StoreLocked, StoreMissing, StoreProblem, climb


class SQLite:
    """
    One file, one connection, one lock.

    `transaction` holds the lock from BEGIN IMMEDIATE to COMMIT. Every other statement takes the lock too, and fetches its
    rows inside it. Otherwise the rollback of one thread would undo the rows of another.
    """

    shared = False
    skip_locked = lock_rows = ""
    clock = "((julianday('now') - 2440587.5) * 86400.0)"

    def __init__(self, path: Path, *, exclusive: bool = False, read_only: bool = False) -> None:
        self.place = str(path)
        self._lock = threading.RLock()
        self._depth = threading.local()
        self._held: int | None = None
        if read_only and not os.path.exists(path):
            raise StoreMissing(f"there is no store at {path}; `ackbot run` makes it", store=str(path))
        try:
            if exclusive:
                self._held = _keep_others_out(path)
            mode = "ro" if read_only else "rwc"
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode={mode}",
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
                # What is deleted is overwritten, so that it is not left between the rows; Debian's SQLite does so by itself.
                self._db.execute("PRAGMA secure_delete=ON")
            self._db.execute("PRAGMA foreign_keys=ON")
            # The first statement that reads the file: a damaged or locked one fails here, and not at the first query.
            self._db.execute("PRAGMA schema_version")
        except (sqlite3.Error, OSError) as error:
            self._release()
            reason = error.strerror if isinstance(error, OSError) else error
            kind = StoreLocked if _code(error) in _LOCKED else StoreProblem
            raise kind(f"the store at {path} cannot be opened: {reason}; {_mend(error)}", store=str(path)) from error
        self._connection = connection

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """See Database.run."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._told(error) from error

    def note(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """See Database.note. The next transaction takes it to the disk with its own."""
        with self._lock:
            if self._connection.in_transaction:
                return self.run(sql, **parameters)
            self.run("PRAGMA synchronous=NORMAL")
            try:
                return self.run(sql, **parameters)
            finally:
                self.run("PRAGMA synchronous=FULL")

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

    def lock(self, *groups: Iterable[str]) -> None:
        """See Database.lock: nothing to do, because a transaction locks the whole store."""

    def priority(self) -> contextlib.AbstractContextManager[None]:
        """See Database.priority: nothing to do, because no thread keeps the one connection for long."""
        return contextlib.nullcontext()

    def has_table(self, name: str) -> bool:
        """See Database.has_table."""
        return bool(self.run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name", name=name))

    def count_on(self, table: str) -> None:
        """See Database.count_on: nothing to do, because SQLite always counts on from the highest id."""

    def wipe(self) -> bool:
        """See Database.wipe: the file has no free pages with old rows, and the WAL is cut to nothing."""
        return not self.run("PRAGMA wal_checkpoint(TRUNCATE)")[0]["busy"]

    def migrate(self) -> None:
        """See Database.migrate."""
        with self.transaction():
            climb(self, lambda statement: statement.format(id="INTEGER PRIMARY KEY", bytes="BLOB"))

    def call_others(self) -> None:
        """See Database.call_others: there are no other workers."""

    def wait_for_call(self, seconds: float) -> bool:
        """See Database.wait_for_call: nobody calls."""
        time.sleep(seconds)
        return False

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
        """The error to raise: StoreBusy if trying again can help, StoreProblem for a damaged file, else the error itself."""
        code = _code(error)
        if code in _DAMAGED:
            return StoreProblem(f"the store at {self.place} is damaged: {error}; {_mend(error)}", store=self.place)
        return StoreBusy(str(error), store=self.place) if code in _PASSING else error


# Errors that pass by themselves or that an admin can end (sqlite.org/rescode.html). Any other error is a defect of ours.
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
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for an error that is not SQLite's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _mend(error: Exception) -> str:
    code = _code(error)
    if code in _DAMAGED:
        return "move it away and restore a backup"
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) == errno.ENOSPC:
        return "make room on its disk"
    if code in _LOCKED:
        return "another program has locked it: end that one"
    return "correct store.url, or the permissions of its folder"


@contextlib.contextmanager
def nobody_runs(path: Path) -> Iterator[None]:
    """Inside, no `ackbot run` can open this store. Raises StoreProblem if one has it open."""
    held = _keep_others_out(path)
    try:
        yield
    finally:
        os.close(held)


def _keep_others_out(path: Path) -> int:
    """Take the flock beside the file. It is held until the descriptor is closed or the process ends, even by a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreProblem(f"another `ackbot run` has the store at {path}", store=str(path)) from None
    return descriptor
