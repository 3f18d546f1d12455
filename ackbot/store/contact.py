"""The automatic mail that residents got or will get, as casework/contact asks for it: which mail counts is said here once."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from ackbot.casework.council import Limits
from ackbot.casework.model import TO_RESIDENTS, History
from ackbot.casework.worktime import Calendar
from ackbot.mail.addresses import mailbox_of
from ackbot.store.database import Database, Row, instant_of, listed, text_of

_DAY = timedelta(days=1)
_MOST = 200  # mails read for one resident; nobody gets that many in a day
_AUTOMATIC = "kind IN (" + ", ".join(f"'{kind}'" for kind in sorted(TO_RESIDENTS)) + ")"
# Mail that went out, will go out, or may go out once it is released. Not mail that a mode holds for ever, nor cancelled mail.
_COUNTS = f"{_AUTOMATIC} AND state <> 'cancelled' AND (state <> 'held' OR held_for <> 'shadow')"


def histories(
    db: Database, addresses: Collection[str], now: datetime, calendar: Calendar, limits: Limits
) -> dict[str, History]:
    """
    The automatic mail of each of these residents. Mail to any address of their mailbox counts (E12).

    Args:
        addresses: case folded. "" stands for a letter without a sender; its history tells only whether the brake is on.
        calendar: the council's; a day begins at its midnight.

    Returns:
        A history for each address, and one for "".
    """
    lately = _lately(db, limits, now)
    known = [one for one in dict.fromkeys(addresses) if one]
    if not known:
        return {"": History(braked=_is_braked(lately, limits))}
    midnight = calendar.at(calendar.local_day(now), time(0))
    placeholders, parameters = listed("a", known)
    mailboxes, named = listed("b", list(dict.fromkeys(map(mailbox_of, known))))
    mails = db.run(
        "SELECT mailbox, code, kind, state, held_for, created_at, not_before FROM outbox "
        f"WHERE mailbox IN ({mailboxes}) AND {_COUNTS} "
        "AND (created_at > :day_ago OR not_before >= :midnight OR state = 'held') ORDER BY created_at DESC, id DESC LIMIT :most",
        day_ago=text_of(now - _DAY),
        midnight=text_of(midnight),
        most=_MOST * len(known),
        **named,
    )
    promised = db.run(
        "SELECT parties.address AS address, clocks.code AS code, clocks.promised_on AS day "
        "FROM parties JOIN clocks ON clocks.code = parties.code "
        # The first condition has the words of the index clocks_one_running; without it SQLite reads every clock that runs.
        "WHERE clocks.state IN ('running', 'paused') AND clocks.state = 'running' AND clocks.told "
        f"AND clocks.kind <> 'settle' AND parties.address IN ({placeholders})",
        **parameters,
    )
    # Read only now: PostgreSQL has answered all three by then, and is waited for once.
    braked = _is_braked(lately, limits)
    found = {"": History(braked=braked)}
    for address in known:
        mine = [row for row in mails if row["mailbox"] == mailbox_of(address)]
        dates = [(row["code"], date.fromisoformat(row["day"])) for row in promised if row["address"] == address]
        found[address] = _history(mine, dates, now - _DAY, midnight, braked=braked)
    return found


def _history(
    mails: Sequence[Row], promised: Sequence[tuple[str, date]], day_ago: datetime, midnight: datetime, *, braked: bool
) -> History:
    others = [row for row in mails if row["kind"] != "acknowledgement"]
    waiting = [row for row in mails if row["kind"] == "acknowledgement" and row["state"] == "held"]
    return History(
        written_at=tuple(at for row in mails if (at := instant_of(row["created_at"])) > day_ago),
        goes_at=tuple(at for row in others if (at := instant_of(row["not_before"])) >= midnight),
        promised=tuple(sorted(promised, key=lambda one: (one[1], one[0]))),
        held=MappingProxyType({row["code"]: row["held_for"] for row in waiting if row["held_for"] != "pause"}),
        braked=braked,
    )


def history(db: Database, address: str, now: datetime, calendar: Calendar, limits: Limits) -> History:
    """The automatic mail of one resident; see `histories`."""
    return histories(db, [address], now, calendar, limits)[address]


def _lately(db: Database, limits: Limits, now: datetime) -> Sequence[Row]:
    """
    How many automatic mails to residents count for the brake, up to its number (behaviour.md §2).

    Held mail does not count: it has reached nobody, and would keep the brake on for ever.
    """
    if limits.brake is None:
        return []
    count, seconds = limits.brake
    return db.run(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM outbox WHERE created_at > :since AND {_AUTOMATIC} "
        "AND state <> 'held' LIMIT :limit) AS lately",
        since=text_of(now - timedelta(seconds=seconds)),
        limit=count,
    )


def _is_braked(lately: Sequence[Row], limits: Limits) -> bool:
    """Whether the brake holds automatic mails to residents now."""
    return limits.brake is not None and int(lately[0]["n"]) >= limits.brake[0]
