"""
Child processes read what strangers send, and answer with plain data (wires/readers, mail/plain).

There are two lanes. All mails begin in the quick one, in the order of asking. A mail that takes long there, or ends its reader, is
put aside: the slow lane reads it once more, with all the time that a mail may have, while the quick one goes on with the others.
So a mail that hangs costs the others a quarter of a second, and one that crashes its reader a few milliseconds.
"""

import contextlib
import queue
import threading
from concurrent.futures import Future
from typing import Protocol

import structlog

from ackbot import log_events
from ackbot.errors import AckbotError
from ackbot.mail import message, reader
from ackbot.mail.plain import Read
from ackbot.wires.readers import Child, Ended, NoReader, Nursery

WALL_S = (
    60.0  # seconds of wall time that the slow lane may take over one mail, so that it is long enough on a busy machine
)
QUICK_WALL_S = 2.0  # the same for the quick lane

log = structlog.get_logger()

_Asked = tuple[bytes, bytes, "Future[Read]"]


class Unread(AckbotError):
    """A mail ended every reader that got it. Its bytes must be kept, and it is not read in this process instead."""


class ReadingEnds(AckbotError):
    """The daemon stops before the mail was read. The mail is not to blame, and is read after the next start."""

    passing = True


class PutAside(AckbotError):
    """A mail takes long. Whoever can, goes on with others; `reading` tells what comes of it."""

    def __init__(self, reading: "Future[Read]") -> None:
        super().__init__("reading it takes long")
        self.reading = reading


class Reading(Protocol):
    """A reader of mails."""

    def begin(self, raw: bytes) -> "Future[Read]":
        """Ask for a mail to be read; the answer comes in its turn, in the order of asking. See `put_aside` and `patiently`."""
        ...

    def head(self, raw: bytes) -> Read:
        """What the header section alone tells. Raises Unread, ReadingFailed or ReadingEnds."""
        ...


def put_aside(asked: "Future[Read]") -> "Future[Read] | None":
    """Wait for the quick lane: None when it has an answer, of whatever kind, else what the slow lane will tell."""
    error = asked.exception()
    return error.reading if isinstance(error, PutAside) else None


def patiently(asked: "Future[Read]") -> Read:
    """What a mail tells, however long that takes. Raises Unread, ReadingFailed or ReadingEnds."""
    return (put_aside(asked) or asked).result()


class InProcess:
    """Reads in the calling thread, for commands that look at a mail and exit."""

    def begin(self, raw: bytes) -> "Future[Read]":
        """See Reading."""
        done: Future[Read] = Future()
        try:
            done.set_result(message.read(raw))
        except Exception as error:  # noqa: BLE001 - the future raises it in the caller
            done.set_exception(error)
        return done

    def head(self, raw: bytes) -> Read:
        """See Reading."""
        return message.read_head(raw)


class ReaderProcess:
    """
    Two lanes, each with one reader and the thread that feeds it, in lock-step. Any number of threads may ask.

    `begin` raises nothing; its future raises PutAside, ReadingFailed or ReadingEnds, and that of a mail put aside Unread too.
    """

    def __init__(self) -> None:
        self._nursery = Nursery()  # before any thread, so that a fork copies none
        self._quick: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._slow: queue.SimpleQueue[tuple[str, _Asked] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._child: Child | None = None  # of the quick lane
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("reading", self._run_quick), ("reading slowly", self._run_slow))
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, raw: bytes) -> "Future[Read]":
        """See Reading."""
        return self._ask(reader.QUICK, raw)

    def head(self, raw: bytes) -> Read:
        """See Reading. Headers that end a reader get no other: somebody waits for them."""
        return self._ask(reader.HEAD, message.head_of(raw)).result()  # what follows may be what ended the reader

    def close(self) -> None:
        """End the readers; whatever still waits raises ReadingEnds."""
        with self._lock:
            self._closed = True
        self._nursery.close()
        self._quick.put(None)
        self._slow.put(None)
        for thread in self._threads:
            thread.join(5)
        if (child := self._child) is not None:
            child.end()

    @property
    def pid(self) -> int:
        """Of the reader in the quick lane; 0 for none."""
        child = self._child
        return child.pid if child is not None else 0

    def _ask(self, kind: bytes, raw: bytes) -> "Future[Read]":
        future: Future[Read] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(ReadingEnds("the daemon stops"))
            else:
                self._quick.put((kind, raw, future))
        return future

    def _run_quick(self) -> None:
        while (asked := self._quick.get()) is not None:
            kind, raw, future = asked
            try:
                future.set_result(self._read_quickly(kind, raw))
            except Ended as ended:
                future.set_exception(self._after_the_first(kind, raw, str(ended)))
            except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
                future.set_exception(error)
        with contextlib.suppress(queue.Empty):
            while True:
                if (left := self._quick.get_nowait()) is not None:
                    left[2].set_exception(ReadingEnds("the daemon stops"))

    def _read_quickly(self, kind: bytes, raw: bytes) -> Read:
        self._ends_if_closed()
        if self._child is None:
            self._child = self._begun()
        child = self._child
        try:
            read = child.read(kind, raw, QUICK_WALL_S)
        except Ended:
            self._child = None
            raise
        if child.is_worn(len(raw)):
            self._child = None
            child.end()
        return read

    def _begun(self) -> Child:
        try:
            return self._nursery.begin()
        except NoReader:
            self._ends_if_closed()  # then it was `close` that ended the nursery
            raise

    def _after_the_first(self, kind: bytes, raw: bytes, reason: str) -> AckbotError:
        """What is said of a mail over which a reader ended in the quick lane."""
        with self._lock:
            if self._closed:
                return ReadingEnds("the daemon stops")
            log.warning(log_events.PUT_ASIDE, reason=reason, size=len(raw))
            if kind == reader.HEAD:
                return Unread(f"reading its headers ended a process ({reason})")
            later: Future[Read] = Future()
            self._slow.put((reason, (reader.WHOLE, raw, later)))
            return PutAside(later)

    def _run_slow(self) -> None:
        while (waiting := self._slow.get()) is not None:
            first, (kind, raw, future) = waiting
            try:
                read = self._read_slowly(kind, raw)
            except Ended as ended:
                future.set_exception(self._after_the_second(raw, first, str(ended)))
            except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
                future.set_exception(error)
            else:
                future.set_result(read)
        with contextlib.suppress(queue.Empty):
            while True:
                if (left := self._slow.get_nowait()) is not None:
                    left[1][2].set_exception(ReadingEnds("the daemon stops"))

    def _read_slowly(self, kind: bytes, raw: bytes) -> Read:
        """By a reader of its own, whose memory is given back afterwards."""
        self._ends_if_closed()
        child = self._begun()
        child.give_way()
        try:
            return child.read(kind, raw, WALL_S)
        finally:
            child.end()

    def _after_the_second(self, raw: bytes, first: str, second: str) -> AckbotError:
        with self._lock:
            if self._closed:
                return ReadingEnds("the daemon stops")
        log.error(log_events.READER_ENDED, reason=second, size=len(raw))
        return Unread(f"reading it ended two processes ({'; '.join(dict.fromkeys((first, second)))})")

    def _ends_if_closed(self) -> None:
        with self._lock:
            if self._closed:
                raise ReadingEnds("the daemon stops")
