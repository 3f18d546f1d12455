"""Rounds do what falls due: APScheduler says when to look, the store says what is due (design.md, "The life of a promise")."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from ackbot import log_events
from ackbot.casework import keys
from ackbot.casework.clocks import expiring
from ackbot.casework.council import Council
from ackbot.casework.drafts import to_admin
from ackbot.casework.office import Office
from ackbot.mail.markup import Lines
from ackbot.store import (
    Database,
    StoreBusy,
    StoreProblem,
    clock_set_back,
    daily,
    gauges,
    outbox,
    refusals,
    status,
    tried_out,
)
from ackbot.store.database import text_of
from ackbot.work.absences import Absences
from ackbot.work.alarm_repeats import AlarmRepeats
from ackbot.work.apply import apply
from ackbot.work.canaries import Canaries
from ackbot.work.intake import Intake
from ackbot.work.leave import Leave
from ackbot.work.paused import Paused
from ackbot.work.promises import Promises
from ackbot.work.reporting import Reporting
from ackbot.work.retention import Retention
from ackbot.work.unheard import UnheardRound

NO_CALENDARS: Mapping[str, str] = MappingProxyType({})
TICK_S = 15  # seconds between two looks at what is due
PATIENCE_S = 1800.0  # seconds without progress after which the rounds count as stuck; no step takes that long
_BEAT_S = 10.0  # least time between two signs of life in the store
_NAMED = 50  # the most references in one line of it
_REASONS = 8  # the most reasons for not answering that the admin's daily mail names

log = structlog.get_logger()


class Rounds:
    """Does what becomes due as time passes: one scheduler thread, a short round every TICK_S seconds."""

    def __init__(
        self,
        db: Database,
        office: Office,
        intake: Intake,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
        on_unverified: Callable[[outbox.Outgoing, datetime], None],
        looked: Callable[[], bool] = lambda: True,
        is_ours: Callable[[], bool] = lambda: True,
        calendars: Mapping[str, str] = NO_CALENDARS,
    ) -> None:
        """
        Args:
            clock: the time, aware, UTC.
            on_queued: called when mails were put into the outbox.
            on_unverified: called with each mail of a dead worker of which nobody knows whether it arrived, and the time.
            looked: whether every inbox was swept since the start. Until then no resident is told that there is no news.
            is_ours: whether this worker has to do the rounds now.
            calendars: see `Config.calendars`.
        """
        self._db = db
        self._office = office
        self._intake = intake
        self._clock = clock
        self._on_queued = on_queued
        self._on_unverified = on_unverified
        self._looked = looked
        self._is_ours = is_ours
        self._alarm_repeats = AlarmRepeats(db, office)
        self.leave = Leave(db, office, calendars)
        self._unheard = UnheardRound(db, office)
        self._absences = Absences(db, office)
        self._promises = Promises(db, office)
        self._paused = Paused(db, office)
        self._reporting = Reporting(db, office)
        self._canaries = Canaries(db, office)
        self._retention = Retention(db, office.council)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.progress_at = time.monotonic()
        self._beat_at = -_BEAT_S  # monotonic
        self._last: datetime | None = None  # when the last round was, by the clock
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Start the scheduler. The first round is at once."""
        self._scheduler.add_job(self.tick, "interval", seconds=TICK_S, id="tick", next_run_time=datetime.now(UTC))
        self._scheduler.start()

    def nudge(self) -> None:
        """Bring the next round forward: APScheduler goes by the machine's clock, so after setting that back it waits too long."""
        now = datetime.now(UTC)
        job = self._scheduler.get_job("tick")
        if job is not None and job.next_run_time - now > timedelta(seconds=2 * TICK_S):
            job.modify(next_run_time=now)

    def stop(self, within_s: float) -> bool:
        """Stop after the current step of a round. Returns False if the step did not end within that many seconds."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        ended = self._lock.acquire(timeout=max(0.0, within_s))
        if ended:
            self._lock.release()
        return ended

    def tick(self) -> None:
        """Do one round. A step that fails does not stop the others, and the next round tries it again."""
        with self._lock:
            self._tick(self._clock())

    def _tick(self, now: datetime) -> None:
        # Alarms come before promises, because they are urgent; cover comes before promises, which name who is in charge.
        steps = (
            self._set_back,
            self._recover,
            self._retry_quarantined,
            self._alarm_repeats.run,
            self.leave.run,
            self._unheard.run,
            self._absences.run,
            self._keep_promises,
            self._paused.run,
            self._daily,
            self._expiring,
            self._reporting.run,
            self._canaries.run,
            self._retention.run,
        )
        for work in steps:
            self.progress_at = time.monotonic()
            if self._stopping.is_set() or not self._is_ours():
                return
            self._beat()
            try:
                if work(now):
                    self._on_queued()
            except (StoreBusy, StoreProblem) as error:
                log.warning(log_events.ROUND_PUT_OFF, reason=str(error))
            except Exception:
                log.exception(log_events.ROUND_FAILED)

    def _beat(self) -> None:
        """Show `/health` that the store takes what is written, and that no step hangs."""
        if time.monotonic() < self._beat_at + _BEAT_S:
            return
        try:
            gauges.beat(self._db, self._clock())
            self._beat_at = time.monotonic()
        except (StoreBusy, StoreProblem) as error:
            log.warning(log_events.ROUND_PUT_OFF, reason=str(error))

    def _set_back(self, now: datetime) -> int:
        """
        Make due what waits for an instant of a wrong clock, if the clock shows less than in the last round.

        At a start nobody knows what it showed, so the store is asked too.
        """
        before, self._last = self._last, now
        if before is not None and before <= now:
            return 0
        due = clock_set_back.set_back(self._db, now, self._office.council.urgent.repeat_every.seconds)
        if due or before is not None:
            log.warning(log_events.CLOCK_SET_BACK, mails=due)
        return due

    def _keep_promises(self, now: datetime) -> int:
        """Keep promises, but not before the inboxes were swept: the answer may lie there (D70)."""
        return self._promises.run(now) if self._looked() else 0

    def _recover(self, now: datetime) -> int:
        """Recover the mails of workers whose lease has ended."""
        left = outbox.recover(self._db, now, alone=False)
        for one in left:
            self._on_unverified(one, now)
        return len(left)

    def _retry_quarantined(self, now: datetime) -> int:
        return self._intake.retry_quarantined(now)

    def _daily(self, now: datetime) -> int:
        """Tell the admin at `digest_at`, once a day, what happened since the last such mail, if it is worth telling."""
        council = self._office.council
        today = council.calendar.local_day(now)
        if now < council.calendar.at(today, council.digest_at):
            return 0
        with self._db.transaction():
            last = daily.last(self._db, "daily", today)
            if not daily.begin(self._db, "daily", today, now):
                return 0
            since = council.calendar.at(last or today - timedelta(days=1), council.digest_at)
            days = {name: status.day(self._db, name, text_of(since)) for name in council.inboxes}
            told = [
                {**_shortened(day), "address": council.inboxes[name].address, **self._tried(name, text_of(since))}
                for name, day in days.items()
                if _worth_telling(day)
            ]
            refused = [_refused(one, council) for one in refusals.since(self._db, since)]
            if not told and not refused:
                return 0
            desk = self._office.desk(now)
            words = self._office.templates.day(council.staff_language, council.calendar.local_day(since), today)
            values = {"since": words, "inboxes": told, "refused": refused}
            send = to_admin.about(desk, "daily", keys.daily(today), values, why="the day before at a glance")
            return apply(self._db, [send], desk)

    def _expiring(self, now: datetime) -> int:
        """Warn the admin at `digest_at` of secrets and certificates that end within a month."""
        council = self._office.council
        today = council.calendar.local_day(now)
        if not council.credentials or now < council.calendar.at(today, council.digest_at):
            return 0
        with self._db.transaction():
            if not daily.begin(self._db, "expiring", today, now):
                return 0
            desk = self._office.desk(now)
            return apply(self._db, expiring.warnings(desk), desk)

    def _tried(self, inbox: str, since: str) -> dict[str, Any]:
        """What an inbox in mode shadow would have sent: doubts, counts and three mails whole; nothing of another mode."""
        shadow = self._office.council.inboxes[inbox].mode == "shadow"
        doubts = tried_out.doubts(self._db, inbox, since, _REASONS) if shadow else []
        return {
            "name": inbox,
            "doubts": [
                {
                    "reference": self._office.council.reference_of(row["code"]) if row["code"] else "",
                    "urgent": bool(row["urgent"]),
                    "why": row["why"],
                }
                for row in doubts
            ],
            "kinds": [dict(row) for row in tried_out.kinds(self._db, inbox, since)] if shadow else [],
            "specimens": [
                {"kind": kind, "to": recipient, "words": Lines(words.strip())}
                for kind, recipient, words in (tried_out.specimens(self._db, inbox, since, 3) if shadow else [])
            ],
        }


def _worth_telling(day: Mapping[str, Any]) -> bool:
    return bool(day["would"] or day["not_answered"] or day["junk"])


def _shortened(day: Mapping[str, Any]) -> dict[str, Any]:
    reasons = day["not_answered"]
    more = [f"and {len(reasons) - _REASONS} more reasons"] if len(reasons) > _REASONS else []
    return {**day, "not_answered": [*reasons[:_REASONS], *more]}


def _refused(one: refusals.Refused, council: Council) -> dict[str, Any]:
    """Values for what the relay refused of one kind to one person, with as many references as anybody reads."""
    person = council.staff.get(one.staff)
    more = [f"{len(one.codes) - _NAMED} more"] if len(one.codes) > _NAMED else []
    return {
        "kind": one.kind,
        "person": person.name if person else one.staff,
        "count": one.count,
        "references": [*map(council.reference_of, one.codes[:_NAMED]), *more],
    }
