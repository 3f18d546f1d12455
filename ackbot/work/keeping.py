"""A backup is one file: the store as of one instant, the secret, the configuration; putting it back is told and held."""

import dataclasses
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from ackbot import __version__
from ackbot.casework import keys
from ackbot.casework.drafts import to_admin
from ackbot.casework.office import Office
from ackbot.config import Config
from ackbot.crashpoints import crash_point
from ackbot.store import Database, StoreLocked, StoreProblem, backups, open_database
from ackbot.store.database import instant_of, text_of
from ackbot.store.opening import path_of
from ackbot.store.sqlite import SQLite, nobody_runs
from ackbot.wires.secrets import readable
from ackbot.work.apply import apply

_CONFIG = "config/"  # before the names of configuration files; the rest is the path from the configuration's folder


@dataclass(frozen=True)
class Kept:
    """
    What was backed up, or put back.

    Args:
        of: the instant that it is of.
        held: put back: mails of the backup that wait for `release`.
        aside: put back: where the store lies that was there before; None when there was none.
    """

    of: datetime
    cases: int
    letters: int
    held: int = 0
    aside: Path | None = None


def back_up(config: Config, target: Path, now: datetime) -> Kept:
    """
    Write a backup, beside a daemon that may be running; the file appears whole or not at all.

    Raises:
        StoreProblem: there is nothing to back up, the store is of a kind that has its own tool, or `target` is no backup.
        StoreBusy, OSError: it cannot be written.
    """
    _must_be_sqlite(config, "pg_dump --format=custom --file=ackbot.dump URL", "keep it with the secret file")
    if target.exists() and not papers_of(target):
        raise StoreProblem(f"{target} is not a backup made by ackbot, so it is not overwritten; name another file")
    with _part_of(target) as part:
        with closing(open_database(config.store_url, read_only=True)) as db:
            backups.snapshot(db, part)
        with closing(SQLite(part)) as db:
            backups.enclose(db, _papers(config, now))
        with closing(SQLite(part, read_only=True)) as db:
            backups.examine(db)
            counts = backups.counts(db)
        _durable(part)
        crash_point("backup.written")
        part.replace(target)
        _durable(target.parent)
    return Kept(now, counts["cases"], counts["letters"])


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """
    A new empty file beside `target`, gone afterwards unless it was renamed. Its name is its own: another backup to the same
    target, a moment ago or now, neither loses its file to us nor puts ours in place half written.

    Raises:
        OSError: it cannot be made.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.part-", dir=target.parent)
    part = Path(name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # whoever clears away sees by it that somebody is still writing
        _clear_away(target)
        yield part
    finally:
        os.close(descriptor)
        _discard(part)


def _clear_away(target: Path) -> None:
    """What killed attempts left beside `target`; the file of one that still writes is locked, and stays."""
    for left in target.parent.glob(f"{glob.escape(target.name)}.part*"):
        if left.name.endswith(("-wal", "-shm")):
            continue  # goes with the file that it stands beside
        # A file of another user, or one that its writer has just finished, is no reason to make no backup.
        with suppress(OSError), left.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _discard(left)


def _papers(config: Config, now: datetime) -> dict[str, bytes]:
    folder = config.path.parent.resolve()
    papers = {
        "of": text_of(now).encode(),
        "version": __version__.encode(),
        "configuration": config.path.name.encode(),
        "secret": readable(config.secret_file).read_bytes(),
    }
    for file in (*config.files, *(one for one in (folder / "templates").rglob("*") if one.is_file())):
        place = file.resolve()
        name = place.relative_to(folder) if place.is_relative_to(folder) else place
        papers[f"{_CONFIG}{config.path.name if place == config.path.resolve() else name}"] = file.read_bytes()
    return papers


def papers_of(backup: Path) -> dict[str, bytes]:
    """What lies in a backup besides the store, by name; nothing when it is none."""
    try:
        with closing(SQLite(backup, read_only=True)) as db:
            return backups.enclosed(db)
    except StoreProblem:
        return {}


def put_back(config: Config, backup: Path, now: datetime, *, replace: bool) -> Kept:
    """
    A backup becomes the store, and its secret the secret. A crash at any point leaves the old store or the new one, whole.

    Args:
        replace: a store that is there may be moved aside.

    Raises:
        StoreProblem: `backup` is none, `ackbot run` has the store, or a store is there and `replace` is not said.
        StoreBusy, OSError: something cannot be written, or another program reads the store.
    """
    _must_be_sqlite(
        config, "pg_restore --clean --dbname=URL ackbot.dump", "put the secret back, and say `ackbot restore --mark`"
    )
    if not papers_of(backup):
        raise StoreProblem(f"{backup} is not a backup made by ackbot, or cannot be read")
    store = path_of(config.store_url)
    with nobody_runs(store):
        there = store.exists() and store.stat().st_size > 0
        if there and not replace:
            raise StoreProblem(f"there is a store at {store}; with --replace it is moved aside for the backup")
        fresh = store.with_name(f"{store.name}.restoring")
        try:
            kept, secret = _prepared(backup, fresh, now)
            crash_point("restore.prepared")
            _write_secret(config.secret_file, secret)
            crash_point("restore.secret")
            aside = _moved_aside(store, now) if there else None
            crash_point("restore.aside")
            _owned_as(store if there else store.parent, fresh, Path(f"{store}.lock"))
            fresh.replace(store)
            _durable(store.parent)
        finally:
            _discard(fresh)
    return dataclasses.replace(kept, aside=aside)


def _prepared(backup: Path, fresh: Path, now: datetime) -> tuple[Kept, bytes]:
    """A copy of the backup, examined, made a store again, and marked."""
    _discard(fresh)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    shutil.copyfile(backup, fresh)
    try:
        with closing(SQLite(fresh)) as db:
            backups.examine(db)
            papers = backups.enclosed(db)
            of = instant_of(papers["of"].decode())
            with db.transaction():
                backups.take_out(db)
                db.migrate()
                held = backups.put_back(db, of, now)
            counts = backups.counts(db)
            backups.single_file(db)
    except StoreProblem as problem:
        raise StoreProblem(f"{backup} cannot be put back: {problem}") from problem
    _durable(fresh)
    return Kept(of, counts["cases"], counts["letters"], held), papers["secret"]


def _write_secret(path: Path, secret: bytes) -> None:
    """The backup's lines sign; lines that were added since still verify what they signed."""
    there = _lines(path.read_bytes()) if path.exists() else []
    lines = _lines(secret)
    if set(lines) <= set(there):
        return
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(b"".join(line + b"\n" for line in dict.fromkeys([*lines, *there])))
    _owned_as(path if there else path.parent, part)
    _durable(part)
    part.replace(path)
    _durable(path.parent)


