"""Mails that others do not wait for: whose reading takes long, or over which a process may have ended (E1)."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import datetime
from functools import partial

import structlog

from ackbot import log_events
from ackbot.casework.model import Arrival
from ackbot.mail.message import head_of
from ackbot.mail.plain import Read
from ackbot.store import Database, in_hand
from ackbot.work.intake import NOT_THE_MAIL, Intake
from ackbot.work.threads import Stop

MOST_TIMES = 2  # that a mail is decided although a process ended over it, when nothing can be found against it

log = structlog.get_logger()


class Aside:
    """
    What was put aside and is not taken in yet. Any number of threads may use one.

    It keeps mails in memory only. Whoever puts one here has written down before that the mail is there, or leaves it with
    a server that will bring it again.
    """

    def __init__(
        self,
        db: Database,
        intake: Intake,
        stop: Stop,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
    ) -> None:
        """`on_queued`: called when mails were put into the outbox."""
        self._db = db
        self._intake = intake
        self._stop = stop
        self._clock = clock
        self._on_queued = on_queued
        self._keys: set[Hashable] = set()
        self._lock = threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._keys

    def __len__(self) -> int:
        with self._lock:
            return len(self._keys)

    def put(
        self, key: str, raw: bytes, arrival: Arrival, reading: "Future[Read]", taken: Callable[[], None] = lambda: None
    ) -> None:
        """
        Take a mail in when its reading is done, in the thread that read it.

        Args:
            key: by which it is known here and in store/in_hand.
            taken: called after its commit.
        """
        with self._lock:
            self._keys.add(key)
        take = partial(self._intake.take, raw, arrival)
        reading.add_done_callback(lambda read: self._finish(key, arrival, lambda: take(self._clock(), read), taken))

    def accuse(
        self, key: str, raw: bytes, arrival: Arrival, taken: Callable[[], None] = lambda: None
    ) -> threading.Thread:
        """Take in a mail over which a process may have ended, after a trial. See `put`. The thread that does it."""
        with self._lock:
            self._keys.add(key)
        finish = partial(self._finish, key, arrival, lambda: self._tried(key, raw, arrival), taken)
        thread = threading.Thread(target=finish, name="trial", daemon=True)
        thread.start()
        return thread

    def _tried(self, key: str, raw: bytes, arrival: Arrival) -> int:
        survived, now = self._intake.survives(raw, arrival, self._stop), self._clock()
        if survived and in_hand.again(self._db, arrival.inbox, arrival.folder, key, now) < MOST_TIMES:
            return self._intake.take(raw, arrival, now)
        headers = self._intake.survives(head_of(raw), arrival, self._stop)
        return self._intake.keep_unread(raw, arrival, now, headers=headers)

    def _finish(self, key: str, arrival: Arrival, take: Callable[[], int], taken: Callable[[], None]) -> None:
        try:
            if take():
                self._on_queued()
            taken()
            in_hand.done(self._db, arrival.inbox, arrival.folder, key)
        except NOT_THE_MAIL as error:
            log.warning(log_events.LEFT_ASIDE, inbox=arrival.inbox, uid=arrival.uid, reason=type(error).__name__)
        except Exception:
            log.exception(log_events.LEFT_ASIDE, inbox=arrival.inbox, uid=arrival.uid)
        finally:
            with self._lock:
                self._keys.discard(key)
