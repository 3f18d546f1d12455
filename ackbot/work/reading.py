"""
Mails are read apart: a child process reads what strangers send, and answers with plain data (mail/reader, mail/plain).

A mail that hangs it, crashes it, or makes it answer nonsense costs that child, and the next mail goes to another one.
"""

import contextlib
import os
import queue
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import structlog

import ackbot
from ackbot import log_events
from ackbot.errors import AckbotError
from ackbot.mail import message, plain, reader
from ackbot.mail.plain import NotPlain, Read

COMMAND = (
    sys.executable,
    "-m",
    "ackbot.mail.reader",
)  # run beside the package, so that it finds it without an environment
TRIES = 2  # of one mail; whoever ended two readers is not read a third time
WALL_S = 30.0  # the longest a reader may be silent over one mail, however busy the machine is
_START_S = 30.0  # the longest a new one may take until it is ready
_REPLACED_AFTER = 10_000  # mails
_LARGE = (
    1_000_000  # octets of a mail after which the reader is replaced: memory that such a one took is seldom given back
)
_GROWN = 300_000_000  # octets of memory after which it is replaced
_LOOKED_AFTER = 100  # mails between two looks at its memory
_PIECE = 65_536  # octets written or read at once

log = structlog.get_logger()


class Unread(AckbotError):
    """A mail ended every reader that was given it. It is kept as it came, and nobody tries it in this process."""


class ReadingFailed(AckbotError):
    """The reader's code raised over a mail: a defect of ours. The sentence is the class and place of the error."""


class ReadingEnds(AckbotError):
    """The daemon stops. Nothing is said of the mail, and it is read after the next start."""

    passing = True


class Reading(Protocol):
    """Whoever reads mails."""

    def begin(self, raw: bytes) -> "Future[Read]":
        """Ask for a mail to be read; the answer comes in its turn, in the order of asking."""
        ...

    def head(self, raw: bytes) -> Read:
        """What the header section alone tells. Raises as the future of `begin` does."""
        ...


class InProcess:
    """Reads where it is asked, for commands that look at a mail and end."""

    def begin(self, raw: bytes) -> "Future[Read]":
        """See Reading."""
        done: Future[Read] = Future()
        try:
            done.set_result(message.read(raw))
        except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
            done.set_exception(error)
        return done

    def head(self, raw: bytes) -> Read:
        """See Reading."""
        return message.read_head(raw)


class ReaderProcess:
    """
    One reader and the thread that feeds it, in lock-step. Any number of threads may ask.

    `begin` raises nothing; its future raises Unread, ReadingFailed or ReadingEnds.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[bytes, bytes, Future[Read]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._child: _Child | None = _Child()  # before any thread, so that a fork copies none
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
        self._thread.start()

    def begin(self, raw: bytes) -> "Future[Read]":
        """See Reading."""
        return self._ask(reader.WHOLE, raw)

    def head(self, raw: bytes) -> Read:
        """See Reading."""
        return self._ask(reader.HEAD, message.head_of(raw)).result()  # what follows may be what ended the reader

    def close(self) -> None:
        """End the reader; whatever still waits raises ReadingEnds."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            child.kill()
        self._queue.put(None)
        self._thread.join(5)

    @property
    def pid(self) -> int:
        """Of the reader at work; 0 for none."""
        child = self._child
        return child.pid if child is not None else 0

    def _ask(self, kind: bytes, raw: bytes) -> "Future[Read]":
        future: Future[Read] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(ReadingEnds("the daemon stops"))
            else:
                self._queue.put((kind, raw, future))
        return future

    def _run(self) -> None:
        while (asked := self._queue.get()) is not None:
            kind, raw, future = asked
            try:
                future.set_result(self._read(kind, raw))
            except Exception as error:  # noqa: BLE001 - raised where the answer is asked for
                future.set_exception(error)
        while True:
            with contextlib.suppress(queue.Empty):
                if (left := self._queue.get_nowait()) is not None:
                    left[2].set_exception(ReadingEnds("the daemon stops"))
                continue
            return

    def _read(self, kind: bytes, raw: bytes) -> Read:
        reasons = []
        for _ in range(TRIES):
            child = self._present()
            try:
                read = child.read(kind, raw)
            except _Ended as ended:
                self._drop(child)
                self._ends_if_closed()
                log.error(log_events.READER_ENDED, reason=str(ended), size=len(raw))  # noqa: TRY400 - it is all there is to say
                reasons.append(str(ended))
                continue
            if child.is_worn(len(raw)):
                self._drop(child)
            return read
        raise Unread(f"reading it ended two processes ({'; '.join(dict.fromkeys(reasons))})")

    def _present(self) -> "_Child":
        self._ends_if_closed()
        if self._child is None:
            child = _Child()
            with self._lock:
                self._child = child
            self._ends_if_closed()
        return self._child

    def _ends_if_closed(self) -> None:
        with self._lock:
            closed, child = self._closed, self._child
        if closed:
            if child is not None:
                child.kill()
            raise ReadingEnds("the daemon stops")

    def _drop(self, child: "_Child") -> None:
        child.kill()
        with self._lock:
            self._child = None


