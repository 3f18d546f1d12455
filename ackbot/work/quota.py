"""How much of delivered mail is kept as it came: a quota for a day and one in all, so that nobody fills the disk (E13)."""

import threading
import time
from datetime import datetime, timedelta

from ackbot.errors import AckbotError
from ackbot.store import Database, arrivals

_COUNTED_S = 60.0  # seconds between two counts of what the store keeps; in between, this process adds its own
_DAY = timedelta(days=1)


class QuotaFull(AckbotError):
    """The mail cannot be kept now, and is not to blame. The sentence names the key and its value."""

    passing = True


class Quota:
    """Any number of threads may use one. Workers that share a store see what others kept within a minute."""

    def __init__(self, db: Database, per_day: int, in_all: int) -> None:
        """
        Args:
            per_day: octets that may be kept within 24 hours; 0 for no limit.
            in_all: octets that may be kept altogether; 0 for no limit.
        """
        self._db = db
        self._per_day = per_day
        self._in_all = in_all
        self._lock = threading.Lock()
        self._counted_at = -_COUNTED_S  # monotonic
        self._kept = arrivals.Kept(0, 0)

    def take(self, octets: int, now: datetime) -> None:
        """
        Count a mail that is about to be kept.

        Raises:
            QuotaFull: there is no room for it.
        """
        with self._lock:
            if time.monotonic() - self._counted_at > _COUNTED_S:
                self._kept = arrivals.kept(self._db, now - _DAY)
                self._counted_at = time.monotonic()
            for key, limit, used in (
                ("lmtp_keep_per_day", self._per_day, self._kept.lately),
                ("lmtp_keep", self._in_all, self._kept.in_all),
            ):
                if limit and used + octets > limit:
                    raise QuotaFull(f"{key} is {limit // 1_000_000} MB, and {used // 1_000_000} MB are kept")
            self._kept = arrivals.Kept(self._kept.in_all + octets, self._kept.lately + octets)
