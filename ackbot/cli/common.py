"""What several commands need: the configuration, the store, and the exit codes 0, 1 and 2 (design.md §8)."""

import contextlib
import difflib
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import click

from ackbot.cli.printing import say
from ackbot.config import Config, ConfigProblem, inboxes_in, load, store_of
from ackbot.errors import AckbotError
from ackbot.store import Database, open_database

PLACES = (Path("ackbot.toml"), Path("/etc/ackbot/ackbot.toml"))

config_option: Callable[[Any], Any] = click.option(
    "-c",
    "--config",
    "own_config",
    metavar="FILE",
    help="Configuration; default ./ackbot.toml, then /etc/ackbot/ackbot.toml.",
)


def config_path(ctx: click.Context, own: str | None) -> Path | None:
    """The file that -c names before or after the command, otherwise the first of PLACES that exists; None if none does."""
    named = own or ctx.obj
    if named:
        return Path(named)
    return next((place for place in PLACES if place.exists()), None)


def loaded(ctx: click.Context, own: str | None, *, rehearsal: bool = False) -> Config:
    """
    Load the configuration. If it has mistakes, the command exits with 1; if there is no file, with 2.

    Args:
        rehearsal: the command neither sends nor stores anything, so secrets and passwords need not exist.
    """
    path = config_path(ctx, own)
    if path is None:
        places = " and ".join(map(str, PLACES))
        fail(f"there is no configuration; `ackbot init` writes one, or name it with -c (looked for {places})", 2)
    try:
        return load(path, rehearsal=rehearsal)
    except ConfigProblem as problem:
        for finding in problem.findings:
            say(str(finding), err=True)
        fail(
            f"{len(problem.findings)} mistake{'s' if len(problem.findings) > 1 else ''} in the configuration; "
            "`ackbot check` lists them with all warnings",
            1,
        )
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", 2)


@contextlib.contextmanager
def looking(ctx: click.Context, own: str | None, *, read_only: bool = True) -> Iterator[tuple[Database, Config]]:
    """
    The store, and the configuration by which the daemon works, from its own record (behaviour.md §5.8).

    The file need only say where the store is: it may have mistakes, and neither the secret nor a password is read. If the daemon
    never ran, the configuration is that of the file.
    """
    with store_of_file(ctx, own, read_only=read_only) as (db, path):
        from ackbot.work import running

        ran = running.found(db)
        config = (ran and ran.config) or loaded(ctx, str(path), rehearsal=True)
        yield db, replace(config, store_url=store_of(path))


@contextlib.contextmanager
def store_of_file(ctx: click.Context, own: str | None, *, read_only: bool) -> Iterator[tuple[Database, Path]]:
    """The store that the file names, whatever mistakes the file has, and the path of the file."""
    url, path = store_named(ctx, own)
    with opened(url, read_only=read_only) as db:
        yield db, path


def store_named(ctx: click.Context, own: str | None) -> tuple[str, Path]:
    """The URL of the store that the file names, whatever mistakes the file has, and the path of the file."""
    path = config_path(ctx, own)
    if path is None:
        places = " and ".join(map(str, PLACES))
        fail(f"there is no configuration; `ackbot init` writes one, or name it with -c (looked for {places})", 2)
    try:
        return store_of(path), path
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", 2)


def inbox_in(db: Database, path: Path, name: str | None) -> str:
    """
    The inbox that `--inbox` names, by the daemon's own record, the store or the file; "" for all.

    No mistake in the file keeps anybody from a pause: of the file only names of inboxes are asked for, and only if there are any.
    """
    from ackbot.store import cases, inboxes
    from ackbot.work import running

    ran = running.found(db)
    known = [
        *(ran.modes if ran else ()),
        *(row["inbox"] for row in inboxes.states(db)),
        *(row["scope"] for row in inboxes.pauses(db) if row["scope"]),
        *cases.inboxes(db),
        *inboxes_in(path),
    ]
    return one_of(list(dict.fromkeys(known)), name, "inbox")


def fail(sentence: str, code: int) -> NoReturn:
    """Print a sentence to stderr, and exit with `code`."""
    say(f"ackbot: {sentence}", err=True)
    sys.exit(code)


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Inside, an OSError ends the command with exit code 1 and a sentence about the file that cannot be written."""
    try:
        yield
    except OSError as error:
        fail(f"{error.filename or target} cannot be written: {error.strerror}", 1)


@contextlib.contextmanager
def store(config: Config, *, read_only: bool) -> Iterator[Database]:
    """Open the store; this works while the daemon runs. If there is trouble with the store, the command exits with 1."""
    with opened(config.store_url, read_only=read_only) as db:
        yield db


@contextlib.contextmanager
def opened(url: str, *, read_only: bool) -> Iterator[Database]:
    """Open the store of a URL, as `store` does."""
    with told():
        db = open_database(url, read_only=read_only)
        try:
            if not read_only:
                db.migrate()
            yield db
        finally:
            db.close()


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Inside, an error of our own (AckbotError) ends the command with exit code 1 and its sentence."""
    try:
        yield
    except AckbotError as error:
        fail(error.told, 1)


def inbox_named(config: Config, name: str | None) -> str:
    """The inbox that `--inbox` names; "" for all. With an unknown one, the command exits with 2."""
    return one_of(config.council.inboxes, name, "inbox")


def one_of(known: Collection[str], name: str | None, what: str) -> str:
    """The name that an option gives; "" for none. With an unknown one, the command exits with 2 and says the nearest."""
    if name and name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        mend = f'did you mean "{near[0]}"?' if near else f"choose from: {', '.join(known)}"
        fail(f'there is no {what} "{name}"; {mend}', 2)
    return name or ""


def day_named(text: str, option: str) -> date:
    """The date that an option names. If it is none, the command exits with 2."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f'{option} "{text}" is not a date; write for example 2026-10-01', 2)


def cited(rule: str) -> str:
    """The standards that a rule rests on, in brackets; "" for none. Papers that do not come with ackbot tell an admin nothing."""
    known = ", ".join(one for one in rule.split(", ") if ".md" not in one)
    return f" [{known}]" if known else ""


def when(text: str | None, config: Config) -> str:
    """An instant in the store's text form, shown in the council's local time; "" for none."""
    from ackbot.store.database import instant_of

    if not text:
        return ""
    return instant_of(text).astimezone(config.council.calendar.timezone).strftime("%a %d %b %Y %H:%M:%S")
