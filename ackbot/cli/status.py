"""ackbot status: shows inboxes, relays, outbox and quarantine at a glance."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from ackbot.cli.common import config_option, loaded, store, when
from ackbot.cli.printing import say, say_json
from ackbot.config import Config
from ackbot.store import status


@click.command("status")
@config_option
@click.option("--json", "as_object", is_flag=True, help="One JSON object.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, as_object: bool) -> None:
    """Show how everything goes. Exit 1 when something needs the admin: the last lines say what."""
    config = loaded(ctx, own_config)
    now = datetime.now(UTC)
    today = config.council.calendar.local_day(now)
    with store(config, read_only=True) as db:
        found = status.status(db, {one.name: one.poll_every_s for one in config.watched}, now, today)
    say_json(found) if as_object else say(_told(found, config))
    if not found["fine"]:
        sys.exit(1)


def _told(found: dict[str, Any], config: Config) -> str:
    lines = []
    for inbox in found["inboxes"]:
        mode = config.council.inboxes[inbox["name"]].mode
        state = f"{inbox['state']}: {inbox['reason']}" if inbox["reason"] else inbox["state"]
        seen = f", last answer {when(inbox['seen_at'], config)}" if inbox["seen_at"] else ""
        lines.append(f"inbox {inbox['name']} ({mode}): {state}{seen}")
    for lane in found["relays"]:
        lines.append(f"relay {lane['name']}: refuses our mail since {when(lane['since'], config)}: {lane['reason']}")
    if found["workers"]:
        lines.append(f"workers: {', '.join(found['workers'])}")
    lines += [f"paused: {scope or 'everything'}" for scope in found["paused"]]
    outbox = ", ".join(f"{count} {state}" for state, count in found["outbox"].items()) or "empty"
    lines.append(f"outbox: {outbox}")
    cases = found["cases"]
    late = f", {cases['late']} late ({cases['given_up']} given up)" if cases["late"] else ""
    overdue = f", {cases['overdue']} promised dates passed" if cases["overdue"] else ""
    lines.append(f"cases: {cases['open']} open, {cases['without_owner']} without an owner{late}{overdue}")
    lines.append(f"quarantine: {found['quarantined']}" + (" (ackbot quarantine list)" if found["quarantined"] else ""))
    if found["not_fetched"]:
        lines.append(f"not fetched: {found['not_fetched']} mails that the server lists and does not give")
    lines += [f"not fine: {sentence}" for sentence in found["wrong"]]
    return "\n".join(lines)
