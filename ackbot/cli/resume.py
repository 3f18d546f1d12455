"""ackbot resume: ends a pause."""

import sys
from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, inbox_in, store_of_file
from ackbot.cli.printing import say
from ackbot.store import inboxes, outbox


@click.command("resume")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox; by default every pause ends.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, inbox: str | None) -> None:
    """End a pause: what waited goes out. Exit 1 if the inbox is still paused, because everything is."""
    with store_of_file(ctx, own_config, read_only=False) as (db, path):
        name = inbox_in(db, path, inbox)
        before = {row["scope"] for row in inboxes.pauses(db)}
        freed = outbox.resume(db, name, datetime.now(UTC))
        after = {row["scope"] for row in inboxes.pauses(db)}
    if name and "" in after:
        own = f"the pause of {name} alone has ended, but " if name in before else ""
        say(f"{own}everything is paused, and so is {name}; to end that: ackbot resume")
        sys.exit(1)
    if not before - after:
        say(f"{name or 'nothing'} was{' not' if name else ''} paused; nothing changes")
        return
    ended = name or ("everything" if "" in before else ", ".join(sorted(before)))
    still = f"; still paused: {', '.join(sorted(after))}" if after else ""
    say(f"resumed {ended}; {freed} mails go out{still}")
