"""ackbot check: every mistake at once, each with file, line and key."""

import sys

import click

from ackbot.cli.common import config_option, config_path, fail, told
from ackbot.config import ConfigProblem, check, load


@click.command("check")
@config_option
@click.option("--online", is_flag=True, help="Also log in to every inbox and relay, and send one mail the whole way.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, online: bool) -> None:
    """Find every mistake in the configuration. Exit 0 when it would start, doubts or not; 1 when it would not."""
    path = config_path(ctx, own_config)
    if path is None:
        fail("there is no configuration to check; `ackbot init` writes one, or name it with -c", 2)
    try:
        findings = list(check(path))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", 2)
    if not any(not one.warning for one in findings):
        from ackbot.work.forgotten import forgotten_in_store
        from ackbot.work.specimens import proofread

        config = load(path)
        with told():
            findings += (*proofread(config), *forgotten_in_store(config))
    for finding in findings:
        click.echo(str(finding))
    mistakes = sum(not one.warning for one in findings)
    if mistakes:
        click.echo(f"{mistakes} mistake{'s' if mistakes > 1 else ''}: ackbot would not start", err=True)
        sys.exit(1)
    click.echo(
        f"{path}: fine" + (f", {len(findings)} doubt{'s' if len(findings) > 1 else ''}" if findings else ""), err=True
    )
    if online:
        _online(path)


def _online(path: object) -> None:
    from ackbot.work.trial import trial

    try:
        config = load(path)  # type: ignore[arg-type] # a Path, as checked above
    except ConfigProblem as problem:
        fail(str(problem), 1)
    fine = True
    for line, good in trial(config):
        click.echo(line)
        fine = fine and good
    if not fine:
        sys.exit(1)
