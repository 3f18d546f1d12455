"""ackbot backup: writes the store, the secret and the configuration, as they are at one instant, into one file."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ackbot.cli.common import config_option, fail, looking, store_named, told, writing
from ackbot.cli.printing import say


@click.command("backup")
@config_option
@click.argument("file", metavar="FILE")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, file: str) -> None:
    """
    Write the store, the secret and the configuration into FILE, while the daemon runs; an earlier backup there is replaced.

    Passwords are not in it. It holds the secret and residents' letters: only its owner may read it.
    """
    from ackbot.work import keeping

    with told():
        keeping.must_be_sqlite(store_named(ctx, own_config)[0])
    with looking(ctx, own_config) as (_, config):
        pass
    target = Path(file)
    with told(), writing(target):
        kept = keeping.back_up(config, target, datetime.now(UTC))
    say(
        f"{target}: {kept.cases} cases, {kept.letters} letters, as of {kept.of:%Y-%m-%d %H:%M:%S} UTC; examined and whole"
    )
    if kept.without:
        fail(
            f"the secret is not in it ({kept.without}): run this as root, or keep that file yourself; "
            "without it no reply to an earlier mail is known",
            1,
        )
