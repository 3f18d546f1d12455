"""Which mail waits, and for what: the one rule of modes and pauses, for new mail and for what lies in the outbox."""

from ackbot.casework.council import Council, Mode

# What residents are sent in mode acknowledge: an answer at once, and people's own words (behaviour.md §5.1).
_WITH_ACKNOWLEDGEMENTS = frozenset({"acknowledgement", "receipt", "human"})

# What workers have in hand, or nobody knows the end of: the words of an index, without which a look at it reads every mail.
IN_HAND = "state IN ('claimed', 'sending', 'unknown')"
# Whether a pause of the admin's keeps a row of the outbox in (behaviour.md §5.2).
PAUSED = "(kind <> 'urgent' AND EXISTS (SELECT 1 FROM pauses WHERE pauses.scope IN ('', outbox.inbox)))"
# What a row becomes that is to go out, and that nobody has in hand: queued, or held where a pause began meanwhile.
TO_GO_OUT = (
    f"state = CASE WHEN {PAUSED} THEN 'held' ELSE 'queued' END, "
    f"held_for = CASE WHEN {PAUSED} THEN 'pause' ELSE '' END, claimed_by = NULL, lease_until_s = NULL"
)


def lets_out(council: Council, inbox: str, kind: str, *, to_staff: bool) -> bool:
    """
    Whether an inbox's mode sends such a mail. What it does not send is held for ever: raising it releases nothing
    (behaviour.md §5.1). Mail of the council as a whole, of no inbox (''), always goes.
    """
    return not inbox or _by_mode(council.inbox_of(inbox).mode, kind, to_staff=to_staff)


def _by_mode(mode: Mode, kind: str, *, to_staff: bool) -> bool:
    return (
        mode == "live"
        or (mode == "acknowledge" and (to_staff or kind in _WITH_ACKNOWLEDGEMENTS))
        or (mode == "staff" and to_staff)
    )
