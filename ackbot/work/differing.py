"""What a changed configuration would touch: settings, people, open cases, their dates, and the letters of the last weeks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from ackbot.casework.council import Council
from ackbot.casework.cover import has_left
from ackbot.casework.intents import OpenCase
from ackbot.casework.model import Case
from ackbot.casework.worktime import Calendar, Duration
from ackbot.config import Config
from ackbot.store import Database, cases, every_mail
from ackbot.store.database import Row, instant_of, text_of
from ackbot.work.explain import explain
from ackbot.work.recompute import anew

_AT_ONCE = 200  # cases read at once
_LONGEST = 60  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Everything that differs, as sentences, each part in a list of its own.

    Args:
        settings: what the files say differently.
        cases: open cases whose owner, cover, team, inbox or standard the new file no longer has.
        dates: dates that nobody was told yet, and that would move.
        letters: letters that would have been decided otherwise.
        looked_at: how many letters were decided by both; `gone` are those whose text is no longer kept.
    """

    settings: list[str]
    cases: list[str]
    dates: list[str]
    letters: list[str]
    looked_at: int = 0
    gone: int = 0


def settings(old: Council, new: Council) -> list[str]:
    """What two configurations say differently: tables by name, and their keys."""
    found: list[str] = []
    for one in fields(Council):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if isinstance(before, Mapping):
            found += _entries(one.name, before, after)
        else:
            found += _values(one.name, before, after)
    return found


def _entries(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield f"{table} {name}: removed"
        elif name not in old:
            yield f"{table} {name}: added"
        else:
            yield from _values(f"{table} {name}", old[name], new[name])


def _values(name: str, old: Any, new: Any) -> Iterator[str]:
    if _same(old, new):
        return
    if is_dataclass(old) and is_dataclass(new) and type(old) is type(new) and not isinstance(old, Calendar | Duration):
        for one in fields(old):
            yield from _values(f"{name}.{one.name}", getattr(old, one.name), getattr(new, one.name))
        return
    before, after = _shown(old), _shown(new)
    short = max(len(before), len(after)) <= _LONGEST
    yield f"{name}: {before} → {after}" if short else f"{name}: changed"


def _same(old: Any, new: Any) -> bool:
    return bool(_plain(old) == _plain(new))


def _plain(value: Any) -> Any:
    """A calendar without what it has reckoned so far."""
    if isinstance(value, Calendar):
        return (str(value.timezone), value.week, value.nations, value.closed, value.extra)
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Duration):
        return value.text
    if isinstance(value, tuple | frozenset) and all(isinstance(one, str) for one in value):
        return ", ".join(sorted(value) if isinstance(value, frozenset) else value) or "none"
    return str(value) if isinstance(value, str | int | float | bool) and value != "" else repr(value)


def difference(old: Config, new: Config, db: Database | None, since: datetime, now: datetime) -> Difference:
    """
    Compare two configurations on what the store has.

    Args:
        db: the store; None compares the files alone.
        since: letters since then are decided by both, each as if nobody had any case yet.
    """
    found = Difference(settings(old.council, new.council), [], [], [])
    if db is None:
        return found
    codes = cases.open_codes(db)
    for start in range(0, len(codes), _AT_ONCE):
        for case in cases.by_code(db, codes[start : start + _AT_ONCE]).values():
            found.cases.extend(_touched(case, old.council, new.council, now))
            found.dates.extend(_moved(case, new.council))
    rows = every_mail.decided_since(db, text_of(since))
    kept = [row for row in rows if row["text"]]
    for row in kept:
        before, after = _decided(row, old), _decided(row, new)
        changed = [
            f"{name} {before.get(name) or 'none'} → {after.get(name) or 'none'}"
            for name in dict.fromkeys((*before, *after))
            if before.get(name) != after.get(name)
        ]
        if changed:
            reference = new.council.reference_of(row["code"]) if row["code"] else "a mail without a case"
            found.letters.append(f"{reference}: {'; '.join(changed)}")
    return Difference(found.settings, found.cases, found.dates, found.letters, len(kept), len(rows) - len(kept))


def _touched(case: Case, old: Council, new: Council, now: datetime) -> Iterator[str]:
    reference, today = new.reference_of(case.code), new.calendar.local_day(now)
    for what, person in (("owner", case.owner), ("cover", case.cover)):
        known = new.staff.get(person)
        if person in old.staff and (known is None or has_left(known, today)):
            yield f"{reference}: its {what} {person} is no longer here"
    for what, name, known_names in (
        ("inbox", case.inbox, (old.inboxes, new.inboxes)),
        ("team", case.team, (old.teams, new.teams)),
        ("standard", case.standard, (old.standards, new.standards)),
    ):
        if name in known_names[0] and name not in known_names[1]:
            yield f"{reference}: its {what} {name} is no longer there"


def _moved(case: Case, new: Council) -> Iterator[str]:
    """Dates that would move; one that the resident was told never does (P9)."""
    for clock in case.clocks:
        day = anew(clock, case.standard, case.inbox, new).promised_on
        if day != clock.promised_on:
            yield f"{new.reference_of(case.code)}: {clock.kind} {clock.promised_on} → {day}"


def _decided(row: Row, config: Config) -> dict[str, str]:
    """What a configuration makes of a letter, through the path of `explain`."""
    inbox = row["inbox"] if row["inbox"] in config.council.inboxes else ""
    considered = explain(_rebuilt(row), config, inbox=inbox, at=instant_of(row["arrived_at"])).considered
    if considered is None:
        return {"outcome": "unreadable"}
    decision = considered.decision
    opened = next((one.case for one in decision.intents if isinstance(one, OpenCase)), None)
    return {
        "outcome": decision.outcome,
        "acknowledged": "yes" if decision.acknowledge else "no",
        "team": opened.team if opened else "",
        "owner": decision.owner,
        "standard": decision.standard,
        "urgent": ", ".join(decision.urgent),
        **{clock.kind: clock.promised_on.isoformat() for clock in decision.clocks},
    }


def _rebuilt(row: Row) -> bytes:
    """The letter as far as it is kept: the header fields that rules look at, and its visible text."""
    kept: Mapping[str, Sequence[str]] = json.loads(row["headers"])
    lines = [f"{name}: {_one_line(value)}" for name, values in kept.items() for value in values]
    text, subject = str(row["text"]), _one_line(row["subject"])
    head = [*lines, f"Subject: {subject}", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    return ("\r\n".join(head) + "\r\n\r\n" + text).encode("utf-8", "replace")


def _one_line(value: str) -> str:
    return " ".join(value.splitlines())
