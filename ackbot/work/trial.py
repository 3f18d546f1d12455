"""A mail that was in hand when a process ended is tried by another program first, before it may end the next one (E1)."""

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import structlog

from ackbot import log_events
from ackbot.casework.model import Arrival
from ackbot.work.reading import ReadingEnds
from ackbot.work.threads import Stop

CPU_S = 20  # of processor time, the start of the program included
WALL_S = 120.0
MEMORY = 2_000_000_000  # octets of address space
_LOOKS_S = 0.05  # between two looks at whether it is done

log = structlog.get_logger()


class Trial:
    """Lets `ackbot explain`, which is the daemon's own path and writes nothing, decide about a mail. One at a time."""

    def __init__(self, config: Path) -> None:
        """`config`: the file that the daemon has its configuration from."""
        self._config = config
        self._lock = threading.Lock()

    def survives(self, raw: bytes, arrival: Arrival, stop: Stop | None = None) -> bool:
        """
        Whether a mail can be decided without harm. What fails for another reason, such as a store that cannot be opened, says
        nothing against the mail.

        Raises:
            ReadingEnds: `stop` was set before it was done.
        """
        with self._lock, tempfile.TemporaryFile() as mail, tempfile.TemporaryFile() as told:
            mail.write(raw)
            mail.seek(0)
            words = ["-c", str(self._config), "explain", "--json", "--inbox", arrival.inbox]
            process = subprocess.Popen(  # noqa: S603 - nothing of the command is a stranger's
                [sys.executable, "-m", "ackbot.cli", *words, "--at", arrival.arrived_at.isoformat(), "-"],
                stdin=mail,
                stdout=told,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            _limit(process.pid)
            until = time.monotonic() + WALL_S
            stop = stop or Stop()
            while process.poll() is None and time.monotonic() < until and not stop.wait(_LOOKS_S):
                pass
            if process.returncode is None:
                process.kill()
                process.wait()
                if stop.is_set():
                    raise ReadingEnds("the daemon stops")
            told.seek(0)
            survived = process.returncode >= 0 and not _is_unreadable(told.read())
        log.info(log_events.TRIED, inbox=arrival.inbox, uid=arrival.uid, survived=survived)
        return survived


def _limit(pid: int) -> None:
    """What it can take of the machine. From outside: between fork and exec of a process with threads nothing of Python may run."""
    for what, most in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        try:
            resource.prlimit(pid, what, (most, most))
        except (ProcessLookupError, ValueError, PermissionError):  # it is done already, or has less
            return


def _is_unreadable(told: bytes) -> bool:
    try:
        return bool(json.loads(told)["kind"] == "unreadable")
    except (ValueError, LookupError, TypeError):
        return False
