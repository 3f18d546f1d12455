"""A mail server delivers to us: such mail has the same intake as fetched mail, and gets no 250 before the commit (P1)."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from ackbot import log_events
from ackbot.casework.council import Council
from ackbot.casework.model import DELIVERED, Arrival
from ackbot.mail.addresses import key_of
from ackbot.work.intake import NOT_THE_MAIL, Intake

_TAKEN = "250 2.0.0 kept"
_LATER = "451 4.3.0 cannot keep it now, try again"

log = structlog.get_logger()


class Mailroom:
    """Takes the mails of wires/lmtp; see there. Any number of threads may use one."""

    def __init__(
        self,
        intake: Intake,
        council: Council,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
        per_minute: int,
    ) -> None:
        """
        Args:
            clock: the time, aware, UTC.
            per_minute: mails that may come within a minute; 0 means no limit.
            on_queued: called when mails were put into the outbox.
        """
        self._intake = intake
        self._clock = clock
        self._on_queued = on_queued
        self._per_minute = per_minute
        self._lately: deque[float] = deque()  # monotonic seconds at which the mails of the last minute came
        self._lock = threading.Lock()
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
        now = self._clock()
        try:
            if self._intake.take(head + content, Arrival(inbox, now, DELIVERED, size=len(content)), now):
                self._on_queued()
        except NOT_THE_MAIL as error:
            log.warning(log_events.DELIVERY_PUT_OFF, inbox=inbox, reason=str(error))
            return _LATER
        except Exception:  # a defect of ours must not bounce a resident's mail: the server keeps it and tries again
            log.exception(log_events.DELIVERY_FAILED, inbox=inbox)
            return _LATER
        return _TAKEN
