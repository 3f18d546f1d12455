"""A backlog of letters with PostgreSQL beside SQLite, and with four workers beside one while the relay is 20 ms away."""

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.letters import letters
from bench.place import Place, daemon, logged_at, monotonic_of
from tests.support.postgres import PostgresServer

_RELAY_MS = 20
_WORKERS = 4


def measured(place: Place, count: int, turns: int) -> Mapping[str, object]:
    """Letters a second, medians of the turns; and the median of the ratios, each taken within a turn."""
    with PostgresServer() as server:
        server.stop()
        server.start("fsync=on")
        sqlite, postgres = _in_turns(
            turns, lambda: _rate(place, count, "", 1), lambda: _rate(place, count, server.new(), 1)
        )
        with tempfile.TemporaryDirectory(prefix="ackbench") as folder:
            Path(folder).chmod(0o755)  # Dovecot walks through it
            with Place(Path(folder), delay_ms=_RELAY_MS) as far:
                one, many = _in_turns(
                    turns,
                    lambda: _rate(far, count, server.new(), 1),
                    lambda: _rate(far, count, server.new(), _WORKERS),
                )
    return {
        "letters": count,
        "SQLite, letters/s": _median(sqlite),
        "PostgreSQL, letters/s": _median(postgres),
        "ratio of them": _ratio(postgres, sqlite),
        f"relay {_RELAY_MS} ms away, one worker": _median(one),
        f"relay {_RELAY_MS} ms away, {_WORKERS} workers": _median(many),
        "ratio of these": _ratio(many, one),
    }


def _in_turns(turns: int, *work: Callable[[], float]) -> tuple[list[float], ...]:
    rounds = [tuple(one() for one in work) for _ in range(turns)]
    return tuple(list(column) for column in zip(*rounds, strict=True))


def _rate(place: Place, count: int, store_url: str, workers: int) -> float:
    """Letters a second from the first worker's start to the last mail."""
    place.empty()
    answered = place.fill(letters(count))
    with contextlib.ExitStack() as running:
        started = [running.enter_context(daemon(place.council(store_url=store_url))) for _ in range(workers)]
        begun = monotonic_of(logged_at(started[0], "started"))
        sent = place.wait_sent(2 * len(answered))
    return count / (max(at for at, _, _ in sent) - begun)


def _median(found: list[float]) -> float:
    return round(statistics.median(found), 1)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)), 2)
