"""ackbot release: what the brake or a restore held goes out."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_named, loaded, store
from ackbot.store import outbox


@click.command("release")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None) -> None:
    """Let mails go that the brake or a restored mailbox held; residents hear of promises that were missed meanwhile."""
    config = loaded(ctx, own_config)
    name = inbox_named(config, inbox)
    now = datetime.now(UTC)
    with store(config, read_only=False) as db:
        freed, waiting = outbox.release(db, name, config.council.calendar.local_day(now), now)
    click.echo(f"released {freed} mails" + (f"; {waiting} more wait for `ackbot resume`" if waiting else ""))
