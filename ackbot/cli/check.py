"""ackbot check: lists every mistake at once, each with file, line and key."""

import difflib
import sys
from collections.abc import Iterator

import click

from ackbot.cli.common import config_option, config_path, fail, told
from ackbot.cli.printing import say
from ackbot.config import Config, check, load


@click.command("check")
@config_option
@click.option("--online", is_flag=True, help="Also log in to every inbox and relay, and send one mail all the way.")
@click.option("--staff", metavar="ID", help="Also send one mail to this member of staff, and check their reply.")
@click.option(
    "--wait",
    "wait_s",
    metavar="SECONDS",
    default=600.0,
    help="With --staff: how long to wait for the reply; default 600.",
)
@click.pass_context
def command(ctx: click.Context, own_config: str | None, online: bool, staff: str | None, wait_s: float) -> None:
    """Find every mistake in the configuration. Exit 0 when ackbot would start, with or without warnings; otherwise 1."""
    path = config_path(ctx, own_config)
    if path is None:
        fail("there is no configuration to check; `ackbot init` writes one, or name it with -c", 2)
    try:
        findings = list(check(path))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", 2)
    # Templates and the store can be checked only with a configuration that loads.
    if not any(not one.warning for one in findings):
        from ackbot.work.check_store import forgotten_in_store
        from ackbot.work.lint import lint
        from ackbot.work.samples import proofread

        config = load(path)
        with told():
            broken = proofread(config)
            findings += (*broken, *(() if broken else lint(config)), *forgotten_in_store(config))
    for finding in findings:
        say(str(finding))
    mistakes = sum(not one.warning for one in findings)
    if mistakes:
        say(f"{mistakes} mistake{'s' if mistakes > 1 else ''}: ackbot would not start", err=True)
        sys.exit(1)
    say(
        f"{path}: fine" + (f", {len(findings)} warning{'s' if len(findings) > 1 else ''}" if findings else ""), err=True
    )
    if not (online or staff):
        return
    with told():
        config = load(path)
    fine = _all_good(_tried(config, staff, wait_s, online=online))
    if not fine:
        sys.exit(1)


def _tried(config: Config, staff: str | None, wait_s: float, *, online: bool) -> Iterator[tuple[str, bool]]:
    from ackbot.work.check_online import trial
    from ackbot.work.check_staff import footers_seen, staff_trial

    person = config.council.staff.get(staff or "")
    if staff and person is None:
        near = difflib.get_close_matches(staff, config.council.staff, n=1, cutoff=0.5)
        mend = f'did you mean "{near[0]}"?' if near else f"choose from: {', '.join(config.council.staff)}"
        fail(f'--staff: there is no [[staff]] with id "{staff}"; {mend}', 2)
    if online:
        yield from trial(config)
    if person is not None:
        yield from footers_seen(config, person)
        yield from staff_trial(config, person, wait_s, lambda line: say(line, err=True))


def _all_good(tried: Iterator[tuple[str, bool]]) -> bool:
    fine = True
    for line, good in tried:
        say(line)
        fine = fine and good
    return fine
