"""A wall clock that a test moves while programs run: the daemon, its commands, Dovecot."""

import os
import shutil
import struct
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import missing

INSTALL = "needs a C compiler: apt-get install -y --no-install-recommends gcc libc6-dev"


class Clock:
    """The time of every program with `environment`. It goes on by itself, and is set by `go`."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Make the library in a folder that every program may read, and set the time; `now` is aware."""
        if shutil.which("gcc") is None:
            missing(INSTALL)
        self._file, library = folder / "ahead", folder / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self._file)}
        self.go(now)

    def go(self, now: datetime) -> None:
        """Set the time."""
        self._ahead = round(now.timestamp() - time.time())
        file = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(file, struct.pack("<q", self._ahead), 0)
        finally:
            os.close(file)

    def now(self) -> datetime:
        """The time of those programs, UTC."""
        return datetime.fromtimestamp(time.time() + self._ahead, UTC)
