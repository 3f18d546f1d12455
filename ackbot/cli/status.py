"""ackbot status: shows inboxes, relays, outbox and quarantine at a glance."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from ackbot.cli.common import config_option, config_path, looking, when
from ackbot.cli.printing import say, say_json
from ackbot.config import Config
from ackbot.store import status
from ackbot.store.database import text_of
from ackbot.work import running


@click.command("status")
@config_option
@click.option("--json", "as_object", is_flag=True, help="One JSON object.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, as_object: bool) -> None:
    """Show how everything goes. Exit 1 when something needs the admin: the last lines say what."""
    now = datetime.now(UTC)
    with looking(ctx, own_config) as (db, config):
        found = status.status(
            db, {one.name: one.poll_every_s for one in config.watched}, now, config.council.calendar.local_day(now)
        )
        if (ran := running.found(db)) is not None:
            found["daemon"], wrong = running.told(ran, config_path(ctx, own_config) or config.path, now)
            found["wrong"] = [*wrong, *found["wrong"]]
            found["fine"] = not found["wrong"]
            for one in found["inboxes"]:
                one["mode"], since = ran.modes.get(one["name"], ("", None))
                one["mode_since"] = text_of(since) if since else None
                if found["daemon"]["state"] != "running" and one["state"] == "watching":
                    one["state"] = "not watched: the daemon does not run"
    say_json(found) if as_object else say(_told(found, config))
    if not found["fine"]:
        sys.exit(1)


def _told(found: dict[str, Any], config: Config) -> str:
    lines = []
    if daemon := found.get("daemon"):
        since = when(daemon["since"], config)[:21]
        lines.append(f"ackbot {daemon['version']}: {daemon['state']}, last heard of {when(daemon['heard_at'], config)}")
        lines.append(f"configuration {daemon['configuration']} ({daemon['hash']}), at work since {since}")
        lines += [f"with the last reload {one}" for one in daemon["people"]]
    for inbox in found["inboxes"]:
        mode: str = config.council.inboxes[inbox["name"]].mode
        if inbox.get("mode_since"):
            mode = f"{mode} since {when(inbox['mode_since'], config)[:15]}"
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
