"""ackbot restore: a backup becomes the store again."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ackbot.cli.common import config_option, config_path, fail, loaded, told, writing


@click.command("restore")
@config_option
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--replace", is_flag=True, help="A store that is there is moved aside.")
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
    click.echo(f"put back: {kept.cases} cases, {kept.letters} letters, as of {kept.of:%Y-%m-%d %H:%M:%S} UTC")
    if kept.aside:
        click.echo(f"the store that was there is now {kept.aside}")
    click.echo(
        f"{kept.held} mails that it still had to send wait, and so will answers to letters that came since.\n"
        "1. ackbot run: letters since then become cases, their owners are told\n"
        "2. ackbot status, and the relay's log: what of it was sent before?\n"
        "3. ackbot release; or, if all of it was sent before, ackbot release --sent"
    )


def _configuration(ctx: click.Context, own_config: str | None, backup: Path) -> None:
    """Where a configuration is named that is not there, the backup's own is written."""
    from ackbot.work import keeping

    path = config_path(ctx, own_config)
    if path is None or path.exists():
        return
    with writing(path):
        for written in keeping.write_configuration(backup, path):
            click.echo(f"wrote {written}")
