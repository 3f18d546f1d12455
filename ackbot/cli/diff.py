"""ackbot diff: says what a changed configuration touches, before it is used."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ackbot.cli.common import fail, told
from ackbot.cli.printing import say
from ackbot.config import Config, ConfigProblem, load
from ackbot.store import StoreMissing, open_database
from ackbot.work import differing

_SHOWN = 20  # lines of each part


@click.command("diff")
@click.option(
    "--days",
    default=31,
    show_default=True,
    type=click.IntRange(0, 3_650),
    help="How many days of mail to decide again.",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
def command(days: int, old: str, new: str) -> None:
    """Compare two configurations on the store of the first. Writes nothing; exits with 1 if anything differs."""
    before, after = _loaded(old), _loaded(new)
    now = datetime.now(UTC)
    with told():
        try:
            db = open_database(before.store_url, read_only=True)
        except StoreMissing:
            db = None
            say("there is no store yet, so the files alone are compared")
        try:
            found = differing.difference(before, after, db, now - timedelta(days=days), now)
        finally:
            if db is not None:
                db.close()
    for title, lines in (
        ("the files", found.settings),
        ("open cases that lose somebody or something", found.cases),
        ("dates that nobody was told yet", found.dates),
        (f"of {found.looked_at} letters of the last {days} days, as if nobody had a case yet", found.letters),
    ):
        say(f"{title}: {len(lines) or 'no difference'}")
        for line in lines[:_SHOWN]:
            say(f"  {line}")
        if len(lines) > _SHOWN:
            say(f"  and {len(lines) - _SHOWN} more")
    if found.gone:
        say(f"{found.gone} letters could not be decided again, because their text is gone")
    if found.settings or found.cases or found.dates or found.letters:
        sys.exit(1)


def _loaded(name: str) -> Config:
    path = Path(name)
    try:
        return load(path, rehearsal=True)
    except ConfigProblem as problem:
        for finding in problem.findings:
            say(str(finding), err=True)
        fail(f"{path} has mistakes", 2)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", 2)
