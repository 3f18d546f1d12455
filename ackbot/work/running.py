"""
What the daemon runs, from its own record: the admin reads what is at work, not what the file says meanwhile (behaviour.md §5.8).

The record has the configuration itself, so that commands that only look need nothing but the store.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from ackbot import __version__
from ackbot.config import Config, ConfigProblem, load, recalled, written
from ackbot.store import Database, running
from ackbot.store.database import Row, instant_of, text_of
from ackbot.work.people import People

HEARTBEAT_S = 20.0
_SILENT = timedelta(minutes=1)  # a daemon that was not heard of for so long does not run
_NAMED = 3  # reasons that a sentence gives; `ackbot check` lists all of them


@dataclass(frozen=True)
class Running:
    """
    A process of the daemon and the configuration that it works by.

    Args:
        people: who came, left and moved with the last reload.
        modes: by inbox, its mode and since when it has it, aware, UTC.
        digests: SHA-256 by name of all that the council wrote, as in `config.written`.
        heard_at: it lived then; aware, UTC.
        refused: why its last reload was refused; empty if it was not.
    """

    version: str
    path: Path
    since: datetime
    heard_at: datetime
    stopped_at: datetime | None
    refused_at: datetime | None
    refused: tuple[str, ...]
    people: tuple[str, ...]
    modes: dict[str, tuple[str, datetime]]
    digests: dict[str, str]
    contents: dict[Path, bytes]

    @cached_property
    def config(self) -> Config | None:
        """Its configuration, for looking only; None if it was one of another version, which this one does not take."""
        try:
            return recalled(self.path, self.contents)
        except ConfigProblem:
            return None

    @property
    def hash(self) -> str:
        """A short name of all that the council wrote."""
        return sha256(json.dumps(self.digests, sort_keys=True).encode()).hexdigest()[:12]


def record(db: Database, worker: str, config: Config, now: datetime, people: People | None = None) -> None:
    """
    Record that a process works by this configuration from now on.

    Args:
        people: who came, left and moved with it; None at a start.
    """
    before = found(db)
    modes = {}
    for name, inbox in config.council.inboxes.items():
        had, since = before.modes.get(name, ("", now)) if before else ("", now)
        modes[name] = [inbox.mode, text_of(since if had == inbox.mode else now)]
    kept = {
        "path": str(config.path.absolute()),
        "files": {str(file.absolute()): _text(content) for file, content in config.contents.items()},
        "digests": _digests_of(config),
        "modes": modes,
        "people": people.lines() if people else [],
    }
    running.began(db, worker, __version__, json.dumps(kept), now)


def found(db: Database) -> Running | None:
    """The process that was heard of last; None if the daemon never ran on this store."""
    rows = running.processes(db)
    return _running(rows[0]) if rows else None


def _running(row: Row) -> Running:
    kept = json.loads(row["configuration"])
    return Running(
        version=row["version"],
        path=Path(kept["path"]),
        since=instant_of(row["since"]),
        heard_at=instant_of(row["heard_at"]),
        stopped_at=instant_of(row["stopped_at"]) if row["stopped_at"] else None,
        refused_at=instant_of(row["refused_at"]) if row["refused_at"] else None,
        refused=tuple(json.loads(row["refused"])),
        people=tuple(kept["people"]),
        modes={name: (mode, instant_of(since)) for name, (mode, since) in kept["modes"].items()},
        digests=kept["digests"],
        contents={Path(file): text.encode("utf-8", "surrogateescape") for file, text in kept["files"].items()},
    )


def told(ran: Running, path: Path, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """
    What `status` says of a process.

    Args:
        path: the file that the admin has now.

    Returns:
        JSON-able: since when it works by which configuration; and a sentence for each thing that needs the admin.
    """
    silent = abs(now - ran.heard_at) > _SILENT
    about = {
        "state": "stopped" if ran.stopped_at else "silent" if silent else "running",
        "version": ran.version,
        "configuration": str(ran.path),
        "hash": ran.hash,
        "since": text_of(ran.since),
        "heard_at": text_of(ran.heard_at),
        "refused": list(ran.refused),
        "people": list(ran.people),
    }
    wrong = []
    if ran.stopped_at:
        wrong.append("the daemon is stopped; start it: systemctl start ackbot")
    elif silent:
        wrong.append(
            "the daemon was killed or hangs, nothing was heard of it for over a minute; systemctl status ackbot"
        )
    if ran.refused:
        wrong.append(f"the last reload was refused, and what ran before still runs: {_some(ran.refused)}")
    return about, [*wrong, *_differing(ran, path)]


def _differing(ran: Running, path: Path) -> list[str]:
    """A sentence if the files are no longer those that run; none if they are."""
    try:
        now_there = _digests(path)
    except OSError as error:
        return [f"{path} cannot be read ({error.strerror}); what runs is what it was on {ran.since:%d %b %Y %H:%M} UTC"]
    changed = sorted(name for name in {*now_there, *ran.digests} if now_there.get(name) != ran.digests.get(name))
    if not changed:
        return []
    named = ", ".join(changed[:_NAMED]) + (f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else "")
    differs = f"{named}: not what runs since {ran.since:%d %b %Y %H:%M} UTC"
    try:
        load(path, rehearsal=True)
    except ConfigProblem as problem:
        return [f"{differs}, and a reload would be refused: {_some([str(one) for one in problem.findings])}"]
    return [f"{differs}; `ackbot check`, then `systemctl reload ackbot`"]


def _some(reasons: list[str] | tuple[str, ...]) -> str:
    more = len(reasons) - _NAMED
    return " | ".join(reasons[:_NAMED]) + (f" | and {more} more: `ackbot check`" if more > 0 else "")


def _digests(path: Path) -> dict[str, str]:
    return {name: sha256(content).hexdigest() for name, content in written(path).items()}


def _digests_of(config: Config) -> dict[str, str]:
    try:
        digests = _digests(config.path)
    except OSError:  # it is gone since it was read, and so it differs
        digests = {}
    return digests | {name: sha256(content).hexdigest() for name, content in _as_read(config).items()}


def _as_read(config: Config) -> dict[str, bytes]:
    """The file and its includes as they were when they were read: an edit in between must differ."""
    home = config.path.parent.resolve()
    places = {file.resolve(): content for file, content in config.contents.items()}
    return {
        str(file.relative_to(home) if file.is_relative_to(home) else file): content for file, content in places.items()
    }


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
