"""A quarantined mail that can be read at last reaches its owner; its resident was answered before."""

from ackbot.casework.drafts import to_staff
from ackbot.casework.incoming import danger
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Attach, Decision, Intent, Note, Record
from ackbot.casework.model import Case
from ackbot.casework.office import Desk


def on_recovered(seen: Seen, verdict: Verdict, case: Case, desk: Desk) -> Decision:
    """The decision for a quarantined mail that can be read at last: its owner gets it. The resident was answered before."""
    inbox = desk.council.inbox_of(case.inbox)
    why = "it could be read at last"
    found_urgent = danger.of_signs(danger.found_in(seen, case, desk))
    case = danger.marked(case, found_urgent)
    intents: list[Intent] = [
        Attach(case.code, sensitive=case.sensitive, why=why),
        Note(case.code, "recovered", why=why),
        *danger.alarms(seen, case, inbox, found_urgent, desk),
    ]
    if case.owner in desk.council.staff:
        flags = danger.flags(found_urgent, desk.council)
        intents.append(
            to_staff.resident_wrote(desk, seen.message, case, seen.arrival.arrived_at, note="", why=why, urgent=flags)
        )
    record = Record(verdict.kind, "attach", verdict.rule, acknowledge=False, why=why)
    return Decision(
        verdict.kind,
        "attach",
        verdict.rule,
        why,
        False,
        verdict.to,
        (*intents, record),
        urgent=found_urgent,
        code=case.code,
        owner=case.owner,
    )
