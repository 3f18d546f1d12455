"""Reader processes: begun, asked, ended. What goes over their sockets: see wires/nursery, mail/reader."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from select import select

import ackbot
from ackbot.errors import AckbotError
from ackbot.mail import plain, reader
from ackbot.mail.plain import NotPlain, Read
from ackbot.wires import nursery

# Its working directory is the folder of the package, so it finds the package without an environment.
COMMAND = (sys.executable, "-m", "ackbot.wires.nursery")
_START_S = 30.0  # seconds that a new nursery may take to get ready
_REPLY_S = 10.0  # seconds that it may take over a request afterwards
_REPLACED_AFTER = 10_000  # mails after which a reader is replaced
_LARGE = 1_000_000  # octets of a mail after which the reader is replaced: it rarely gives the memory back
_GROWN = 300_000_000  # octets of memory above which a reader is replaced
_LOOKED_AFTER = 100  # mails between two looks at the reader's memory
_NICENESS = 10
_PIECE = 65_536  # the most octets written or read at once


class ReadingFailed(AckbotError):
    """The reader's code raised over a mail: a defect of ours. The sentence is the class and place of the error."""


class Ended(AckbotError):
    """A reader is gone, silent for too long, or says what no reader says."""


class NoReader(AckbotError):
    """The machine gives no process to read mails. No mail is to blame."""

    passing = True


class Nursery:
    """Begins readers. Any number of threads may ask; a nursery that ended is replaced."""

    def __init__(self) -> None:
        """Start it; call this before any thread, so that its fork copies none."""
        self._lock = threading.Lock()  # of one request and its answer
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._ready = False
        with theirs:
            # The environment is empty, so the child cannot know a password.
            self._process = subprocess.Popen(  # noqa: S603 - nothing of the command is a stranger's
                COMMAND,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a traceback of a library may hold a resident's words
                env={},
                cwd=Path(ackbot.__file__).parents[1],
                start_new_session=True,  # a Ctrl-C is for the daemon, which ends its readers itself
            )

    def begin(self) -> "Child":
        """
        A new reader.

        Raises:
            NoReader: no process can be had.
        """
        with self._lock:
            for last in (False, True):
                try:
                    return self._begun()
                except (OSError, EOFError) as error:
                    if last or self._closed:
                        raise NoReader(f"no reader can be begun: {type(error).__name__}") from None
                    self._kill()
                    self._start()
        raise AssertionError

    def _begun(self) -> "Child":
        if not self._ready:
            self._reply(len(nursery.READY), _START_S)
            self._ready = True
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [nursery.BEGIN + bytes(4)], [theirs.fileno()])
            return Child(self, int.from_bytes(self._reply(4, _REPLY_S), "big"), ours)
        except BaseException:
            ours.close()
            raise

    def end(self, pid: int) -> int:
        """End a reader, whatever it does. How it ended, as `os.waitpid` tells; -1 where nobody knows."""
        with self._lock:
            try:
                self._control.sendall(nursery.END + pid.to_bytes(4, "big"))
                reply = self._reply(4, _REPLY_S)
                return -1 if reply == nursery.UNKNOWN else int.from_bytes(reply, "big")
            except (OSError, EOFError):
                return -1

    def _reply(self, length: int, seconds: float) -> bytes:
        self._control.settimeout(seconds)
        found = b""
        while len(found) < length:
            piece = self._control.recv(length - len(found))
            if not piece:
                raise EOFError
            found += piece
        return found

    def close(self) -> None:
        """End it, and with it every reader. Whoever waits for one of them sees it end."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # it ends its readers, and then itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._control.close()


class Child:
    """One reader, for one thread."""

    def __init__(self, nursery: Nursery, pid: int, connection: socket.socket) -> None:
        """`connection`: to the process `pid`; closed by `end`."""
        connection.setblocking(False)
        self.pid = pid
        self._nursery = nursery
        self._connection = connection
        self._mails = 0
        self._ended: int | None = None

    def read(self, kind: bytes, raw: bytes, wall_s: float) -> Read:
        """
        What one mail tells.

        Args:
            wall_s: seconds after which its silence is its end.

        Raises:
            Ended: it is of no use any more; the sentence says how it ended.
            ReadingFailed: it could not read this mail, and can read the next.
        """
        until = time.monotonic() + wall_s
        try:
            self._write(kind + len(raw).to_bytes(4, "big") + raw, until)
            answer, content = self._answer(until)
        except TimeoutError:
            self.end()
            raise Ended(f"it was silent for {wall_s:g} seconds") from None
        except (OSError, EOFError):
            raise Ended(_how(self.end())) from None
        self._mails += 1
        if answer == reader.FAILED:
            words = content[:200].decode("ascii", "replace")
            raise ReadingFailed("".join(one for one in words if one.isprintable()) or "no place")
        if answer != reader.READ:
            raise self._nonsense(f"what no reader says ({len(content)} octets)")
        try:
            return plain.unpack(content)
        except NotPlain as problem:
            raise self._nonsense(f"what is no mail: {problem}") from None

    def _nonsense(self, what: str) -> Ended:
        self.end()
        return Ended(f"it answered {what}")

    def is_worn(self, size: int) -> bool:
        """Whether the next mail should have another one, after one of that many octets."""
        if size > _LARGE or self._mails >= _REPLACED_AFTER:
            return True
        return self._mails % _LOOKED_AFTER == 0 and _memory_of(self.pid) > _GROWN

    def give_way(self) -> None:
        """It may take its time: it leaves the processor to all others."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _NICENESS)

    def end(self) -> int:
        """End it, whatever it does. How it ended; see Nursery.end."""
        if self._ended is None:
            self._connection.close()
            self._ended = self._nursery.end(self.pid)
        return self._ended

    def _answer(self, until: float) -> tuple[bytes, bytes]:
        head = self._take(5, until)
        length = int.from_bytes(head[1:], "big")
        if length > plain.LONGEST_PACK:
            raise self._nonsense(f"with {length} octets")
        return head[:1], self._take(length, until)

    def _take(self, length: int, until: float) -> bytes:
        found = bytearray()
        while len(found) < length:
            _wait([self._connection], [], until)
            with contextlib.suppress(BlockingIOError):
                piece = self._connection.recv(min(_PIECE, length - len(found)))
                if not piece:
                    raise EOFError
                found += piece
        return bytes(found)

    def _write(self, content: bytes, until: float) -> None:
        view = memoryview(content)
        while view:
            with contextlib.suppress(BlockingIOError):
                view = view[self._connection.send(view[:_PIECE]) :]
                continue
            _wait([], [self._connection], until)


def _wait(readable: list[socket.socket], writable: list[socket.socket], until: float) -> None:
    if not any(select(readable, writable, [], max(0.0, until - time.monotonic()))):
        raise TimeoutError


def _how(status: int) -> str:
    if status < 0:
        return "it ended, and so did its nursery"
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGPROF:
        return f"it took more than {reader.QUICK_S:g} seconds of processor time"
    return f"it ended by signal {-code}" if code < 0 else f"it ended with {code}"


def _memory_of(pid: int) -> int:
    """Octets in memory; 0 where the system does not tell."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(resident) * os.sysconf("SC_PAGE_SIZE")
