"""Secrets and certificates that end: the admin is warned before (domain.md §6.1)."""

from ackbot.casework import keys
from ackbot.casework.drafts import to_admin
from ackbot.casework.intents import Intent
from ackbot.casework.office import Desk

WARN_DAYS = (30, 14, 7)  # days before the last day


def warnings(desk: Desk) -> list[Intent]:
    """
    Warn the admin of each credential that ends within `WARN_DAYS`: once for each of these steps, by the keys of the mails.

    A credential that is seen late, such as after a restart, gets one mail and not those of the steps before.
    """
    found: list[Intent] = []
    for one in desk.council.credentials:
        left = (one.ends_on - desk.today).days
        steps = [step for step in WARN_DAYS if left <= step]
        if not steps:
            continue
        values = {"grant": one.name, "ends_on": one.ends_on, "left": left, "what": one.what}
        key = keys.expires(one.name, one.ends_on, min(steps))
        found.append(to_admin.about(desk, "expires", key, values, why=f"oauth.{one.name} ends on {one.ends_on}"))
    return found
