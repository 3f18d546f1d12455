"""ackbot purge: deletes what was kept long enough."""

from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, loaded, store
from ackbot.cli.printing import say


@click.command("purge")
@config_option
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted; nothing is written.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, dry_run: bool) -> None:
    """
    Delete what `keep_letters` and `keep_cases` say, now; the daemon does the same each day.

    Figures stay, and nothing of a case on hold is touched.
    """
    from ackbot.store import forgetting
    from ackbot.work import retention

    config = loaded(ctx, own_config)
    with store(config, read_only=dry_run) as db:
        done = retention.purge(db, config.council, datetime.now(UTC), dry_run=dry_run)
        wiped = dry_run or db.wipe()
        held = forgetting.held(db)
    would = "would delete" if dry_run else "deleted"
    say(f"{would} the words of {done.cases} cases, and words, names and addresses of {done.named} more")
    say(f"{would} {done.letters} letters and {done.mails} mails of ours that belong to no case")
    if held:
        say(f"on hold, and left whole: {', '.join(config.council.reference_of(row['code']) for row in held)}")
    if not wiped:
        say("somebody reads the store: what was deleted leaves its `-wal` file when the daemon has its next round")
