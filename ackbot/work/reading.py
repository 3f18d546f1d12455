"""
A child process reads what strangers send, and answers with plain data (mail/reader, mail/plain).

A mail that hangs the child, crashes it or makes it answer nonsense costs only that child: a new one reads the next mail.
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

# Its working directory is the folder of the package, so it finds the package without an environment.
COMMAND = (sys.executable, "-m", "ackbot.mail.reader")
TRIES = 2  # readers that one mail may end; it is not given to a third
WALL_S = 30.0  # seconds of wall time that a reader may take over one mail, so that it is long enough on a busy machine
_START_S = 30.0  # seconds that a new reader may take to get ready
_REPLACED_AFTER = 10_000  # mails after which a reader is replaced
_LARGE = 1_000_000  # octets of a mail after which the reader is replaced: it rarely gives the memory back
_GROWN = 300_000_000  # octets of memory above which a reader is replaced
_LOOKED_AFTER = 100  # mails between two looks at the reader's memory
_PIECE = 65_536  # the most octets written or read at once

log = structlog.get_logger()


class Unread(AckbotError):
    """A mail ended every reader that got it. Its bytes must be kept, and it is not read in this process instead."""


class ReadingFailed(AckbotError):
    """The reader's code raised an exception, which is a defect of ours. The sentence is the error's class and place."""


class ReadingEnds(AckbotError):
    """The daemon stops before the mail was read. The mail is not to blame, and is read after the next start."""

    passing = True


class Reading(Protocol):
    """A reader of mails."""

    def begin(self, raw: bytes) -> "Future[Read]":
        """Ask for a mail to be read. Answers come in the order of asking."""
        ...

    def head(self, raw: bytes) -> Read:
        """Read the header section alone, and wait for it. Raises what the future of `begin` raises."""
        ...


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
    One child process and the thread that gives it one mail at a time. Any number of threads may ask.

    `begin` raises nothing. Its future raises Unread, ReadingFailed or ReadingEnds.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[bytes, bytes, Future[Read]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._child: _Child | None = _Child()  # before any thread starts, so that the fork copies no lock in use
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
        self._thread.start()

    def begin(self, raw: bytes) -> "Future[Read]":
        """See Reading."""
        return self._ask(reader.WHOLE, raw)

    def head(self, raw: bytes) -> Read:
        """See Reading."""
        return self._ask(reader.HEAD, message.head_of(raw)).result()  # not the body, which may have ended the reader

    def close(self) -> None:
        """End the child. Mails that still wait raise ReadingEnds."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            child.kill()
        self._queue.put(None)
        self._thread.join(5)

    @property
    def pid(self) -> int:
        """The process id of the child; 0 if there is none now."""
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
            except Exception as error:  # noqa: BLE001 - the future raises it in the caller
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
                self._ends_if_closed()  # then it was `close` that ended the child, and not the mail
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
            self._ends_if_closed()  # `close` may have come before it could see the new child
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
    """The child is gone, was silent for too long, or answered nonsense."""


class _Child:
    """One child process; mail/reader tells what goes over its pipes."""

    def __init__(self) -> None:
        # The environment is empty, so the child cannot know a password.
        self._process = subprocess.Popen(  # noqa: S603 - no part of the command comes from a stranger
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's traceback may hold a resident's words (P11)
            env={},
            cwd=Path(ackbot.__file__).parents[1],
            start_new_session=True,  # so that Ctrl-C reaches only the daemon, which ends its child itself
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
        """The process id."""
        return self._process.pid

    def read(self, kind: bytes, raw: bytes) -> Read:
        """
        Have one mail read.

        Raises:
            _Ended: the child can no longer be used.
            ReadingFailed: the child could not read this mail, but it can read the next.
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
        """Whether to replace the child before the next mail, after a mail of that many octets."""
        if size > _LARGE or self._mails >= _REPLACED_AFTER:
            return True
        return self._mails % _LOOKED_AFTER == 0 and _memory_of(self.pid) > _GROWN

    def kill(self) -> None:
        """Kill the child, and close its pipes."""
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
    """Octets of resident memory; 0 if the system does not tell."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(resident) * os.sysconf("SC_PAGE_SIZE")
