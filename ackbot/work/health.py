"""What `/health` and `/metrics` say: facts of the store, by inbox, relay and state; no resident (P11)."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ackbot import __version__
from ackbot.casework.council import Council
from ackbot.store import Database, StoreBusy, StoreProblem, canaries, gauges
from ackbot.store.database import instant_of
from ackbot.wires.health import Answer

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_SILENT = timedelta(minutes=10)  # of an inbox, in addition to two polls; see store/status
_STUCK = timedelta(minutes=10)  # since a mail could have gone out
_NO_BEAT = timedelta(minutes=5)  # the rounds write every few seconds, or between two steps of theirs
_BUCKETS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 86_400.0)  # seconds


class Health:
    """Looks at the store when it is asked. Any number of threads may ask."""

    def __init__(
        self,
        db: Database,
        council: Council,
        polls: Mapping[str, float],
        lanes: tuple[str, ...],
        clock: Callable[[], datetime],
        progress: Callable[[], bool],
    ) -> None:
        """
        Args:
            polls: for each inbox, the longest time between two polls in seconds.
            lanes: the names of all queues.
            clock: the time, aware, UTC.
            progress: whether all threads of this worker live and get on.
        """
        self._db = db
        self._council = council
        self._polls = polls
        self._lanes = lanes
        self._clock = clock
        self._progress = progress
        self._since = clock()
        self._lock = threading.Lock()
        self._mark = gauges.mark(db, self._since)
        self._letters: Counter[tuple[str, str, str]] = Counter()
        self._buckets: dict[str, list[int]] = {name: [0] * (len(_BUCKETS) + 1) for name in council.inboxes}
        self._seconds: dict[str, float] = dict.fromkeys(council.inboxes, 0.0)
        self._seen: set[int] = set()

    def health(self) -> Answer:
        """200 if letters come in, mails go out and the store writes; otherwise 503, and why."""
        now = self._clock()
        try:
            wrong = list(self._wrong(now))
        except (StoreBusy, StoreProblem):
            wrong = ["the store does not answer"]
        said = {"fine": not wrong, "reasons": wrong, "version": __version__, "at": now.isoformat(timespec="seconds")}
        return Answer(503 if wrong else 200, "application/json", json.dumps(said, indent=1) + "\n")

    def _wrong(self, now: datetime) -> Iterator[str]:
        if not self._progress():
            yield "a thread of this worker is stuck or has ended"
        beat = gauges.last_beat(self._db)
        if beat is None:
            yield "nothing was written to the store yet"
        elif now - beat > _NO_BEAT:
            yield f"nothing was written to the store for {_minutes(now - beat)} minutes: it takes nothing, or the rounds are stuck"
        known = gauges.last_answers(self._db)
        for name, poll_s in self._polls.items():
            state, at = known.get(name, ("", None))
            if state == "stopped":
                yield f"inbox {name} is stopped"
            elif at is None:
                yield f"inbox {name} was never swept"
            elif now - at > _SILENT + timedelta(seconds=2 * poll_s):
                yield f"inbox {name} was not swept for {_minutes(now - at)} minutes"
        if self._council.canary_every is not None:
            for name in self._polls:
                last = canaries.last(self._db, name)
                if last is not None and last.lost:
                    yield f"a test mail to inbox {name} has not come back"
        oldest = gauges.oldest_due(self._db, now)
        if oldest is not None and now - oldest > _STUCK:
            yield f"a mail has waited to go out for {_minutes(now - oldest)} minutes"

    def metrics(self) -> Answer:
        """Everything that is counted, as OpenMetrics text (openmetrics.io, 1.0.0)."""
        fine = self.health().status == 200
        with self._lock:
            self._count()
            lines = list(self._lines(self._clock(), fine=fine))
        return Answer(200, OPENMETRICS, "\n".join([*lines, "# EOF", ""]))

    def _count(self) -> None:
        """Add what came since the last time. Counters begin at nought when the worker starts."""
        last, rows = gauges.letters_since(self._db, self._mark)
        for row in rows:
            self._letters[row["inbox"], row["kind"], row["outcome"]] += int(row["n"])
        found = gauges.acknowledged_since(self._db, self._mark.accepted_at, self._lanes)
        at = self._mark.accepted_at
        for row in found:
            accepted_at = instant_of(row["accepted_at"])
            if row["id"] in self._seen or accepted_at < self._since or row["inbox"] not in self._buckets:
                continue
            took = max(0.0, (accepted_at - instant_of(row["arrived_at"])).total_seconds())
            bucket = next((number for number, limit in enumerate(_BUCKETS) if took <= limit), len(_BUCKETS))
            self._buckets[row["inbox"]][bucket] += 1
            self._seconds[row["inbox"]] += took
            at = max(at, accepted_at)
        self._seen = {row["id"] for row in found}
        self._mark = gauges.Mark(last, at)

    def _lines(self, now: datetime, *, fine: bool) -> Iterator[str]:
        yield from _family("ackbot_healthy", "gauge", "1 if /health answers 200.", [("", int(fine))])
        yield from _family(
            "ackbot_build", "info", "The version that runs.", [(f"_info{{version={_quoted(__version__)}}}", 1)]
        )
        letters = [
            (f"_total{{inbox={_quoted(inbox)},kind={_quoted(kind)},outcome={_quoted(outcome or 'none')}}}", count)
            for (inbox, kind, outcome), count in sorted(self._letters.items())
        ]
        yield from _family("ackbot_letters", "counter", "Mails that were taken in since the worker started.", letters)
        yield from _family(
            "ackbot_acknowledgement_seconds",
            "histogram",
            "From the arrival of a letter to the relay's acceptance of its acknowledgement.",
            list(self._histogram()),
            unit="seconds",
        )
        known = gauges.last_answers(self._db)
        lags = [
            (f"{{inbox={_quoted(name)}}}", round((now - at).total_seconds(), 3))
            for name in self._polls
            if (at := known.get(name, ("", None))[1]) is not None
        ]
        yield from _family(
            "ackbot_inbox_lag_seconds", "gauge", "Since the server of an inbox last answered.", lags, unit="seconds"
        )
        states = {name: known.get(name, ("unknown", None))[0] for name in self._polls}
        watched = [(f"{{inbox={_quoted(name)}}}", int(state == "watching")) for name, state in states.items()]
        yield from _family("ackbot_inbox_watched", "gauge", "1 while an inbox is watched.", watched)
        waiting = gauges.waiting(self._db)
        outbox = [
            (f"{{state={_quoted(state)}}}", waiting.get(state, 0))
            for state in ("held", "queued", "claimed", "sending", "unknown", "unverified")
        ]
        yield from _family("ackbot_outbox_mails", "gauge", "Mails of ours that are not over, by state.", outbox)
        oldest = gauges.oldest_due(self._db, now)
        age = round((now - oldest).total_seconds(), 3) if oldest else 0
        yield from _family(
            "ackbot_outbox_oldest_seconds", "gauge", "How long a mail has waited.", [("", age)], unit="seconds"
        )
        troubled = set(gauges.troubled_lanes(self._db))
        relays = [(f"{{relay={_quoted(name)}}}", int(name in troubled)) for name in self._lanes]
        yield from _family("ackbot_relay_troubled", "gauge", "1 while a relay is in trouble.", relays)
        today = self._council.calendar.local_day(now)
        for name, what, count in (
            ("ackbot_alarms_open", "Urgent alarms that nobody has taken.", gauges.alarms(self._db)),
            ("ackbot_clocks_overdue", "Promised dates that have passed.", gauges.overdue(self._db, today)),
            ("ackbot_quarantined_mails", "Mails that could not be read.", gauges.quarantined(self._db)),
            ("ackbot_workers", "Workers that are alive on this store.", gauges.workers(self._db)),
        ):
            yield from _family(name, "gauge", what, [("", count)])

    def _histogram(self) -> Iterator[tuple[str, float]]:
        for inbox, counts in self._buckets.items():
            for number, limit in enumerate((*map(str, _BUCKETS), "+Inf")):
                yield f"_bucket{{inbox={_quoted(inbox)},le={_quoted(limit)}}}", sum(counts[: number + 1])
            yield f"_count{{inbox={_quoted(inbox)}}}", sum(counts)
            yield f"_sum{{inbox={_quoted(inbox)}}}", round(self._seconds[inbox], 6)


def _family(name: str, kind: str, what: str, samples: Sequence[tuple[str, float]], unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {what}"
    yield from (f"{name}{labels} {value}" for labels, value in samples)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds()) // 60
