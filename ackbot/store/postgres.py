"""PostgreSQL: any number of workers on any number of hosts, each with a few connections (design.md §6)."""

import contextlib
import itertools
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, overload

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import DictRow, dict_row

from ackbot.store import growth
from ackbot.store.database import BUSY_TIMEOUT_S, Row, StoreBusy, StoreConflict, StoreProblem, climb

CONNECTIONS = 6  # for all threads of a worker; one more listens for calls
_MIGRATING_S = 60  # another worker may take this long to bring the schema up to date
_QUEUE_S = 60  # a thread waits this long for a connection that other threads of this worker have
_TRIES = 5  # retries of a migration that collides with the transactions of others
_CHANNEL = "ackbot"
_WIPED = (
    "letters",
    "outbox",
    "cases",
    "parties",
    "people",
    "words",
    "answers",
    "footers",
)  # where residents' words and names are

# With these settings we notice within seconds that a host died without closing its connections. The URL may override them.
_WIRE: dict[str, Any] = {
    "application_name": "ackbot",
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The server ends the connection of a worker that froze inside a transaction after this time, so that its locks are free again.
_FROZEN_S = 10
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<!:):([a-z]\w*)", re.IGNORECASE)

Connection = psycopg.Connection[DictRow]

logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # its warnings quote the row that the server refused (P11)


class _Rows(Sequence[Row]):
    """
    What a statement of a transaction found, asked of the server when somebody looks.

    A transaction sends its statements without waiting (libpq's pipeline mode), so that twenty writes are one round trip. An
    error of a statement is raised by whoever looks next, or by the end of the transaction.
    """

    def __init__(self, cursor: psycopg.Cursor[DictRow], told: Callable[[psycopg.Error], Exception]) -> None:
        self._cursor = cursor
        self._told = told
        self._found: list[DictRow] | None = None

    def fetch(self) -> list[DictRow]:
        """All rows; none of a statement that gives none."""
        if self._found is None:
            try:
                self._found = self._cursor.fetchall()
            except psycopg.ProgrammingError as error:
                result = self._cursor.pgresult
                if result is None or result.status != ExecStatus.COMMAND_OK:
                    raise self._told(error) from None
                self._found = []
            except psycopg.Error as error:
                raise self._told(error) from None
        return self._found

    @overload
    def __getitem__(self, which: int) -> Row: ...

    @overload
    def __getitem__(self, which: slice) -> Sequence[Row]: ...

    def __getitem__(self, which: int | slice) -> Row | Sequence[Row]:
        return self.fetch()[which]

    def __len__(self) -> int:
        return len(self.fetch())

    def __iter__(self) -> Iterator[Row]:
        return iter(self.fetch())


