"""ackbot pause: holds all mail except urgent alarms, while letters are still read."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_named, loaded, store
from ackbot.cli.printing import say
from ackbot.store import outbox


@click.command("pause")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None) -> None:
    """Go on reading, but send nothing except urgent alarms, until `resume`."""
    config = loaded(ctx, own_config)
    name = inbox_named(config, inbox)
    with store(config, read_only=False) as db:
        held = outbox.pause(db, name, datetime.now(UTC))
    say(f"paused {name or 'everything'}; {held} mails wait")
