"""A letter that answers a mail of ours about several cases of one resident reaches the owner of each (E29, behaviour.md §3.3a)."""

from dataclasses import replace

from ackbot.casework import follow_ups
from ackbot.casework.incoming import matching
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Decision, Intent
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk


def told(decision: Decision, seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    The decision for a letter that joined one of these cases, with what it does in the others.

    If it names references, only these cases are meant. What cannot be told apart reopens them all, and each owner reads that.
    """
    if decision.outcome != "attach" or len(facts.listed) < 2 or decision.code not in facts.listed:
        return decision
    named = matching.named_in_list(seen, verdict.to, facts)
    others = [one for one in named or _listed(verdict, facts) if one.code != decision.code]
    if not others:
        return decision
    all_of_them = [decision.code, *(one.code for one in others)]
    references = ", ".join(desk.council.reference_of(code) for code in all_of_them)
    told_apart = "it names" if named else "nothing in it tells which is meant of"
    intents: list[Intent] = []
    for case in others:
        note = (
            f"this email answers a mail about several matters, and {told_apart} {references}; it is kept with the first"
        )
        intents += follow_ups.beside(seen, verdict, case, facts, desk, decision.urgent, note)
    return replace(decision, intents=(*decision.intents[:-1], *intents, *decision.intents[-1:]))


def _listed(verdict: Verdict, facts: Facts) -> list[Case]:
    cases = (facts.cases[code] for code in facts.listed if code in facts.cases)
    return [case for case in cases if verdict.to is not None and verdict.to.key in case.parties]
