"""ackbot letters: lists every mail of a day, with or without a case, and why."""

from datetime import UTC, date, datetime

import click

from ackbot.cli.common import config_option, day_named, inbox_named, looking, when
from ackbot.cli.printing import say, say_json
from ackbot.report import figures
from ackbot.report.periods import Period
from ackbot.store import every_mail
from ackbot.store.answered import said, went_out
from ackbot.store.database import text_of

_SHOWN = ("recorded_at", "arrived_at", "inbox", "outcome", "kind", "from_key", "subject", "rule", "why", "message_id")


@click.command("letters")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.option("--day", metavar="DATE", help="The council's day on which they were recorded; default: today.")
@click.option("--outcome", type=click.Choice(every_mail.OUTCOMES), help="Only what became this.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per mail.")
@click.pass_context
def command(
    ctx: click.Context, own_config: str | None, inbox: str | None, day: str | None, outcome: str | None, as_lines: bool
) -> None:
    """List every mail that was seen on a day: what became of it, and why."""
    with looking(ctx, own_config) as (db, config):
        name = inbox_named(config, inbox)
        council = config.council
        on: date = day_named(day, "--day") if day else council.calendar.local_day(datetime.now(UTC))
        since, until = (text_of(one) for one in figures.bounds(Period(on, on), council))
        rows = every_mail.between(db, since, until, inbox=name, outcome=outcome or "")
    for row in rows:
        reference = council.reference_of(row["code"]) if row["code"] else ""
        if as_lines:
            answered_too = {
                "reference": reference,
                "acknowledged": went_out(row["answer"] or ""),
                "answer": said(row["answer"] or ""),
            }
            say_json(answered_too | {key: row[key] for key in _SHOWN})
            continue
        answered = said(row["answer"] or "")
        at = when(row["recorded_at"], config)[:21]
        say(f"{at}  {row['inbox']}  {row['outcome']:11}  {answered:24}  {reference}".rstrip())
        say(f"  {row['from_key'] or '(nobody)'}: {(row['subject'] or '(no subject)')[:60]}")
        say(f"  {row['why'] or 'it was not fetched yet'}")
    if not rows and not as_lines:
        say(f"no mails on {on}")
