"""ackbot pause: holds all mail except urgent alarms, while letters are still read."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_in, store_of_file
from ackbot.cli.printing import say
from ackbot.store import outbox


@click.command("pause")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None) -> None:
    """Go on reading, but send nothing except urgent alarms and mail to the admin, until `resume`."""
    with store_of_file(ctx, own_config, read_only=False) as (db, path):
        name = inbox_in(db, path, inbox)
        held = outbox.pause(db, name, datetime.now(UTC))
    say(f"paused {name or 'everything'}; {held} mails wait")
