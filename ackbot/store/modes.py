"""Which mail is held, and for what: the one rule of modes and pauses, for new mail and for mail in the outbox."""

from ackbot.casework.council import Council, Mode
from ackbot.mail.addresses import key_of

# The kinds that residents get in mode acknowledge: an answer at once, and people's own words (behaviour.md §5.1).
_WITH_ACKNOWLEDGEMENTS = frozenset({"acknowledgement", "receipt", "human"})

# Mails that a worker has in hand, or whose end is unknown. The words are those of the partial index outbox_unfinished: a query
# without them reads the whole outbox.
IN_HAND = "state IN ('claimed', 'sending', 'unknown')"
# No stranger causes many of these, so the rest of a relay's day is kept for them.
SPARED = "AND kind IN ('urgent', 'human')"
# The setting with the admin's case-folded address.
ADMIN = "admin"
# Whether a pause by the admin holds a row of the outbox. Urgent alarms are never paused (behaviour.md §5.2), nor is what the
# admin has to hear meanwhile (§5.8, E61).
PAUSED = (
    "(kind <> 'urgent' AND EXISTS (SELECT 1 FROM pauses WHERE pauses.scope IN ('', outbox.inbox)) AND NOT (kind = 'admin' "
    f"AND recipient_key IN (SELECT value FROM settings WHERE name = '{ADMIN}')))"
)
# The new state of a row that is to go out and that no worker has in hand: queued, or held if a pause began meanwhile.
TO_GO_OUT = (
    f"state = CASE WHEN {PAUSED} THEN 'held' ELSE 'queued' END, "
    f"held_for = CASE WHEN {PAUSED} THEN 'pause' ELSE '' END, claimed_by = NULL, lease_until_s = NULL"
)


def pauses_hold(council: Council, kind: str, recipient_key: str) -> bool:
    """Whether a pause holds new mail of this kind to this case-folded address. The rule of PAUSED."""
    return kind != "urgent" and not (kind == "admin" and recipient_key == key_of(council.admin))


def lets_out(council: Council, inbox: str, kind: str, *, to_staff: bool) -> bool:
    """
    Whether the mode of an inbox sends mail of this kind. Mail of the council as a whole (inbox "") always goes.

    What the mode does not send is held for ever: raising the mode later releases nothing (behaviour.md §5.1).
    """
    return not inbox or _by_mode(council.inbox_of(inbox).mode, kind, to_staff=to_staff)


def _by_mode(mode: Mode, kind: str, *, to_staff: bool) -> bool:
    return (
        mode == "live"
        or (mode == "acknowledge" and (to_staff or kind in _WITH_ACKNOWLEDGEMENTS))
        or (mode == "staff" and to_staff)
    )
