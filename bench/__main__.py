"""
Runs the whole bench in some minutes, prints tables and writes JSON. It needs a checkout, its test packages and Dovecot.

Numbers from one machine say little, and from a busy one even less. So what is compared runs in turns: quote the ratio.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import backlog, latency, memory, rounds, stages, startup, stores
from bench.place import Place

_PARTS = ("backlog", "latency", "stages", "rounds", "memory", "startup", "stores")


def main() -> None:
    """Run the parts that are asked for, in order."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)}; default: all")
    parser.add_argument("--letters", type=int, default=1_000, help="of a backlog (1000)")
    parser.add_argument("--turns", type=int, default=3, help="of ackbot and the bare loop each (3)")
    parser.add_argument(
        "--million", action="store_true", help="rounds among a million cases too: 4 GB of disk, minutes"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures go (bench.json)")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    sizes = (1_000, 100_000, 1_000_000) if asked.million else (1_000, 100_000)
    work: dict[str, Callable[[Place], Mapping[str, Any]]] = {
        "backlog": lambda place: backlog.measured(place, asked.letters, asked.turns),
        "latency": lambda place: latency.measured(place, 100),
        "stages": lambda place: stages.measured(place.folder, 300),
        "rounds": lambda place: rounds.measured(place, sizes),
        "memory": memory.measured,
        "startup": startup.measured,
        "stores": lambda place: stores.measured(place, asked.letters // 2, asked.turns),
    }
    found: dict[str, Any] = {"machine": _machine(), "at": datetime.now(UTC).isoformat(timespec="minutes")}
    found["load at the start"] = round(os.getloadavg()[0], 1)
    print(*found.values(), sep=", ")
    for part in asked.parts or _PARTS:
        with tempfile.TemporaryDirectory(prefix="ackbench") as folder:
            os.chmod(folder, 0o755)  # Dovecot walks through it
            with Place(Path(folder)) as place:
                found[part] = work[part](place)
        print(f"\n{part}\n{_table(found[part])}", flush=True)
    asked.json.write_text(json.dumps(found, indent=1) + "\n")


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}"


def _table(found: Mapping[str, Any]) -> str:
    """The figures as lines of text, in columns if there are several of each."""
    if not all(isinstance(row, Mapping) for row in found.values()):
        return "\n".join(f"  {name:36}{value:>12}" for name, value in found.items())
    names = list(next(iter(found.values())))
    lines = [f"  {'':36}" + "".join(f"{column:>20}" for column in found)]
    lines += [f"  {name:36}" + "".join(f"{row[name]:>20}" for row in found.values()) for name in names]
    return "\n".join(lines)


main()