def _lines(secret: bytes) -> list[bytes]:
    return [line.strip() for line in secret.splitlines() if line.strip()]


def _moved_aside(store: Path, now: datetime) -> Path:
    """
    Another name for the store that is there; its own stays until the new one takes it in one step.

    Raises:
        StoreBusy, StoreLocked: another program reads it.
    """
    aside = _free_name(store, now)
    try:
        with closing(SQLite(store)) as db:
            backups.single_file(db)
    except StoreLocked:  # it is sound, and its `-wal` is another program's
        raise
    except StoreProblem:  # it is damaged, which may be why a backup is put back
        for one, other in zip(_beside(store), _beside(aside), strict=True):
            if one.exists():
                one.rename(other)
    os.link(store, aside)
    _durable(store.parent)
    return aside


def _free_name(store: Path, now: datetime) -> Path:
    """
    A name for the old store, by the second, and by a number where that second has one. Nothing stands under it, nor beside
    it: SQLite would take a `-wal` of another store for part of this one. The lock of `nobody_runs` keeps it free.
    """
    first = f"{store.name}.before-{now:%Y%m%dT%H%M%SZ}"
    names = (store.with_name(first if number == 1 else f"{first}-{number}") for number in count(1))
    return next(name for name in names if not any(os.path.lexists(one) for one in (name, *_beside(name))))


def mark(config: Config, now: datetime) -> Kept:
    """
    The store was put back by other means, such as pg_restore or a snapshot of the disk: its last event tells of when it is.

    Raises:
        StoreProblem: there is nothing in it, or `ackbot run` has it.
        StoreBusy: it cannot be written now.
    """
    with closing(open_database(config.store_url, exclusive=True)) as db:
        db.migrate()
        of = backups.last_known(db)
        if of is None:
            raise StoreProblem("nothing has ever happened in this store; is it the right one?")
        held = backups.put_back(db, of, now)
        counts = backups.counts(db)
        return Kept(of, counts["cases"], counts["letters"], held)


def write_configuration(backup: Path, path: Path) -> list[Path]:
    """
    On a fresh machine: the configuration of a backup, as `path`, with all that lay beside it. What was written.

    Files that are there are left as they are; those that lay outside the configuration's folder are left out.
    """
    folder, written = path.parent.resolve(), []
    papers = papers_of(backup)
    main = papers.get("configuration", b"").decode()
    for name, content in papers.items():
        if not name.startswith(_CONFIG):
            continue
        inner = name.removeprefix(_CONFIG)
        place = (folder / (path.name if inner == main else inner)).resolve()
        if place.is_relative_to(folder) and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            written.append(place)
    return written


def tell_admin(db: Database, office: Office, now: datetime) -> int:
    """Once for each backup that is put back: what waits, and why. How many mails were put into the outbox to go out."""
    found = backups.awaits_release(db)
    if found is None:
        return 0
    desk = office.desk(now)
    of = found.of.astimezone(office.council.calendar.timezone)
    held = backups.waiting(db)
    key, values = keys.restored(text_of(found.at)), {"of": of, "held": held}
    send = to_admin.about(desk, "restored", key, values, why="a backup was put back")
    with db.transaction():
        return apply(db, [send], desk)


def _must_be_sqlite(config: Config, tool: str, then: str) -> None:
    if not config.store_url.startswith("sqlite:"):
        raise StoreProblem(f"the store is a server's, which has a tool of its own: {tool}; {then}")


def _beside(store: Path) -> tuple[Path, Path]:
    return Path(f"{store}-wal"), Path(f"{store}-shm")


def _discard(store: Path) -> None:
    """Also what a killed attempt left beside it, which SQLite would take for the newest of the next one."""
    for one in (store, *_beside(store)):
        one.unlink(missing_ok=True)


def _owned_as(like: Path, *paths: Path) -> None:
    """Root puts back what the service's user must be able to write."""
    if os.geteuid() == 0:
        there = like.stat()
        for path in paths:
            os.chown(path, there.st_uid, there.st_gid)


def _durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
