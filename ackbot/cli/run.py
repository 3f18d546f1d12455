"""ackbot run: runs the daemon."""

import os
import sys

import click

from ackbot.cli.common import config_option, loaded, told


@click.command("run")
@config_option
@click.pass_context
def command(ctx: click.Context, own_config: str | None) -> None:
    """Watch the inboxes until SIGTERM. SIGHUP reads the configuration again. Logs to stderr."""
    from ackbot.log import configure, without_words  # isort: skip  # must come first: it keeps structlog small
    from ackbot.daemon import Daemon

    configure()
    without_words()
    config = loaded(ctx, own_config)
    with told():
        daemon = Daemon(config)
    code = daemon.run()
    if daemon.stuck:
        os._exit(
            code
        )  # at a usual exit Python waits for threads of pools, and one that is stuck would keep us for ever
    sys.exit(code)