class _Ended(AckbotError):
    """The child is gone, silent for too long, or says what no reader says."""


class _Child:
    """One process; see mail/reader for what goes over its pipes."""

    def __init__(self) -> None:
        # An empty environment holds no password; what the child imports it finds beside the package.
        self._process = subprocess.Popen(  # noqa: S603 - nothing of the command is a stranger's
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback of a library may hold a resident's words
            env={},
            cwd=Path(ackbot.__file__).parents[1],
            start_new_session=True,  # a Ctrl-C is for the daemon, which ends its reader itself
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._ready = False
        self._mails = 0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def read(self, kind: bytes, raw: bytes) -> Read:
        """
        What one mail tells.

        Raises:
            _Ended: it is of no use any more.
            ReadingFailed: it could not read this mail, and can read the next.
        """
        if not self._ready:
            self._expect(reader.READY, *self._answer(time.monotonic() + _START_S))
            self._ready = True
        until = time.monotonic() + WALL_S
        self._write(kind + len(raw).to_bytes(4, "big"), until)
        self._write(raw, until)
        answer, content = self._answer(until)
        self._mails += 1
        if answer == reader.FAILED:
            words = content[:200].decode("ascii", "replace")
            raise ReadingFailed("".join(one for one in words if one.isprintable()) or "no place")
        self._expect(reader.READ, answer, content)
        try:
            return plain.unpack(content)
        except NotPlain as problem:
            raise _Ended(f"it answered what is no mail: {problem}") from None

    def is_worn(self, size: int) -> bool:
        """Whether the next mail should have another one."""
        if size > _LARGE or self._mails >= _REPLACED_AFTER:
            return True
        return self._mails % _LOOKED_AFTER == 0 and _memory_of(self.pid) > _GROWN

    def kill(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def _expect(self, wanted: bytes, answer: bytes, content: bytes) -> None:
        if answer != wanted:
            raise _Ended(f"it answered what no reader says ({len(content)} octets)")

    def _answer(self, until: float) -> tuple[bytes, bytes]:
        head = self._take(5, until)
        length = int.from_bytes(head[1:], "big")
        if length > plain.LONGEST_PACK:
            raise _Ended(f"it answered with {length} octets")
        return head[:1], self._take(length, until)

    def _take(self, length: int, until: float) -> bytes:
        found = bytearray()
        while len(found) < length:
            self._wait([self._out], [], until)
            try:
                piece = os.read(self._out, min(_PIECE, length - len(found)))
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                piece = b""
            if not piece:
                raise _Ended(self._how_it_ended())
            found += piece
        return bytes(found)

    def _write(self, content: bytes, until: float) -> None:
        view = memoryview(content)
        while view:
            self._wait([], [self._in], until)
            try:
                view = view[os.write(self._in, view[:_PIECE]) :]
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                raise _Ended(self._how_it_ended()) from None

    def _wait(self, readable: list[int], writable: list[int], until: float) -> None:
        try:
            ready = select.select(readable, writable, [], max(0.0, until - time.monotonic()))
        except (OSError, ValueError):
            raise _Ended(self._how_it_ended()) from None
        if not (ready[0] or ready[1]):
            raise _Ended(f"it was silent for {WALL_S:g} seconds")

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            return f"it ended by signal {-code}" if code < 0 else f"it ended with {code}"
        return "it closed its end"


def _memory_of(pid: int) -> int:
    """Octets in memory; 0 where the system does not tell."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(resident) * os.sysconf("SC_PAGE_SIZE")
