"""
Back up, restore, and tell the admin of a restore. A backup is one file with the store of one instant, the secret and the
configuration. After a restore the mails of the backup wait for `release`.
"""

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

_CONFIG = "config/"  # the prefix of configuration files; the rest is the path below the configuration's folder


@dataclass(frozen=True)
class Kept:
    """
    The result of a backup or a restore.

    Args:
        of: the instant whose state the backup has, aware, UTC.
        without: why the secret is not in a backup; "" if it is.
        held: after a restore, how many mails of the backup wait for `release`.
        aside: after a restore, where the previous store lies; None if there was none.
    """

    of: datetime
    cases: int
    letters: int
    held: int = 0
    without: str = ""
    aside: Path | None = None


def back_up(config: Config, target: Path, now: datetime) -> Kept:
    """
    Write a backup, also while a daemon runs. The file appears whole or not at all. A secret that cannot be read is left out.

    Raises:
        StoreProblem: there is no store, it is not SQLite, or `target` exists and is not a backup.
        StoreBusy, OSError: the backup cannot be written.
    """
    must_be_sqlite(config.store_url)
    if target.exists() and not papers_of(target):
        raise StoreProblem(f"{target} is not a backup made by ackbot, so it is not overwritten; name another file")
    with _part_of(target) as part:
        with closing(open_database(config.store_url, read_only=True)) as db:
            backups.snapshot(db, part)
        secret, without = _secret(config)
        with closing(SQLite(part)) as db:
            backups.enclose(db, {**_papers(config, now), **secret})
        with closing(SQLite(part, read_only=True)) as db:
            backups.examine(db)
            counts = backups.counts(db)
        _durable(part)
        crash_point("backup.written")
        part.replace(target)
        _durable(target.parent)
    return Kept(now, counts["cases"], counts["letters"], without=without)


