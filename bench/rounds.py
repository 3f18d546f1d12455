"""Measures the rounds of a day among a thousand, a hundred thousand and a million open cases, ten of which are due."""

import resource
import statistics
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ackbot.config import load
from ackbot.daemon import Daemon
from ackbot.store import Database, open_database
from ackbot.store.database import text_of
from bench.place import Place

_DUE = 10
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
_FAR = "2027-06-30"
_MOMENTS = {  # on Tuesday 1 December; London time is UTC in winter
    "midnight: who is away": timedelta(days=1, minutes=1),
    "08:30: digests": timedelta(days=1, hours=8, minutes=31),
    "13:00: overdue": timedelta(days=1, hours=13, minutes=1),
    "15:00: the truth": timedelta(days=1, hours=15, minutes=1),
}
_TICKS = 20


def measured(place: Place, sizes: tuple[int, ...]) -> Mapping[str, Mapping[str, object]]:
    """The CPU milliseconds of each round, by the number of open cases."""
    return {f"{size:,} open cases": _rounds(place, size) for size in sizes}


def _rounds(place: Place, size: int) -> Mapping[str, object]:
    path = place.council()
    config = load(path)
    now = [_MONDAY + timedelta(hours=23)]
    Daemon(config, clock=lambda: now[0])._db.close()  # it made the store
    db = open_database(config.store_url)
    _fill(db, size)
    db.close()
    found: dict[str, object] = {}
    daemon: list[Daemon] = []
    found["start, ms"] = _spent(lambda: daemon.append(Daemon(config, clock=lambda: now[0])))
    daemon[0].runtime._sweep_until = 0.0  # nothing is watched here, and promises wait until every inbox was swept
    rounds = daemon[0].runtime._rounds
    found["first round, ms"] = _spent(rounds.tick)
    for name, moment in _MOMENTS.items():
        now[0] = _MONDAY + moment
        found[f"{name}, ms"] = _spent(rounds.tick)
    ticks = []
    for _ in range(_TICKS):
        now[0] += timedelta(seconds=15)
        ticks.append(_spent(rounds.tick))
    found["every 15 s, ms"] = round(statistics.median(ticks), 2)
    mails = daemon[0]._db.run("SELECT COUNT(*) AS n FROM outbox WHERE id > :size", size=size)
    found["mails written"] = sum(row["n"] for row in mails)
    if not found["mails written"]:
        raise RuntimeError("no round wrote a mail: the figures above would be those of rounds that do nothing")
    daemon[0]._db.close()
    for end in ("", "-wal", "-shm"):
        Path(f"{path.parent}/ackbot.db{end}").unlink(missing_ok=True)
    return found


def _spent(work: Callable[[], object]) -> float:
    """The CPU milliseconds that `work` takes in this process."""
    begun = resource.getrusage(resource.RUSAGE_SELF)
    work()
    ended = resource.getrusage(resource.RUSAGE_SELF)
    return round((ended.ru_utime - begun.ru_utime + ended.ru_stime - begun.ru_stime) * 1_000, 2)


def _code(number: int) -> str:
    letters = ""
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[digit]
    return letters


def _fill(db: Database, size: int) -> None:
    """Insert open cases whose next word is due in summer, except for ten of which it is due on Tuesday."""
    connection = db._connection  # type: ignore[attr-defined] # SQLite's own: only here are rows added by the hundred thousand
    connection.execute("BEGIN")
    for sql, rows in (
        (
            "INSERT INTO cases (code, state, inbox, resident_address, resident_name, subject, team, owner, standard, language, sensitive, "
            "opened_at, last_letter_at) VALUES (?, 'open', 'housing', ?, 'A Resident', 'Damp', 'housing', ?, 'enquiry', 'en', 0, ?, ?)",
            _rows(size, lambda n, code, at: (code, f"r{n}@resident.example", ("priya", "sam")[n % 2], at, at)),
        ),
        (
            "INSERT INTO parties (code, address) VALUES (?, ?)",
            _rows(size, lambda n, code, at: (code, f"r{n}@resident.example")),
        ),
        (
            "INSERT INTO letters (fingerprint, state, message_id, from_key, subject, subject_key, text, text_hash, headers, language, "
            "arrived_at, decided_at, kind, outcome, rule, why, acknowledged, code) VALUES (?, 'decided', ?, ?, 'Damp', 'damp', "
            "'There is damp in our flat.', ?, '{}', 'en', ?, ?, 'letter', 'case', '', '', 1, ?)",
            _rows(
                size, lambda n, code, at: (f"f{n}", f"<{n}@r.example>", f"r{n}@resident.example", f"h{n}", at, at, code)
            ),
        ),
        (
            "INSERT INTO arrivals (inbox, folder, uidvalidity, uid, letter_id, arrived_at, recorded_at, size) VALUES ('housing', 'INBOX', 1, "
            "?, ?, ?, ?, 3000)",
            _rows(size, lambda n, code, at: (n + 1, n + 1, at, at)),
        ),
        (
            "INSERT INTO clocks (code, kind, state, promised_on, due_at, told, counted_from, duration, started_at, why) "
            "VALUES (?, 'update', 'running', ?, ?, 1, ?, '5 working days', ?, '')",
            _rows(size, lambda n, code, at: (code, _day(n, size), f"{_day(n, size)}T17:00:00.000000Z", at, at)),
        ),
        (
            "INSERT INTO clocks (code, kind, state, promised_on, due_at, told, counted_from, duration, started_at, why) "
            "VALUES (?, 'answer', 'running', ?, ?, 0, ?, '10 working days', ?, '')",
            _rows(size, lambda n, code, at: (code, _FAR, f"{_FAR}T17:00:00.000000Z", at, at)),
        ),
        (
            "INSERT INTO outbox (dedupe_key, state, kind, priority, code, inbox, lane, staff, recipient, recipient_key, envelope_from, "
            "message_id, content, attachments, created_at, not_before, accepted_at) VALUES (?, 'accepted', 'acknowledgement', 1, ?, "
            "'housing', 'default', '', ?, ?, '', ?, 'x', '', ?, ?, ?)",
            _rows(
                size, lambda n, code, at: (f"ack:f{n}", code, *[f"r{n}@resident.example"] * 2, f"<a{n}@x>", at, at, at)
            ),
        ),
        (
            "INSERT INTO events (at, code, letter_id, inbox, kind, why, data) VALUES (?, ?, ?, 'housing', 'OpenCase', '', '{}')",
            _rows(size, lambda n, code, at: (at, code, n + 1)),
        ),
        (
            "INSERT INTO staff_load (staff, open_cases, assigned_at) VALUES (?, ?, ?)",
            iter([(one, size // 2, text_of(_MONDAY)) for one in ("priya", "sam")]),
        ),
    ):
        connection.executemany(sql, rows)
    connection.execute("COMMIT")


def _rows(size: int, row: Callable[[int, str, str], tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    at = text_of(_MONDAY - timedelta(days=60))
    return (row(number, _code(number), at) for number in range(size))


def _day(number: int, size: int) -> str:
    return "2026-12-01" if number % (size // _DUE) == 0 else _FAR
