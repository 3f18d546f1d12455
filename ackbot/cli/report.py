"""ackbot report: how the council keeps its standards, as a page, a table or text."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from ackbot.cli.common import config_option, day_named, fail, loaded, store, writing
from ackbot.cli.printing import say, say_json_line
from ackbot.report import figures, page, tables
from ackbot.report.periods import Period
from ackbot.work import reporting

_WRITERS = {"html": page.page, "csv": tables.as_csv, "json": tables.as_json, "text": tables.as_text}


@click.command("report")
@config_option
@click.option("--from", "first", metavar="DATE", help="First day; default: of the present quarter, or of that of --to.")
@click.option("--to", "last", metavar="DATE", help="Last day; default: today.")
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option("--names", is_flag=True, help="For managers: with names and small groups. Never to be published.")
@click.option("--format", "form", type=click.Choice(list(_WRITERS)), help="Default: by the ending of --out, or text.")
@click.option("--out", metavar="FILE", help="Write it there; with --names, the file's name says what it is.")
@click.pass_context
def command(
    ctx: click.Context,
    own_config: str | None,
    first: str | None,
    last: str | None,
    service: str | None,
    names: bool,
    form: str | None,
    out: str | None,
) -> None:
    """Report how the standards are kept. Small groups are hidden unless names are asked for."""
    config = loaded(ctx, own_config, rehearsal=True)
    council, now = config.council, datetime.now(UTC)
    services = list(dict.fromkeys(one.service for one in council.inboxes.values()))
    if service and service not in services:
        fail(f'there is no service "{service}"; choose from: {", ".join(services)}', 2)
    period = _period(first, last, council.calendar.local_day(now))
    with store(config, read_only=True) as db:
        made = reporting.made(db, config.office, period, now, service=service or "", names=names)
    kind = form or (_by_ending(out) if out else "text")
    text = _WRITERS[kind](made)
    if not out:
        say_json_line(text) if kind == "json" else say(text)
        return
    path = _path(Path(out), names=names)
    with writing(path):
        path.write_text(text, encoding="utf-8")
    say(f"{path} is written")


def _period(first: str | None, last: str | None, today: date) -> Period:
    to = day_named(last, "--to") if last else today
    start = day_named(first, "--from") if first else figures.default_period(to).first
    if start > to:
        fail(f"--from {start} comes after --to {to}", 2)
    return Period(start, to)


def _by_ending(out: str) -> str:
    ending = Path(out).suffix.lower().lstrip(".")
    return {"htm": "html", "txt": "text"}.get(ending, ending if ending in _WRITERS else "text")


def _path(path: Path, *, names: bool) -> Path:
    """A file with names says so in its own name."""
    if not names or page.NOT_FOR_PUBLICATION in path.name:
        return path
    return path.with_name(f"{path.stem}-{page.NOT_FOR_PUBLICATION}{path.suffix}")
