"""ackbot show: tells the whole story of a case, a mail or an address."""

import re
import sys
from typing import Any

import click

from ackbot.cli.common import cited, config_option, fail, looking, when
from ackbot.cli.printing import say, say_json
from ackbot.config import Config
from ackbot.mail.addresses import key_of
from ackbot.store import Database, arrivals, status, told_absences
from ackbot.store.answered import said
from ackbot.store.database import text_of


@click.command("show")
@config_option
@click.option("--json", "as_object", is_flag=True, help="One JSON object.")
@click.option("--raw", is_flag=True, help="The letter itself with its files, if it is kept as it came.")
@click.argument("what", metavar="REF|MESSAGE-ID|ADDRESS|STAFF")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, as_object: bool, raw: bool, what: str) -> None:
    """
    Everything known of a reference, a Message-ID or an address: arrivals, decisions, mails and the relay's replies.

    Of a staff id: their absences, past and to come, each with its source.
    """
    with looking(ctx, own_config) as (db, config):
        if what in config.council.staff and not raw:
            away = _away(config, what, db)
            say_json(away) if as_object else say(_told_of_staff(away, config))
            return
        codes = config.council.codes_in(what)
        if codes:
            found = status.story_of_case(db, codes[0])
        elif what.startswith("<"):
            found = status.story_of_message_id(db, what)
        else:
            found = status.story_of_address(db, key_of(what))
            if not _any(found):  # a Message-ID without its brackets looks like an address
                found = status.story_of_message_id(db, f"<{what}>")
        mail = arrivals.raw_among(db, [one["id"] for one in found["letters"]]) if raw else None
    if raw and mail is None:
        fail(f"no letter of {what} is kept as it came; look in the mailbox, unless it had no files", 1)
    if mail is not None:
        sys.stdout.buffer.write(mail)
        return
    if not _any(found):
        say(f"nothing is known of {what}", err=True)
        sys.exit(1)
    say_json(found) if as_object else say(_told(found, config))


def _away(config: Config, staff: str, db: Database) -> dict[str, Any]:
    """The absences of one person, the earliest first; instants in UTC."""
    configured = [one for one in config.council.absences if one.staff == staff]
    found = sorted((*configured, *told_absences.of_staff(db, staff)), key=lambda one: (one.starts_at, one.ends_at))
    return {
        "staff": staff,
        "name": config.council.staff[staff].name,
        "absences": [
            {"from": text_of(one.starts_at), "until": text_of(one.ends_at), "cover": one.cover, "source": one.source}
            for one in found
        ],
    }


def _told_of_staff(away: dict[str, Any], config: Config) -> str:
    lines = [f"{away['name']} ({away['staff']}): {len(away['absences'])} absences are known"]
    for one in away["absences"]:
        cover = f", cover {one['cover']}" if one["cover"] else ""
        here = "back" if one["source"] == "BACK" else "away"
        lines.append(
            f"  {here} from {when(one['from'], config)} until {when(one['until'], config)}: {one['source']}{cover}"
        )
    return "\n".join(lines)


def _only_held(found: dict[str, Any], code: str) -> bool:
    """Whether the mode has held every mail to the resident of a case: nobody was promised anything."""
    mails = [mail for mail in found["mails"] if mail["code"] == code and not mail["staff"] and mail["kind"] != "admin"]
    return bool(mails) and all(mail["held_for"] == "shadow" for mail in mails)


def _plain(kind: str) -> str:
    """The kind of an event in words: "open case" for the intent OpenCase."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()


def _any(found: dict[str, Any]) -> bool:
    return bool(found["letters"] or found["cases"] or found["mails"])


def _told(found: dict[str, Any], config: Config) -> str:
    lines: list[str] = []
    for case in found["cases"]:
        reference, owner = config.council.reference_of(case["code"]), case["owner"] or "nobody"
        opened = when(case["opened_at"], config)
        came = "" if case["way"] == "mail" else f", {case['way']}"
        lines.append(f"case {reference}: {case['state']}, owner {owner}, inbox {case['inbox']}, opened {opened}{came}")
        lines.append(f"  about     {case['subject'] or '(no subject)'}")
        lines.append(f"  resident  {case['resident_name']} <{case['resident_address']}>")
        promised = "would have been promised for" if _only_held(found, case["code"]) else "promised for"
        lines += [
            f"  clock     {clock['kind']}: {promised} {clock['promised_on']}, {clock['state']} ({clock['why']})"
            for clock in case["clocks"]
        ]
    for letter in found["letters"]:
        answered = said(letter["answer"])
        lines.append(
            f"letter {letter['id']}, {when(letter['arrived_at'], config)}: {letter['kind']}, {answered}: "
            f"{letter['why']}{cited(letter['rule'])}"
        )
        lines.append(f"  about     {letter['subject'] or '(no subject)'}")
        if letter["brought_by"]:
            lines.append(f"  came      in letter {letter['brought_by']}, by which staff passed it on")
        lines += [
            f"  arrived   {arrival['inbox']} {arrival['folder']} uid {arrival['uid']}, "
            f"{when(arrival['arrived_at'], config)}"
            for arrival in letter["arrivals"]
        ]
    for mail in found["mails"]:
        state = f"held ({mail['held_for']})" if mail["state"] == "held" else mail["state"]
        lines.append(
            f"mail, {when(mail['created_at'], config)}: {mail['kind']} to {mail['recipient']}, "
            f"{state} {when(mail['accepted_at'], config)}".rstrip()
        )
        lines.append(f"  id        {mail['message_id']}")
        lines += [f"  | {line}" for line in mail["words"].strip().splitlines()]
        if mail["reply"]:
            lines.append(f"  relay     {mail['reply']}")
    if found["events"]:
        lines.append("history")
        lines += [
            f"  {when(event['at'], config)}  {_plain(event['kind'])}: {event['why']}" for event in found["events"]
        ]
    return "\n".join(lines)
