"""Measures how long `--help` and a start of the daemon take."""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from bench.place import Place, cpu_of, daemon, logged_at

_TIMES = 7


def measured(place: Place) -> Mapping[str, object]:
    """Medians from the launch of the process. A busy machine makes the times longer, but not the CPU."""
    place.empty()
    helped, started, cpu = [], [], []
    config = place.council(watch="idle", poll="10 minutes")
    for _ in range(_TIMES):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "ackbot.cli", "--help"], check=True, capture_output=True)
        helped.append(time.monotonic() - begun)
        begun = time.time()
        with daemon(config) as running:
            started.append(logged_at(running, "watching") - begun)
            cpu.append(cpu_of(running))
        running.log.unlink()
    return {
        "--help, ms": round(statistics.median(helped) * 1_000),
        "start to the first IDLE, ms": round(statistics.median(started) * 1_000),
        "CPU of it, ms": round(statistics.median(cpu) * 1_000),
    }
