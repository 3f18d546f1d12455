"""How long `--help` and a start take."""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from bench.place import Place, daemon, logged_at

_TIMES = 7


def measured(place: Place) -> Mapping[str, object]:
    """Medians, from the launch of the process."""
    place.empty()
    helped, started = [], []
    config = place.council(watch="idle", poll="10 minutes")
    for _ in range(_TIMES):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "ackbot.cli", "--help"], check=True, capture_output=True)
        helped.append(time.monotonic() - begun)
        begun = time.time()
        with daemon(config) as running:
            started.append(logged_at(running, "watching") - begun)
        running.log.unlink()
    return {
        "--help, ms": round(statistics.median(helped) * 1_000),
        "start to the first IDLE, ms": round(statistics.median(started) * 1_000),
    }
