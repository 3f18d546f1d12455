"""Keeps cases of inboxes in shadow apart from letters that somebody is to hear of (behaviour.md §5.1)."""

from dataclasses import replace
from types import MappingProxyType

from ackbot.casework.council import Council
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.model import Facts


def left_out(seen: Seen, facts: Facts, council: Council) -> Facts:
    """
    What is known of a letter without the cases of inboxes in shadow, unless the letter's own inbox is in shadow.

    Nobody hears of such a case, so a letter to any other inbox belongs to none of them: not by its subject or its thread, and
    not because a copy of it came to the inbox in shadow first.
    """
    if seen.home.rehearses:
        return facts
    heard = {code: case for code, case in facts.cases.items() if not council.inbox_of(case.inbox).rehearses}
    known = facts.known
    if known is not None and known.code in facts.cases and known.code not in heard:
        known = replace(known, code="", rehearsed=True)
    return replace(facts, cases=MappingProxyType(heard), known=known)
