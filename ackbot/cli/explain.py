"""ackbot explain: says what would happen to a mail, and why. Writes nothing."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ackbot.cli.common import cited, config_option, config_path, fail, inbox_named, loaded, told
from ackbot.cli.printing import say, say_json_line
from ackbot.config import Config, sample
from ackbot.store import Database, StoreMissing, open_database
from ackbot.work.explain import as_json, explain, to_line


@click.command("explain")
@config_option
@click.option("--inbox", metavar="NAME", help="The inbox it came to; default by recipient, else the first.")
@click.option(
    "--at", "at_text", metavar="TIME", help="Decide as of then (ISO 8601); default top Received, else Date, else now."
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per mail, on one line.")
@click.argument("mails", nargs=-1, required=True, metavar="MAIL…")
@click.pass_context
def command(
    ctx: click.Context,
    own_config: str | None,
    inbox: str | None,
    at_text: str | None,
    as_lines: bool,
    mails: tuple[str, ...],
) -> None:
    """Say what would happen to each mail, and why, the mails that would go out included. Writes nothing."""
    named = config_path(ctx, own_config) is not None
    config = loaded(ctx, own_config, rehearsal=True) if named else sample()
    name = inbox_named(config, inbox)
    at = _at(at_text, config)
    missing = False
    with told():
        db = _facts(config) if named else None
        for mail in mails:
            try:
                raw = sys.stdin.buffer.read() if mail == "-" else Path(mail).read_bytes()
            except OSError as error:
                say(f"ackbot: {mail} cannot be read: {error.strerror}", err=True)
                missing = True
                continue
            explained = explain(raw, config, inbox=name, at=at, db=db)
            result = as_json(mail, explained, config.office)
            say_json_line(to_line(result)) if as_lines else say(_told(result))
        if db is not None:
            db.close()
    if missing:
        sys.exit(1)


def _facts(config: Config) -> Database | None:
    """The store from which facts are read; None if there is none yet."""
    try:
        return open_database(config.store_url, read_only=True)
    except StoreMissing:
        return None


def _at(text: str | None, config: Config) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--at "{text}" is not a time; write for example 2026-11-30T10:15', 2)
    return at if at.tzinfo else at.replace(tzinfo=config.council.calendar.timezone)


def _told(result: dict[str, Any]) -> str:
    """The result as text for people."""
    sender = " ".join(filter(None, (result["sender"]["name"], f"<{result['sender']['address']}>")))
    lines = [
        f"{result['file']}: {result['kind']}, {result['decision']}",
        f"  from      {sender}",
        f"  subject   {result['subject'] or '(none)'}",
        f"  answered  {'yes, ' + str(result['acknowledge_to']) if result['acknowledge'] else 'no'}: "
        f"{result['why']}{cited(result['rule'])}",
    ]
    if result["urgent"]:
        lines.append(f"  urgent    {', '.join(result['urgent'])}")
        lines += [
            f"            {one['category']}: “{one['words']}”, found by {one['file']}:{one['line']}: {one['looks_for']}"
            for intent in result["intents"]
            for one in intent.get("signs", ())
        ]
    if result["case"]["reference"]:
        lines.append(
            f"  case      {result['case']['reference']}{' (new)' if result['case']['new'] else ''}, standard "
            f"{result['standard']}"
        )
    if result["owner"]:
        lines.append(f"  owner     {result['owner']['id']}: {result['owner']['why']}")
    lines += [f"  clock     {clock['kind']}: promised for {clock['promised_on']}" for clock in result["clocks"]]
    lines += [
        f"  would     {intent['intent']}: {intent['why']}"
        for intent in result["intents"]
        if intent["intent"] not in ("Send", "Record")
    ]
    for mail in result["mails"]:
        lines += [
            "",
            f"  --- {mail['kind']} to {mail['to']}: {mail['subject']}",
            *(f"  | {line}" for line in mail["text"].rstrip().split("\n")),
        ]
    inside = result.get("passed_on", ())
    for number, part in enumerate(inside, 1):
        lines += ["", f"  passed on with it, {number} of {len(inside)}:", _told(part).rstrip("\n")]
    return "\n".join(lines) + "\n"
