"""ackbot simulate: replays the mails of some months into a throw-away store, and says what would have been."""

from pathlib import Path

import click
import structlog

from ackbot.cli.common import config_option, day_named, fail, loaded, told, writing
from ackbot.cli.printing import say, say_json_line
from ackbot.report import simulated
from ackbot.work import rehearsal


@click.command("simulate")
@config_option
@click.option("--from", "since", metavar="DATE", help="Leave out what came before this day.")
@click.option("--sent", metavar="PLACE", help="The Sent folder of staff, in any of these forms: their answers count.")
@click.option("--policies", is_flag=True, help="Replay once with each way to give out cases, and compare the load.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--out", metavar="FILE", help="Write it there.")
@click.argument("place", metavar="MAILDIR|MBOX|DIR")
@click.pass_context
def command(
    ctx: click.Context,
    own_config: str | None,
    since: str | None,
    sent: str | None,
    policies: bool,
    form: str,
    out: str | None,
    place: str,
) -> None:
    """Replay a mailbox with its own dates: what would have been answered, alarmed and promised. Nothing is sent."""
    config = loaded(ctx, own_config, rehearsal=True)
    for name in filter(None, (place, sent)):
        if not Path(name).exists():
            fail(f"{name} is not there", 2)
    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory()
    )  # as many lines as mails would hide what is told
    day = day_named(since, "--from") if since else None
    first = next((one.assign for one in config.council.teams.values()), rehearsal.POLICIES[0])
    ways = (first, *(one for one in rehearsal.POLICIES if one != first and policies))
    with told():
        try:
            found = rehearsal.rehearse(Path(place), config.office, day, Path(sent) if sent else None, ways)
        except OSError as error:
            fail(f"{error.filename or place} cannot be read: {error.strerror}", 1)
    writers = {"text": simulated.as_text, "json": simulated.as_json}
    text = simulated.page(found, config.council.name) if form == "html" else writers[form](found)
    if not out:
        say_json_line(text) if form == "json" else say(text)
        return
    with writing(Path(out)):
        Path(out).write_text(text, encoding="utf-8")
    say(f"{out} is written")
