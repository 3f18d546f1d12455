"""ackbot quarantine: lists, shows and retries mails that could not be read."""

import sys
from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, fail, looking, when
from ackbot.cli.printing import say
from ackbot.store import arrivals


@click.group("quarantine")
def command() -> None:
    """Mails that could not be read and are kept as they came."""


@command.command("list")
@config_option
@click.pass_context
def list_all(ctx: click.Context, own_config: str | None) -> None:
    """List the mails, when they came, why they are there, and when they are tried again."""
    with looking(ctx, own_config) as (db, config):
        rows = arrivals.quarantined(db)
    for row in rows:
        again = when(row["retry_at"], config) or "when you say so"
        say(
            f"{row['id']}  {when(row['arrived_at'], config)}  {row['inbox']} uid {row['uid']}  {row['size']} "
            f"octets  {row['error']}; tried {row['attempts']} times, again {again}"
        )
    if not rows:
        say("nothing is in quarantine")


@command.command("show")
@config_option
@click.argument("letter", type=int)
@click.pass_context
def show(ctx: click.Context, own_config: str | None, letter: int) -> None:
    """Write the raw mail to standard output."""
    with looking(ctx, own_config) as (db, _):
        raw = arrivals.raw_of(db, letter)
    if raw is None:
        fail(f"no mail {letter} is in quarantine", 1)
    sys.stdout.buffer.write(raw)


@command.command("retry")
@config_option
@click.argument("letter", type=int, required=False)
@click.pass_context
def retry(ctx: click.Context, own_config: str | None, letter: int | None) -> None:
    """Try one, or all, again now; the running daemon does it."""
    with looking(ctx, own_config, read_only=False) as (db, _):
        count = arrivals.retry_now(db, datetime.now(UTC), letter)
    if letter is not None and count == 0:
        fail(f"no mail {letter} is in quarantine", 1)
    say(f"{count} to be tried again")
