"""ackbot resume: ends a pause."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_named, loaded, store
from ackbot.cli.printing import say
from ackbot.store import outbox


@click.command("resume")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox; by default every pause ends.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None) -> None:
    """End a pause: what waited goes out."""
    config = loaded(ctx, own_config)
    name = inbox_named(config, inbox)
    with store(config, read_only=False) as db:
        freed = outbox.resume(db, name, datetime.now(UTC))
    say(f"resumed {name or 'everything'}; {freed} mails go out")
