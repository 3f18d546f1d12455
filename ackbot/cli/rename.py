"""ackbot rename: tells the store that an inbox or a member of staff has another name in the configuration."""

from typing import cast

import click

from ackbot.cli.common import config_option, fail, loaded, told
from ackbot.cli.printing import say
from ackbot.store import open_database, renaming


@click.command("rename")
@config_option
@click.argument("what", type=click.Choice(["inbox", "staff"]))
@click.argument("old")
@click.argument("new")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, what: str, old: str, new: str) -> None:
    """
    Give an inbox or a member of staff (by id) the name that the configuration has for them now.

    Stop the daemon, change the name in the file, run this, start the daemon.
    """
    config = loaded(ctx, own_config)
    known = config.council.inboxes if what == "inbox" else config.council.staff
    if new not in known:
        fail(f'the configuration has no {what} "{new}"; change the name there first', 2)
    if old in known:
        fail(f'the configuration still has the {what} "{old}"; change its name there first', 2)
    with told():
        db = open_database(config.store_url, exclusive=True)
        try:
            db.migrate()
            changed = renaming.rename(db, cast("renaming.What", what), old, new)
        finally:
            db.close()
    if not changed:
        fail(f'the store knows no {what} "{old}"', 1)
    say(f'{what} "{old}" is now "{new}": {changed} rows')