def _secret(config: Config) -> tuple[dict[str, bytes], str]:
    place = readable(config.secret_file)
    try:
        return {"secret": place.read_bytes()}, ""
    except OSError as error:
        return {}, f"{place} cannot be read: {error.strerror}"


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """
    A new empty file beside `target`, which is deleted afterwards unless it was renamed.

    No other backup uses its name. So of two backups that write to the same target at the same time, neither deletes the
    other's file, nor puts it in place half written.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.part-", dir=target.parent)
    part = Path(name)
    try:
        # The lock tells `_clear_away` of another backup that this file is still being written.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _clear_away(target)
        yield part
    finally:
        os.close(descriptor)
        _discard(part)


def _clear_away(target: Path) -> None:
    """Delete the files that killed backups left beside `target`. A backup that still writes has locked its file, which stays."""
    for left in target.parent.glob(f"{glob.escape(target.name)}.part*"):
        if left.name.endswith(("-wal", "-shm")):
            continue  # `_discard` deletes these together with their store
        # A file of another user, or one that was just finished, must not stop this backup.
        with suppress(OSError), left.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _discard(left)


def _papers(config: Config, now: datetime) -> dict[str, bytes]:
    folder = config.path.parent.resolve()
    papers = {
        "of": text_of(now).encode(),
        "version": __version__.encode(),
        "configuration": config.path.name.encode(),
    }
    for file in (*config.files, *(one for one in (folder / "templates").rglob("*") if one.is_file())):
        place = file.resolve()
        name = place.relative_to(folder) if place.is_relative_to(folder) else place
        papers[f"{_CONFIG}{config.path.name if place == config.path.resolve() else name}"] = _now(file, config)
    return papers


def _now(file: Path, config: Config) -> bytes:
    """A file as it is now; one that is gone, as it was when the daemon read it."""
    if not file.exists() and file in config.contents:
        return config.contents[file]
    return file.read_bytes()


def papers_of(backup: Path) -> dict[str, bytes]:
    """The files that lie in a backup besides the store, by name; none if the file is not a backup."""
    try:
        with closing(SQLite(backup, read_only=True)) as db:
            return backups.enclosed(db)
    except StoreProblem:
        return {}


def put_back(config: Config, backup: Path, now: datetime, *, replace: bool) -> Kept:
    """
    Make a backup the store, and its secret the secret. After a crash at any point, the old store or the new one is there, whole.

    Args:
        replace: an existing store may be moved aside.

    Raises:
        StoreProblem: `backup` is not a backup, `ackbot run` uses the store, or there is a store and `replace` is False.
        StoreBusy, OSError: something cannot be written, or another program reads the store.
    """
    must_be_sqlite(
        config.store_url,
        "pg_restore --clean --dbname=URL ackbot.dump",
        "put the secret back, and say `ackbot restore --mark`",
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
            # Before the store: with the old store the added lines do no harm, and the new one cannot do without them.
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
    """Copy the backup to `fresh`, examine it, make it a store again, and mark it as restored. Returns its secret too."""
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
    return Kept(of, counts["cases"], counts["letters"], held), papers.get("secret", b"")


def _write_secret(path: Path, secret: bytes) -> None:
    """Put the backup's lines first, which sign from now on. The other lines stay, to verify what they have signed."""
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
    Give the existing store a second name. It keeps its own as well, until the new store takes that one in a single step.

    Raises:
        StoreBusy, StoreLocked: another program reads the store.
    """
    aside = _free_name(store, now)
    try:
        with closing(SQLite(store)) as db:
            backups.single_file(db)
    except StoreLocked:  # the store is sound, and another program still needs its `-wal`
        raise
    except StoreProblem:  # the store is damaged, which may be the reason for the restore
        for one, other in zip(_beside(store), _beside(aside), strict=True):
            if one.exists():
                one.rename(other)
    os.link(store, aside)
    _durable(store.parent)
    return aside


def _free_name(store: Path, now: datetime) -> Path:
    """
    A free name for the old store: the time in UTC to the second, and a number if that name is taken.

    Beside it there is no `-wal` or `-shm` either, because SQLite would take one of another store for part of this one. The
    caller holds the lock of `nobody_runs`, so no other restore takes the name.
    """
    first = f"{store.name}.before-{now:%Y%m%dT%H%M%SZ}"
    names = (store.with_name(first if number == 1 else f"{first}-{number}") for number in count(1))
    return next(name for name in names if not any(os.path.lexists(one) for one in (name, *_beside(name))))


def mark(config: Config, now: datetime) -> Kept:
    """
    Mark a store that was restored by other means, such as pg_restore or a snapshot of the disk. Its last event dates it.

    Raises:
        StoreProblem: the store is empty, or `ackbot run` uses it.
        StoreBusy: the store cannot be written now.
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
    Write the configuration of a backup to `path` and its other files beside it, as a new machine needs them.

    Existing files are not overwritten. Files from outside the configuration's folder are left out.

    Returns:
        The files that were written.
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
    """Tell the admin once of each restore: what waits, and why. Returns how many mails were put into the outbox to go out."""
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


def must_be_sqlite(
    url: str,
    tool: str = "pg_dump --format=custom --file=ackbot.dump URL",
    then: str = "keep it with the secret file",
) -> None:
    """Raise StoreProblem if the store of this URL is a server's: `tool` makes its backups, and `then` is to be done."""
    if not url.startswith("sqlite:"):
        raise StoreProblem(f"the store is a server's, which has a tool of its own: {tool}; {then}")


def _beside(store: Path) -> tuple[Path, Path]:
    return Path(f"{store}-wal"), Path(f"{store}-shm")


def _discard(store: Path) -> None:
    """Delete a store with its `-wal` and `-shm`, which SQLite would otherwise apply to the next store of this name."""
    for one in (store, *_beside(store)):
        one.unlink(missing_ok=True)


def _owned_as(like: Path, *paths: Path) -> None:
    """If root restores, give the files to the owner of `like`, because the service's user must be able to write them."""
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
