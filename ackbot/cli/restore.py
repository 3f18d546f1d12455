"""ackbot restore: puts a backup back as the store."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ackbot.cli.common import config_option, config_path, fail, loaded, told, writing
from ackbot.cli.printing import say


@click.command("restore")
@config_option
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--replace", is_flag=True, help="Move a store that is there aside.")
@click.option(
    "--mark", is_flag=True, help="Without FILE: the store was put back by other means (a snapshot, pg_restore)."
)
@click.pass_context
def command(ctx: click.Context, own_config: str | None, file: str | None, replace: bool, mark: bool) -> None:
    """
    Put a backup back: the store, the secret, and where there is none yet, the configuration.

    What residents may have been sent since the backup is held until `ackbot release`.
    """
    from ackbot.work import keeping

    if bool(file) == mark:
        fail("restore needs FILE, or --mark for a store that was put back by other means", 2)
    now = datetime.now(UTC)
    if file:
        _configuration(ctx, own_config, Path(file))
    config = loaded(ctx, own_config, rehearsal=True)
    with told(), writing(Path(file or config.path)):
        kept = keeping.put_back(config, Path(file), now, replace=replace) if file else keeping.mark(config, now)
    say(f"put back: {kept.cases} cases, {kept.letters} letters, as of {kept.of:%Y-%m-%d %H:%M:%S} UTC")
    if kept.aside:
        say(f"the store that was there is now {kept.aside}")
    say(
        f"{kept.held} mails that it still had to send are held, and so will be answers to letters that came since.\n"
        "1. ackbot run: letters since then become cases, and their owners are told\n"
        "2. Compare ackbot status with the relay's log: which of them were sent before?\n"
        "3. ackbot release; or, if all of them were sent before, ackbot release --sent"
    )


def _configuration(ctx: click.Context, own_config: str | None, backup: Path) -> None:
    """Write the backup's configuration to the path that -c names, if there is no file there."""
    from ackbot.work import keeping

    path = config_path(ctx, own_config)
    if path is None or path.exists():
        return
    with writing(path):
        for written in keeping.write_configuration(backup, path):
            say(f"wrote {written}")
