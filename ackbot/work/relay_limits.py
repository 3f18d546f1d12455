"""Limits of the mails that a login may send through a relay: per minute and per day."""

import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from ackbot.store import Database, outbox, relay_allowance

_MINUTE_S, _DAY_S = 60.0, 86_400.0


class Limiter:
    """
    Counts a login's mails in this process. All connections of a lane share one, from any thread.

    Args:
        per_minute, per_day: the most mails within any minute, and within any 24 hours; 0 means no limit.
        sent: monotonic seconds at which mails of the last 24 hours were sent, oldest first.
    """

    def __init__(self, per_minute: int, per_day: int, sent: Iterable[float] = ()) -> None:
        self._per_minute, self._per_day = per_minute, per_day
        self._sent = deque(sent)
        self._lock = threading.Lock()

    def take(self, wanted: int, now: float, *, spare: bool = False) -> tuple[int, float]:
        """
        How many of the wanted mails may go at monotonic `now`; if none, in how many seconds to ask again.

        Args:
            spare: they are such as the rest of the day is kept for, see `relay_allowance.within`.
        """
        day = relay_allowance.within(self._per_day, spare=spare)
        limits = [(span, limit) for span, limit in ((_MINUTE_S, self._per_minute), (_DAY_S, day)) if limit]
        if not limits:
            return wanted, 0.0
        with self._lock:
            while self._sent and self._sent[0] <= now - _DAY_S:
                self._sent.popleft()
            free, wait = wanted, 0.0
            for span, limit in limits:
                recent = [at for at in self._sent if at > now - span]
                if limit - len(recent) < free:
                    free = max(0, limit - len(recent))
                    wait = max(wait, recent[-limit] + span - now) if free == 0 else wait
            self._sent.extend([now] * free)
            return free, wait

    def give_back(self, count: int) -> None:
        """So many mails were allowed and not sent, and no longer count."""
        with self._lock:
            for _ in range(min(count, len(self._sent))):
                self._sent.pop()


class SharedLimiter:
    """Counts a login's mails in the store, by the store's clock, because several workers send through the same relay."""

    def __init__(self, db: Database, lane: str, per_minute: int, per_day: int) -> None:
        self._db = db
        self._lane = lane
        self._limits = (per_minute, per_day)

    def take(self, wanted: int, _now: float, *, spare: bool = False) -> tuple[int, float]:
        """See Limiter.take."""
        return relay_allowance.take(self._db, self._lane, *self._limits, wanted, spare=spare)

    def give_back(self, count: int) -> None:
        """See Limiter.give_back."""
        if count and any(self._limits):
            relay_allowance.give_back(self._db, self._lane, count)


Limits = Limiter | SharedLimiter


def limiter_of(db: Database, lane: str, per_minute: int, per_day: int, now: datetime) -> Limits:
    """The limiter of a lane. Mails sent in the last 24 hours count, also those sent before a restart."""
    if db.shared:
        return SharedLimiter(db, lane, per_minute, per_day)
    monotonic = time.monotonic()
    sent = outbox.accepted_since(db, lane, now - timedelta(seconds=_DAY_S))
    return Limiter(per_minute, per_day, [monotonic - max(0.0, (now - at).total_seconds()) for at in sent])
