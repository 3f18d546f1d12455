"""ackbot hold: keeps everything of a case, however old, until it is released."""

import sys
from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, fail, loaded, store, when
from ackbot.cli.printing import say


@click.command("hold")
@config_option
@click.argument("reference", metavar="REF", required=False)
@click.option(
    "--why", default="", metavar="TEXT", help="Such as the number of a request or complaint; `hold` lists it."
)
@click.option("--release", is_flag=True, help="The case may be deleted again when its time comes.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, reference: str | None, why: str, release: bool) -> None:
    """Keep everything of a case until it is released: for a request under FOI, a complaint, a court. Without REF, list them."""
    from ackbot.store import forgetting

    config = loaded(ctx, own_config)
    if not reference:
        with store(config, read_only=True) as db:
            rows = forgetting.held(db)
        for row in rows:
            closed = f"closed {when(row['closed_at'], config)}" if row["closed_at"] else "open"
            say(f"{config.council.reference_of(row['code'])}  {closed}  {row['hold']}")
        if not rows:
            say("no case is on hold")
        return
    codes = config.council.codes_in(reference)
    if not codes:
        fail(f'"{reference}" is no reference; write for example {config.council.reference}-7H4-29P', 2)
    with store(config, read_only=False) as db:
        done = forgetting.hold(db, codes[0], "" if release else why or "on hold", datetime.now(UTC))
    if not done:
        say(f"there is no case {reference}, or it was erased", err=True)
        sys.exit(1)
    say(
        f"{reference} {'may be deleted when its time comes' if release else 'is kept until `ackbot hold --release` says so'}"
    )
