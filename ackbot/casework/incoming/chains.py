"""
Alarms that do not drown each other: one chain for each resident, one list above five chains (E9, behaviour.md §3.9).

A chain is whatever alarms of one resident run: one mail when it begins, one when a letter says something worse or a case has
its second, and one each `repeat_every`, which counts the other letters. Each case's alarm still ends for itself, by TAKE.

A letter is never counted because of letters that are less proven than it: whoever forges "this is only a test, I smell gas"
in somebody's name does not make their own letter a repetition.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from ackbot.casework.intents import Alarm, Decision, Intent, OpenCase, Send, Upon
from ackbot.casework.model import Case, Facts, RunningAlarm
from ackbot.mail.addresses import mailbox_of

WINDOW = timedelta(minutes=10)
MOST = 5  # chains that begin in that time, each with a mail of its own; or that run
PATIENCE = timedelta(seconds=20)  # an acknowledgement waits no longer for the alarm of its letter
_KIND = "urgent"


def person_of(address: str, code: str) -> str:
    """Whose chain an alarm is part of: of one mailbox, however it is spelt. A case without an address is a chain by itself."""
    return mailbox_of(address) if address else f"case {code}"


def merged(decision: Decision, facts: Facts, now: datetime) -> Decision:
    """The decision with its alarms as parts of what runs already: those that are counted or listed have no mail of their own."""
    joined = {alarm.code: _how(alarm, decision, facts, now) for alarm in decision.intents if isinstance(alarm, Alarm)}
    if set(joined.values()) <= {"mailed"}:
        return decision
    intents: list[Intent] = []
    for one in decision.intents:
        if isinstance(one, Alarm):
            intents.append(replace(one, how=joined[one.code]))
        elif not (isinstance(one, Send) and one.draft.kind == _KIND and joined.get(one.code, "mailed") != "mailed"):
            intents.append(one)
    return replace(decision, intents=tuple(intents))


def after(decision: Decision, facts: Facts, now: datetime) -> tuple[RunningAlarm, ...]:
    """The alarms that run once a decision is done: several letters in one mail are a flood like any other (E9)."""
    running = {one.code: one for one in facts.alarms}
    for alarm in (one for one in decision.intents if isinstance(one, Alarm)):
        case = _case(alarm.code, decision.intents, facts)
        person = person_of(case.resident.key, case.code) if case else f"case {alarm.code}"
        before = running.get(alarm.code) or RunningAlarm(alarm.code, person, {}, now, True, 0)
        known = before.categories if before.runs else {}
        categories = {**known, **{one: max(known.get(one, alarm.proof), alarm.proof) for one in alarm.categories}}
        running[alarm.code] = replace(before, categories=categories, runs=True, letters=before.letters + 1)
    return tuple(running.values())


def duty_told(decision: Decision, now: datetime) -> Decision:
    """
    The decision whose acknowledgement says that the duty officer has been told, once the relay has the alarm (E49).

    It waits for that at most PATIENCE. An alarm without a mail of its own makes no acknowledgement wait, so a flood of letters
    delays none of them (E9).
    """
    alarm = next((one for one in decision.intents if isinstance(one, Send) and one.draft.kind == _KIND), None)
    if alarm is None:
        return decision
    intents = tuple(_upon(one, alarm, now) if isinstance(one, Send) else one for one in decision.intents)
    return replace(decision, intents=intents)


def _upon(send: Send, alarm: Send, now: datetime) -> Send:
    values = send.draft.values
    if send.draft.kind != "acknowledgement" or values.get("danger") != "first":
        return send
    told = replace(send.draft, values={**values, "duty_told": True})
    return replace(send, upon=Upon(alarm.dedupe_key, told), not_before=now + PATIENCE)


def _how(alarm: Alarm, decision: Decision, facts: Facts, now: datetime) -> Literal["mailed", "counted", "listed"]:
    case = _case(alarm.code, decision.intents, facts)
    person = person_of(case.resident.key, case.code) if case else f"case {alarm.code}"
    # Neither does a flood of less proven letters put it into a list.
    as_proven = [one for one in facts.alarms if one.proof >= alarm.proof]
    many = len({one.person for one in as_proven if one.person != person and _counts(one, now)}) >= MOST
    chain = [one for one in as_proven if one.runs and one.person == person]
    known = {name for one in chain for name, proof in one.categories.items() if proof >= alarm.proof}
    if known >= set(alarm.categories):
        # "I still smell gas" in the same case is worth a mail once; whoever writes it again and again is counted.
        best = max(one.proof for one in chain)
        second = any(one.code == alarm.code and one.letters == 1 for one in chain) and alarm.proof == best
        return "mailed" if second and not many else "counted"
    return "listed" if many else "mailed"


def _counts(one: RunningAlarm, now: datetime) -> bool:
    return one.runs or one.started_at > now - WINDOW


def _case(code: str, intents: Iterable[Intent], facts: Facts) -> Case | None:
    opened = (one.case for one in intents if isinstance(one, OpenCase) and one.case.code == code)
    return next(opened, None) or facts.cases.get(code)
