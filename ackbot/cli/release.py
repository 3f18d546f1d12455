"""ackbot release: sends what the brake or a restore held."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_named, looking
from ackbot.cli.printing import say
from ackbot.store import outbox


@click.command("release")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.option("--sent", is_flag=True, help="What a restore held was sent before: do not send it again.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None, sent: bool) -> None:
    """
    Send the mails that the brake or a restore held. Residents hear of promises that were missed meanwhile.

    If the inbox has a sent_folder, the daemon looks there first, and does not send again what is in it.
    """
    now = datetime.now(UTC)
    with looking(ctx, own_config, read_only=False) as (db, config):
        name = inbox_named(config, inbox)
        look = [one.name for one in config.watched if one.sent_folder]
        today = config.council.calendar.local_day(now)
        freed, waiting = outbox.release(db, name, today, now, sent=sent, look=look)
    say(f"released {freed} mails" + (f"; {waiting} more wait for `ackbot resume`" if waiting else ""))
