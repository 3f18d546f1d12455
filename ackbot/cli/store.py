"""ackbot store copy: moves a council from one store to another."""

import contextlib

import click

from ackbot.cli.common import told
from ackbot.cli.printing import say


@click.group("store")
def command() -> None:
    """Move a council from one store to another."""


@command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """
    Copy everything from one store into another that is empty, and compare it row by row.

    FROM and TO are URLs as of store.url. Nothing may run on either. Then set store.url, and start again.
    """
    from ackbot.store import copying, open_database

    with told(), contextlib.ExitStack() as opened:
        # Opening it to read fails if the source does not exist or is of another version; opening it to write would create it.
        open_database(source, read_only=True).close()
        stores = [open_database(url, exclusive=True) for url in (source, target)]
        for db in stores:
            opened.callback(db.close)
        counts = copying.copy(*stores)
    for name, count in counts.items():
        say(f"{name}: {count}")
    say(f"{sum(counts.values())} rows, each compared; now set store.url")
