"""ackbot person: exports or erases all that is kept of a person."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from ackbot.cli.common import config_option, fail, loaded, store, writing
from ackbot.cli.printing import say
from ackbot.mail.addresses import key_of


@click.group("person")
def command() -> None:
    """All that is kept of a person, by their address. What an export shows is what an erasure deletes."""


@command.command("export")
@config_option
@click.argument("address")
@click.option("--out", metavar="FILE", help="Default: ADDRESS.zip; a file that exists is not replaced.")
@click.pass_context
def export(ctx: click.Context, own_config: str | None, address: str, out: str | None) -> None:
    """
    Write a zip with a page that a person can read, our mails to them as they went out, and letters kept as they came.

    Look through it before you hand it on: letters of others in their cases are in it, and a folder for the council.
    """
    from ackbot.work import personal

    config = loaded(ctx, own_config)
    key = _address(address)
    target = Path(out or f"{key.replace('/', '_')}.zip")
    if target.exists():
        fail(f"{target} exists; name another file with --out", 1)
    with store(config, read_only=True) as db:
        found = personal.find(db, config.council, key)
        if found.nothing:
            say(f"nothing is kept of {address}", err=True)
            sys.exit(1)
        with writing(target):
            other = personal.export(db, config.council, found, target, datetime.now(UTC))
    say(f"{target}: {len(found.codes) + len(found.kept)} cases, {len(found.letters)} letters, {len(found.mails)} mails")
    say("copies are in the mailboxes that for-the-council/mailboxes.txt in it names; to search them:")
    say(f"  {other.query}")


@command.command("erase")
@config_option
@click.argument("address")
@click.option("--close", is_flag=True, help="Close open cases first, of which nobody gets a mail.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased; nothing is written.")
@click.pass_context
def erase(ctx: click.Context, own_config: str | None, address: str, close: bool, dry_run: bool) -> None:
    """
    Delete words, names, addresses, raw copies and wishes of a person. Figures stay, and so does a hash of each letter.

    Cases on hold keep everything. The mailboxes are the council's own: what lies there is only named.
    """
    from ackbot.work import personal

    config = loaded(ctx, own_config)
    key, reference_of = _address(address), config.council.reference_of
    with store(config, read_only=dry_run) as db:
        before = personal.find(db, config.council, key)
        if before.nothing:
            say(f"nothing is kept of {address}", err=True)
            sys.exit(1)
        from ackbot.store import persons

        other = personal.elsewhere(before, persons.rows_of(db, before), config.council)
        busy: list[str] = []
        wiped = True
        if not dry_run:
            before, busy = personal.erase(db, config.office, key, datetime.now(UTC), close=close)
            wiped = bool(busy) or db.wipe()
    if busy:
        open_ones = [reference_of(code) for code in busy if code]
        if open_ones:
            fail(f"open: {', '.join(open_ones)}; nothing was erased. Close them, or say --close", 1)
        fail("a mail about them is going out, or waits in a digest; nothing was erased. Try again when it has gone", 1)
    done = "would erase" if dry_run else "erased"
    say(f"{done} {len(before.codes)} cases, {len(before.letters)} letters, {len(before.mails)} mails")
    if not wiped:
        say("somebody reads the store: what was deleted leaves its `-wal` file when the daemon has its next round")
    say("what ackbot cannot delete:")
    say(f"  mailboxes of staff: {', '.join(other.staff) or 'none'}")
    say(f"  letters in the inboxes: {'; '.join(other.places) or 'none'}")
    say(f"  to search them: {other.query}")
    say(
        "  backups made before today, which bring it back: make a new one, delete them, and erase again after a restore"
    )
    for path in personal.backups_beside(config.store_url):
        say(f"  the store that a restore moved aside: {path}")
    if before.kept:
        fail(f"on hold, and left whole: {', '.join(map(reference_of, before.kept))}", 1)


def _address(text: str) -> str:
    key = key_of(text.strip())
    if not key.partition("@")[0] or not key.partition("@")[2]:
        fail(f'"{text}" is no address', 2)
    return key
