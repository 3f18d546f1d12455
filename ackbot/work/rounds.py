"""Clocks fall due: APScheduler says when, the store says what (design.md, "The life of a promise")."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from ackbot.store import Database, StoreBusy, outbox
from ackbot.work.intake import Intake

TICK_S = 15  # seconds between two looks at what is due

log = structlog.get_logger()


class Rounds:
    """What happens because time passes. One scheduler thread, one short round."""

    def __init__(
        self,
        db: Database,
        intake: Intake,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
        on_unverified: Callable[[outbox.Outgoing, datetime], None],
    ) -> None:
        self._db = db
        self._intake = intake
        self._clock = clock
        self._on_queued = on_queued
        self._on_unverified = on_unverified
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin; the first round is at once."""
        self._scheduler.add_job(self.tick, "interval", seconds=TICK_S, id="tick", next_run_time=datetime.now(UTC))
        self._scheduler.start()

    def stop(self) -> None:
        """End after the round that runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """One round. What fails is tried again in the next one."""
        now = self._clock()
        try:
            for one in outbox.recover(self._db, now, alone=False):
                self._on_unverified(one, now)
            if self._intake.retry_quarantined(now):
                self._on_queued()
        except StoreBusy as error:
            log.warning("round put off", reason=str(error))
        except Exception:
            log.exception("round failed")
