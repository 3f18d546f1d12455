"""From `store.url` to an open store: choose the adapter, and check that this program can read what is there."""

from pathlib import Path

from ackbot import extras
from ackbot.store.database import Database, StoreProblem, unreadable
from ackbot.store.sqlite import SQLite


def open_database(url: str, *, exclusive: bool = False, read_only: bool = False) -> Database:
    """
    Open the store of a URL: `sqlite:////var/lib/ackbot/ackbot.db`, or `postgresql://user@host/ackbot` as libpq reads it.

    Args:
        exclusive: `run` opens it so; on SQLite this keeps a second `run` out (design.md §6).
        read_only: nothing can be written, not even by mistake. The store must exist and have this program's schema.

    Raises:
        StoreMissing: there is no store to read.
        StoreProblem: the store cannot be opened, or its schema is older or newer than this program.
    """
    scheme = url.partition("://")[0]
    database: Database
    if scheme == "postgresql":
        # psycopg is an optional dependency: a council on SQLite need not install it.
        try:
            from ackbot.store.postgres import Postgres
        except ImportError as error:
            raise StoreProblem(
                f"PostgreSQL needs one more package ({error}); run {extras.command('postgres')}"
            ) from error
        database = Postgres(url, read_only=read_only)
    elif scheme == "sqlite":
        database = SQLite(path_of(url), exclusive=exclusive, read_only=read_only)
    else:
        raise StoreProblem(
            f'store.url "{scheme}://…" is not a known kind of store; use sqlite:////path/to/ackbot.db '
            "or postgresql://user@host/ackbot"
        )
    if read_only and (problem := unreadable(database)) is not None:
        database.close()
        raise problem
    return database


def path_of(url: str) -> Path:
    """The file of a `sqlite://` URL: an absolute path after four slashes, a relative one after three."""
    path = url.partition("://")[2]
    return Path("/" + path.lstrip("/") if path.startswith("//") else path.removeprefix("/"))
