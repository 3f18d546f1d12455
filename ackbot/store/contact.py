"""The automatic mail that residents got or will get, as casework/contact asks for it: which mail counts is said here once."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import NamedTuple

from ackbot.casework.council import Limits
from ackbot.casework.history import History
from ackbot.casework.model import TO_RESIDENTS
from ackbot.casework.worktime import Calendar
from ackbot.mail.addresses import mailbox_of
from ackbot.store.database import Database, Row, instant_of, listed, text_of

_DAY = timedelta(days=1)
_MOST = 200  # mails read for one resident; nobody gets that many in a day
_AUTOMATIC = "kind IN (" + ", ".join(f"'{kind}'" for kind in sorted(TO_RESIDENTS)) + ")"
# Mail that went out, will go out, or may go out once it is released. Not mail that a mode holds for ever, nor cancelled mail.
# Mail that answers a letter that nothing proves, which anybody can have written. Mail that a clock caused answers none.
_OF_PROVEN = (
    "(letter_id IS NULL OR EXISTS (SELECT 1 FROM letters WHERE letters.id = outbox.letter_id AND letters.proven))"
)
_COUNTS = f"{_AUTOMATIC} AND state <> 'cancelled' AND (state <> 'held' OR held_for <> 'shadow')"


class Asked(NamedTuple):
    """Rows about the automatic mail of some residents, whose answers nobody waited for yet; for `histories`."""

    addresses: Sequence[str]
    now: datetime
    midnight: datetime
    lately: Sequence[Row]
    mails: Sequence[Row] = ()
    promised: Sequence[Row] = ()


def ask(db: Database, addresses: Collection[str], now: datetime, calendar: Calendar, limits: Limits) -> Asked:
    """
    Ask for the automatic mail of each of these residents. Mail to any address of their mailbox counts (E12).

    Args:
        addresses: as `key_of` gives them. "" stands for a letter without a sender; its history tells only whether the brake is on.
        calendar: the council's; a day begins at its midnight.
    """
    known = [one for one in dict.fromkeys(addresses) if one]
    midnight = calendar.at(calendar.local_day(now), time(0))
    asked = Asked(known, now, midnight, _lately(db, limits, now))
    if not known:
        return asked
    placeholders, parameters = listed("a", known)
    mailboxes, named = listed("b", list(dict.fromkeys(map(mailbox_of, known))))
    mails = db.run(
        f"SELECT mailbox, code, kind, state, held_for, created_at, not_before, {_OF_PROVEN} AS of_proven FROM outbox "
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
    return asked._replace(mails=mails, promised=promised)


def histories(db: Database, asked: Asked, limits: Limits) -> dict[str, History]:
    """A history for each address that was asked for, and one for ""."""
    now, lately = asked.now, asked.lately
    braked, proven_braked = _is_braked(lately, limits), _proven_braked(db, lately, limits, now)
    found = {"": History(braked=braked, of_proven=History(braked=proven_braked))}
    for address in asked.addresses:
        mine = [row for row in asked.mails if row["mailbox"] == mailbox_of(address)]
        dates = [(row["code"], date.fromisoformat(row["day"])) for row in asked.promised if row["address"] == address]
        whole = replace(_history(mine, dates, now - _DAY, asked.midnight), braked=braked)
        proven = _history([row for row in mine if row["of_proven"]], dates, now - _DAY, asked.midnight)
        # A held acknowledgement is the first mail of its case, whatever letter brought it.
        proven = replace(proven, braked=proven_braked, held=whole.held, spared=_spared(mine, asked.midnight))
        found[address] = replace(whole, of_proven=proven)
    return found


def _spared(mails: Sequence[Row], midnight: datetime) -> frozenset[str]:
    """The codes of the cases whose receipts of today all answer letters that nothing proves."""
    today = [row for row in mails if row["kind"] == "receipt" and instant_of(row["created_at"]) >= midnight]
    return frozenset(row["code"] for row in today) - {row["code"] for row in today if row["of_proven"]}


def _history(
    mails: Sequence[Row], promised: Sequence[tuple[str, date]], day_ago: datetime, midnight: datetime
) -> History:
    others = [row for row in mails if row["kind"] != "acknowledgement"]
    waiting = [row for row in mails if row["kind"] == "acknowledgement" and row["state"] == "held"]
    return History(
        written_at=tuple(at for row in mails if (at := instant_of(row["created_at"])) > day_ago),
        goes_at=tuple(at for row in others if (at := instant_of(row["not_before"])) >= midnight),
        promised=tuple(sorted(promised, key=lambda one: (one[1], one[0]))),
        held=MappingProxyType({row["code"]: row["held_for"] for row in waiting if row["held_for"] != "pause"}),
    )


def history(db: Database, address: str, now: datetime, calendar: Calendar, limits: Limits) -> History:
    """The automatic mail of one resident; see `histories`."""
    return histories(db, ask(db, [address], now, calendar, limits), limits)[address]


def _proven_braked(db: Database, lately: Sequence[Row], limits: Limits, now: datetime) -> bool:
    """Whether the brake is on, without mail that answers letters that nothing proves; asked only while it is on."""
    return _is_braked(lately, limits) and _is_braked(_lately(db, limits, now, f" AND {_OF_PROVEN}"), limits)


def _lately(db: Database, limits: Limits, now: datetime, only: str = "") -> Sequence[Row]:
    """
    How many automatic mails to residents count for the brake, up to its number (behaviour.md §2); `only` is a further condition.

    Held mail does not count: it has reached nobody, and would keep the brake on for ever.
    """
    if limits.brake is None:
        return []
    count, seconds = limits.brake
    return db.run(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM outbox WHERE created_at > :since AND {_AUTOMATIC} "
        f"AND state <> 'held'{only} LIMIT :limit) AS lately",
        since=text_of(now - timedelta(seconds=seconds)),
        limit=count,
    )


def _is_braked(lately: Sequence[Row], limits: Limits) -> bool:
    """Whether the brake holds automatic mails to residents now."""
    return limits.brake is not None and int(lately[0]["n"]) >= limits.brake[0]
