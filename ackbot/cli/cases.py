"""ackbot cases: lists the open cases."""

import click

from ackbot.cli.common import config_option, inbox_named, looking, one_of, when
from ackbot.cli.printing import say, say_json
from ackbot.config import Config
from ackbot.store import Database, cases, status


@click.command("cases")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.option("--owner", metavar="ID", help="Only this member of staff.")
@click.option("--all", "closed_too", is_flag=True, help="Closed ones too.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per case.")
@click.pass_context
def command(
    ctx: click.Context, own_config: str | None, inbox: str | None, owner: str | None, closed_too: bool, as_lines: bool
) -> None:
    """List open cases, the next date promised first."""
    with looking(ctx, own_config) as (db, config):
        name = inbox_named(config, inbox)
        person = one_of(_owners(db, config), owner, "member of staff")
        rows = status.cases(db, inbox=name, owner=person, closed_too=closed_too)
    if rows and not as_lines:
        head = config.council.reference_of("CCCCCC")
        say(f"{'case':{len(head)}}  {'state':8}  {'promised':10}  {'owner':12}  {'opened':15}  inbox: subject")
    for row in rows:
        reference = config.council.reference_of(row["code"])
        if as_lines:
            keys = ("state", "inbox", "owner", "team", "subject", "opened_at", "promised_on", "way")
            say_json({"reference": reference, **{key: row[key] for key in keys}})
        else:
            owner_shown = row["owner"] or "nobody"
            say(
                f"{reference}  {row['state']:8}  {row['promised_on'] or '          '}  {owner_shown:12}  "
                f"{when(row['opened_at'], config)[:15]}  {row['inbox']}: {row['subject'][:60]}{_came(row['way'])}"
            )
    if not rows and not as_lines:
        say("no cases")


def _owners(db: Database, config: Config) -> list[str]:
    """Whoever may be asked for: the staff of the configuration, and former staff who still own cases."""
    return list(dict.fromkeys([*config.council.staff, *filter(None, cases.owners(db))]))


def _came(way: str) -> str:
    """How a case reached us, unless by mail."""
    return "" if way == "mail" else f" ({way})"
