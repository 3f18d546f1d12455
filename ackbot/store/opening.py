"""From `store.url` to the store: which adapter, and whether this program can read what is there."""

from pathlib import Path

from ackbot.store.database import Database, StoreProblem, unreadable
from ackbot.store.sqlite import SQLite


def open_database(url: str, *, exclusive: bool = False, read_only: bool = False) -> Database:
    """
    The store of a URL: `sqlite:////var/lib/ackbot/ackbot.db` or `postgresql://user@host/ackbot`, as libpq reads it.

    Args:
        exclusive: as `run` opens it; on SQLite a second one is kept out (design.md §6).
        read_only: nothing can be written, not even by mistake; the store must exist, as this program's schema has it.

    Raises:
        StoreMissing: there is none to read.
        StoreProblem: it cannot be opened.
    """
    scheme = url.partition("://")[0]
    database: Database
    if scheme == "postgresql":
        try:
            from ackbot.store.postgres import Postgres
        except ImportError as error:
            raise StoreProblem(
                f"PostgreSQL needs one more package; run pip install 'ackbot[postgres]' ({error})"
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
    """The file of a `sqlite://` URL: four slashes begin an absolute path, three a relative one."""
    path = url.partition("://")[2]
    return Path("/" + path.lstrip("/") if path.startswith("//") else path.removeprefix("/"))
