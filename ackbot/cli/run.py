"""ackbot run: the daemon."""

import sys

import click

from ackbot.cli.common import config_option, fail, loaded
from ackbot.config import ConfigProblem
from ackbot.store import StoreBusy, StoreProblem
from ackbot.wires.places import PlaceTaken


@click.command("run")
@config_option
@click.pass_context
def command(ctx: click.Context, own_config: str | None) -> None:
    """Watch the inboxes until SIGTERM. SIGHUP reads the configuration again. Logs to stderr."""
    from ackbot.log import configure  # isort: skip  # first: it keeps structlog small
    from ackbot.daemon import Daemon

    configure()
    config = loaded(ctx, own_config)
    try:
        daemon = Daemon(config)
    except ConfigProblem as problem:
        fail(str(problem), 1)
    except (StoreProblem, PlaceTaken) as problem:
        fail(str(problem), 1)
    except StoreBusy as busy:
        fail(f"the store is busy: {busy}", 1)
    sys.exit(daemon.run())
