"""ackbot demo: shows what ackbot does, with servers and letters of its own."""

import sys
from pathlib import Path

import click

from ackbot import extras
from ackbot.cli.common import fail, writing


@click.command("demo")
@click.option("--out", metavar="DIR", default="ackbot-demo", show_default=True, help="Where mails and the page go.")
@click.option("--days", type=click.IntRange(1, 60), default=15, show_default=True, help="Working days to show.")
@click.option("--quiet", is_flag=True, help="Only the table at the end.")
def command(out: str, days: int, quiet: bool) -> None:
    """Show what ackbot does: real IMAP, real SMTP, letters of every kind, all on this machine."""
    try:
        from ackbot.demo.play import play
    except ImportError as error:
        fail(f"{error.name} is not installed; the demo needs: {extras.command('demo')}", 2)
    mails = Path(out) / "mail"
    # A folder that cannot be written to is told now, and not after half a minute of demo.
    with writing(mails):
        mails.mkdir(parents=True, exist_ok=True)
        (mails / ".try").touch()
        (mails / ".try").unlink()
    sys.exit(play(out, days, quiet=quiet))
