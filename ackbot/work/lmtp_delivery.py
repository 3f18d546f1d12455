"""A mail server delivers to us: such mail has the same intake as fetched mail, and gets no 250 before the commit (P1)."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

import structlog

from ackbot import log_events
from ackbot.casework.council import Council
from ackbot.casework.model import DELIVERED, Arrival
from ackbot.mail.addresses import key_of
from ackbot.store import Database, in_hand
from ackbot.work.aside import Aside
from ackbot.work.intake import NOT_THE_MAIL, Intake
from ackbot.work.quota import QuotaFull
from ackbot.work.reading import put_aside
from ackbot.work.threads import Stop

_TAKEN = "250 2.0.0 kept"
_FULL = "452 4.3.1 no room for more files today, try again"
_LATER = "451 4.3.0 cannot keep it now, try again"
_SLOWLY = "451 4.3.0 reading it takes long, try again"
_REMEMBERED = 1_000
_FORGOTTEN = timedelta(days=7)  # no server tries for longer
SLOWLY_S = 5.0  # the longest a server waits for a mail whose reading takes long

log = structlog.get_logger()


class Mailroom:
    """Takes the mails of wires/lmtp; see there. Any number of threads may use one."""

    def __init__(
        self,
        db: Database,
        intake: Intake,
        council: Council,
        stop: Stop,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
        on_trouble: Callable[[str, str, str, str], None],
        per_minute: int,
    ) -> None:
        """
        Args:
            clock: the time, aware, UTC.
            per_minute: mails that may come within a minute; 0 means no limit.
            on_trouble: as Watcher has it.
            on_queued: called when mails were put into the outbox.
        """
        self._db = db
        self._intake = intake
        self._clock = clock
        self._on_queued = on_queued
        self._on_trouble = on_trouble
        self._per_minute = per_minute
        self._lately: deque[float] = deque()  # monotonic seconds at which the mails of the last minute came
        self._lock = threading.Lock()
        self._aside = Aside(db, intake, stop, clock, on_queued)
        self._taken_late: deque[str] = deque(maxlen=_REMEMBERED)  # keys of mails whose server will bring them once more
        in_hand.forget(db, clock() - _FORGOTTEN)
        self._inboxes = {address: inbox.name for inbox in council.inboxes.values() for address in inbox.addresses}

    def may_send(self) -> str:
        """The reply that puts a mail off; "" if it may come now."""
        if not self._per_minute:
            return ""
        now = time.monotonic()
        with self._lock:
            while self._lately and self._lately[0] <= now - 60:
                self._lately.popleft()
            if len(self._lately) >= self._per_minute:
                return "451 4.7.1 too many mails in a minute, try again"
            self._lately.append(now)
        return ""

    def may_receive(self, recipient: str) -> str:
        """The reply that refuses a recipient; "" for an inbox's address, with or without a tag after "+"."""
        return "" if self._inbox(recipient) else "550 5.1.1 no such inbox here"

    def _inbox(self, recipient: str) -> str:
        address = key_of(recipient)
        local, at, domain = address.rpartition("@")
        return self._inboxes.get(address) or self._inboxes.get(f"{local.partition('+')[0]}{at}{domain}", "")

    def take(self, sender: str, recipients: Sequence[str], content: bytes) -> list[str]:
        """
        Take in one mail for each inbox among its recipients, each in a transaction of its own.

        Args:
            sender: the envelope sender; "" for the null sender.

        Returns:
            The reply for each recipient, in their order (RFC 2033 §4.2).
        """
        by_inbox: dict[str, list[str]] = {}
        for recipient in recipients:
            by_inbox.setdefault(self._inbox(recipient), []).append(recipient)
        replies = {inbox: self._into(inbox, sender, some, content) for inbox, some in by_inbox.items()}
        return [replies[self._inbox(recipient)] for recipient in recipients]

    def _into(self, inbox: str, sender: str, recipients: Sequence[str], content: bytes) -> str:
        # Final delivery adds these fields (RFC 5321 §4.4), so that the rules see what they would see in a mailbox.
        fields = [f"Return-Path: <{sender}>", *(f"Delivered-To: {one}" for one in recipients)]
        head = "".join(f"{field}\r\n" for field in fields).encode("utf-8", "surrogateescape")
        now, raw = self._clock(), head + content
        key = f"{inbox}/{sha256(content).hexdigest()}"
        arrival = Arrival(inbox, now, DELIVERED, size=len(content))
        if key in self._taken_late:
            return _TAKEN
        try:
            return _SLOWLY if key in self._aside else self._take(key, raw, arrival, now)
        except QuotaFull as full:
            log.warning(log_events.DELIVERY_PUT_OFF, inbox=inbox, reason=str(full))
            self._on_trouble(inbox, "kept-files", str(full), "")
            return _FULL
        except NOT_THE_MAIL as error:
            log.warning(log_events.DELIVERY_PUT_OFF, inbox=inbox, reason=str(error))
            return _LATER
        except Exception:  # a defect of ours must not bounce a resident's mail: the server keeps it and tries again
            log.exception(log_events.DELIVERY_FAILED, inbox=inbox)
            return _LATER

    def _take(self, key: str, raw: bytes, arrival: Arrival, now: datetime) -> str:
        """
        A mail that takes long is taken in when it is read, in a case or in quarantine; brought again, it is known then. So is one
        that was in hand when a process ended (E1), after a trial.
        """
        taken = partial(self._taken_late.append, key)
        if in_hand.is_known(self._db, arrival.inbox, DELIVERED, key):
            self._aside.accuse(key, raw, arrival, taken).join(SLOWLY_S)
            return _TAKEN if key in self._taken_late else _SLOWLY
        in_hand.again(self._db, arrival.inbox, DELIVERED, key, now)
        done = True
        try:
            reading = self._intake.begin_reading(raw)
            slowly = put_aside(reading)
            if slowly is not None and wait((slowly,), SLOWLY_S).not_done:
                done = False
                self._aside.put(key, raw, arrival, slowly, taken)
                return _SLOWLY
            if self._intake.take(raw, arrival, now, reading):
                self._on_queued()
            return _TAKEN
        finally:
            if done:
                in_hand.done(self._db, arrival.inbox, DELIVERED, key)
