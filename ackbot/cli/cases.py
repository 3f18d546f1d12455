"""ackbot cases: lists the open cases."""

from datetime import UTC, datetime

import click

from ackbot.casework.council import Council
from ackbot.casework.cover import is_present
from ackbot.casework.model import GIVEN_UP
from ackbot.cli.common import config_option, inbox_named, looking, one_of, when
from ackbot.cli.printing import say, say_json
from ackbot.config import Config
from ackbot.store import Database, cases, status
from ackbot.store.database import Row
from ackbot.work.apply import office_at

_HEAD = ("CASE", "STATE", "NEXT DATE", "WHO HAS IT", "OPENED", "INBOX AND MATTER")
_LINE = "{:12}{:10}{:24}{:32}{:17}{}"
_JSON = ("state", "inbox", "owner", "team", "subject", "opened_at", "promised_on", "way", "late_since")


@click.command("cases")
@config_option
@click.option("--inbox", metavar="NAME", help="Only this inbox.")
@click.option("--owner", metavar="ID", help="Only what this member of staff owns or covers.")
@click.option("--all", "closed_too", is_flag=True, help="Closed ones too.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per case.")
@click.pass_context
def command(
    ctx: click.Context, own_config: str | None, inbox: str | None, owner: str | None, closed_too: bool, as_lines: bool
) -> None:
    """List open cases, the next date promised first: who has each now, and what is late since when."""
    now = datetime.now(UTC)
    with looking(ctx, own_config) as (db, config):
        name = inbox_named(config, inbox)
        person = one_of(_owners(db, config), owner, "member of staff")
        rows = status.cases(db, inbox=name, owner=person, closed_too=closed_too)
        council = office_at(config.office, db, now).council
    if rows and not as_lines:
        say(_LINE.format(*_HEAD))
    for row in rows:
        if as_lines:
            now_with = row["cover"] or row["owner"]
            lateness = {"has_it": now_with, "here": is_present(council, now_with, now), "given_up": _given_up(row)}
            say_json({"reference": council.reference_of(row["code"]), **{key: row[key] for key in _JSON}, **lateness})
        else:
            say(_told(row, council, now, config))
    if not rows and not as_lines:
        say("no cases")


def _owners(db: Database, config: Config) -> list[str]:
    """Whoever may be asked for: the staff of the configuration, and former staff who still own cases."""
    return list(dict.fromkeys([*config.council.staff, *filter(None, cases.owners(db))]))


def _told(row: Row, council: Council, now: datetime, config: Config) -> str:
    opened, matter = when(row["opened_at"], config)[:15], row["subject"][:60]
    who = f"{row['cover']} for {row['owner']}" if row["cover"] else row["owner"] or "nobody"
    has_it = row["cover"] or row["owner"]
    if has_it and row["state"] != "closed" and not is_present(council, has_it, now):
        who += " (away)"
    dated = row["promised_on"] or ("given up" if _given_up(row) else "")
    late = f" late: {row['late_since']}" if row["late_since"] and row["state"] != "closed" else ""
    shown = f"{dated}{late}".strip()
    return _LINE.format(
        f"{council.reference_of(row['code'])} ", f"{row['state']} ", f"{shown} ", f"{who} ", f"{opened} ",
        f"{row['inbox']}: {matter}{_came(row['way'])}",
    )  # fmt: skip


def _given_up(row: Row) -> bool:
    """Whether the resident was told for the last time that there is no news."""
    return bool(row["no_news"] >= GIVEN_UP and row["state"] != "closed")


def _came(way: str) -> str:
    """How a case reached us, unless by mail."""
    return "" if way == "mail" else f" ({way})"
