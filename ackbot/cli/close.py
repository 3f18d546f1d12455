"""ackbot close: closes old cases that were answered elsewhere."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, day_named, inbox_named, loaded, store
from ackbot.cli.printing import say
from ackbot.work import answered_elsewhere


@click.command("close")
@config_option
@click.option("--before", required=True, metavar="DATE", help="Cases whose last letter came before this day.")
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.option("--dry-run", is_flag=True, help="Only say what would be closed.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, before: str, inbox: str | None, dry_run: bool) -> None:
    """Close cases that were answered elsewhere, before an inbox leaves shadow mode. Nobody gets a mail."""
    config = loaded(ctx, own_config)
    name, day = inbox_named(config, inbox), day_named(before, "--before")
    with store(config, read_only=dry_run) as db:
        found = answered_elsewhere.close(db, config.office, day, name, datetime.now(UTC), dry_run=dry_run)
    for owner, count in sorted(found.by_owner.items()):
        say(f"{owner or 'nobody'}: {count}")
    say(f"{'would close' if dry_run else 'closed'} {found.by_owner.total()} cases")
    if found.told:
        shown = ", ".join(config.council.reference_of(code) for code in found.told[:10])
        say(f"{len(found.told)} of their residents were told a date, and hear nothing from ackbot: {shown}")
    if found.alarms:
        shown = ", ".join(config.council.reference_of(code) for code in found.alarms)
        say(f"left open, because nobody has taken their urgent alarms: {shown}")
