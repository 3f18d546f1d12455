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

from ackbot.casework.intents import Alarm, Decision, Intent, OpenCase, Send
from ackbot.casework.model import Case, Facts, RunningAlarm
from ackbot.mail.addresses import mailbox_of

WINDOW = timedelta(minutes=10)
MOST = 5  # chains that begin in that time, each with a mail of its own; or that run
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