class Postgres:
    """
    A few connections, each lent for one statement or one transaction: READ COMMITTED, with locks on rows that are decided.

    Trouble that passes by itself is StoreBusy: no connection, a lock that we did not get in time, a full disk. A deadlock is
    StoreConflict.
    """

    shared = True
    skip_locked = "FOR UPDATE SKIP LOCKED"
    clock = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._read_only = read_only
        self._mine = threading.local()  # the connection of this thread's transaction
        self._idle: list[Connection] = []
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._listening: Connection | None = None
        self._transactions = itertools.count(1)
        try:
            given = conninfo_to_dict(url)
            self._settings: dict[str, Any] = {**_WIRE, **given}
            host, port = given.get("host") or "", f":{given['port']}" if given.get("port") else ""
            self.place = f"postgresql://{host}{port}/{given.get('dbname') or ''}"
            self._idle.append(self._connect())
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise StoreProblem(
                f"the store at {url.rpartition('@')[2]} cannot be opened: {reason}; correct store.url, give the password in "
                "~/.pgpass or PGPASSWORD, and make the database with `createdb` once",
                store=url.rpartition("@")[2],
            ) from None

    def _connect(self) -> Connection:
        connection = psycopg.connect(**self._settings, autocommit=True, row_factory=dict_row)
        read_only = "on" if self._read_only else "off"
        connection.execute(
            f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'; SET idle_in_transaction_session_timeout = '{_FROZEN_S}s'; "
            f"SET client_min_messages = 'warning'; SET default_transaction_read_only = {read_only}; "
            "SET random_page_cost = 1.1".encode()  # of a disk without heads; by the default of 4 small tables are read whole
        )
        return connection

    @property
    def lock_rows(self) -> str:
        """See Database.lock_rows."""
        return "FOR NO KEY UPDATE" if self._in_transaction() is not None and not self._read_only else ""

    def _in_transaction(self) -> Connection | None:
        return getattr(self._mine, "connection", None)

    def run(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """See Database.run."""
        connection = self._in_transaction()
        if connection is not None:
            return self._execute(connection, sql, parameters)
        with self._lent() as connection:
            return self._execute(connection, sql, parameters)

    def note(self, sql: str, **parameters: Any) -> Sequence[Row]:
        """See Database.note."""
        if self._in_transaction() is not None:
            return self.run(sql, **parameters)
        with self.transaction():
            self.run("SET LOCAL synchronous_commit = off")
            return self.run(sql, **parameters)

    @contextlib.contextmanager
    def _lent(self) -> Iterator[Connection]:
        """A connection for this thread. With priority it is one more than CONNECTIONS if all are lent."""
        priority = getattr(self._mine, "priority", False)
        if not priority and not self._free.acquire(timeout=_QUEUE_S):
            raise StoreBusy("all connections of this worker are in use", store=self.place)
        try:
            try:
                connection = self._idle.pop() if self._idle else self._connect()
            except psycopg.Error as error:
                raise StoreBusy(f"no connection to {self.place}: {_first_line(error)}", store=self.place) from None
            try:
                yield connection
            finally:
                # A connection in the middle of a transaction would carry that into the next thread's work.
                if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
                    connection.close()
                else:
                    self._idle.append(connection)
        finally:
            if not priority:
                self._free.release()

    def _execute(self, connection: Connection, sql: str, parameters: dict[str, Any]) -> Sequence[Row]:
        try:
            if not parameters:
                cursor = connection.execute(sql.encode(), binary=True)
            else:
                cursor = connection.execute(_rewritten(sql), _cleaned(parameters), binary=True)
            rows = _Rows(cursor, lambda error: self._told(error, connection))
        except psycopg.Error as error:
            raise self._told(error, connection) from None
        return rows.fetch() if self._in_transaction() is None else rows

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """See Database.transaction."""
        if self._in_transaction() is not None:
            yield
            return
        with self._lent() as connection:
            self._mine.connection = connection
            try:
                with connection.pipeline():
                    self._execute(connection, "BEGIN", {})
                    yield
                    self._execute(connection, "COMMIT", {})
            except psycopg.Error as error:  # of a statement that nobody waited for, the COMMIT above all
                raise self._told(error, connection) from None
            finally:
                self._mine.connection = None
                with contextlib.suppress(psycopg.Error):
                    if connection.info.transaction_status != TransactionStatus.IDLE:
                        connection.rollback()
        if next(self._transactions) in growth.LOOKED_AT and not self._read_only:
            self._analyse()

    def _analyse(self) -> None:
        """Make the server look at tables that it has hardly seen; see store/growth. If it cannot, it does so by itself later."""
        with contextlib.suppress(StoreBusy), self._lent() as connection:
            if names := [row["name"] for row in self._execute(connection, growth.UNKNOWN, {})]:
                self._execute(connection, growth.analyse(names), {})

    def lock(self, *groups: Iterable[str]) -> None:
        """See Database.lock. Everybody takes locks in the same order, so that no two workers wait for each other."""
        keys = [key for names in groups for key in sorted({_lock_key(one) for one in names})]
        if keys and self._in_transaction() is not None:
            self.run("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS BIGINT[])) AS key", keys=keys)

    @contextlib.contextmanager
    def priority(self) -> Iterator[None]:
        """See Database.priority: the thread gets one more connection if all are lent."""
        self._mine.priority = True
        try:
            yield
        finally:
            self._mine.priority = False

    def has_table(self, name: str) -> bool:
        """See Database.has_table."""
        return self.run("SELECT to_regclass(:name) IS NOT NULL AS there", name=name)[0]["there"] is True

    def count_on(self, table: str) -> None:
        """See Database.count_on."""
        self.run(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table} HAVING MAX(id) IS NOT NULL"
        )

    def wipe(self) -> bool:
        """See Database.wipe: the server makes the room of old rows free, and overwrites it as it needs it."""
        for table in _WIPED:
            self.run(f"VACUUM {table}")
        return True

    def migrate(self) -> None:
        """See Database.migrate. One worker migrates at a time, while others may go on working with the tables."""
        for _ in range(_TRIES):
            with contextlib.suppress(StoreBusy):
                return self._migrate()
        return self._migrate()

    def _migrate(self) -> None:
        with self.transaction():
            # We wait long for another worker's migration, but only shortly for tables that are in use.
            self.run(f"SET LOCAL lock_timeout = '{_MIGRATING_S}s'")
            self.lock(["migrations"])
            self.run(f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'")
            climb(self, _in_our_words)

    def call_others(self) -> None:
        """See Database.call_others."""
        with contextlib.suppress(StoreBusy, psycopg.Error), self._lent() as connection:
            # A call need not survive a crash, so it does not wait for the disk.
            connection.execute(f"BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {_CHANNEL}; COMMIT".encode())

    def wait_for_call(self, seconds: float) -> bool:
        """See Database.wait_for_call. It has a connection of its own."""
        try:
            if self._listening is None or self._listening.closed:
                self._listening = self._connect()
                self._listening.execute(f"LISTEN {_CHANNEL}")
            return any(True for _ in self._listening.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error as error:
            if self._listening is not None:
                self._listening.close()
            raise StoreBusy(f"no connection to {self.place}: {_first_line(error)}", store=self.place) from None

    def close(self) -> None:
        """See Database.close."""
        while self._idle:
            self._idle.pop().close()
        if self._listening is not None:
            self._listening.close()

    def _told(self, error: psycopg.Error, connection: Connection) -> Exception:
        """
        The error to raise: StoreBusy if trying again can help, StoreProblem for a damaged store, else the error itself.

        Without the row that the server's message may quote (P11).
        """
        words = _first_line(error)
        if isinstance(error, errors.DeadlockDetected | errors.SerializationFailure):
            return StoreConflict(words, store=self.place)
        if isinstance(error, errors.FeatureNotSupported) and "cached plan" in words:
            connection.close()  # another worker changed the schema; a new connection knows the new one
            return StoreConflict(words, store=self.place)
        if isinstance(error, errors.DataCorrupted | errors.IndexCorrupted):
            return StoreProblem(f"the store at {self.place} is damaged: {words}; restore a backup", store=self.place)
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | _ENDED):
            return StoreBusy(words, store=self.place)
        return type(error)(words)


_ENDED = errors.IdleInTransactionSessionTimeout | errors.ReadOnlySqlTransaction


def _lock_key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _first_line(error: Exception) -> str:
    """What went wrong, without the DETAIL line, which may quote a resident's words (P11)."""
    return next(iter(str(error).splitlines()), type(error).__name__)


@lru_cache(maxsize=1024)
def _rewritten(sql: str) -> bytes:
    """The statement with `:name` written as psycopg has it, and `%` doubled. A `:name` in quotes is left as it is."""
    doubled = sql.replace("%", "%%")
    return _PARAMETER.sub(lambda match: f"%({match[1]})s" if match[1] else match[0], doubled).encode()


def _cleaned(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters without NUL in text: PostgreSQL refuses it, and no person writes it."""
    if any(type(value) is str and "\0" in value for value in parameters.values()):
        return {
            name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if type(value) is str else value
            for name, value in parameters.items()
        }
    return parameters


def _in_our_words(statement: str) -> str:
    """A statement of the schema for PostgreSQL. Text sorts by its bytes in every locale, because instants are compared as text."""
    made = statement.format(id="BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", bytes="BYTEA")
    return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', made)
