"""
How the time of a function grows with its input, measured in child processes: what hangs is a finding, and hangs nobody.

`python -m tests.support.growth MODULE GROUP FIRST STEP` is such a child: MODULE has `cases(group)`, of which it measures every
STEP-th from FIRST on. Times are CPU seconds of that process, so that a busy machine changes little.
"""

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Act = Callable[[Any], object]
SIZES = (131_072, 262_144, 524_288, 1_048_576)  # octets or characters: 1, 2, 4, 8 times
STEEP_TWICE = 3.0  # more time than this for twice the input is steep; linear is 2, a square is 4
STEEP_FOUR_TIMES = 8.0  # and more than this for four times; linear is 4, a square is 16
FAST_S = 0.03  # what takes less at its largest is no danger, and too short to compare
FAST_TIMES = 6.0  # nor is what takes at most so many times as long as an ordinary text of that length
AT_MOST_S = 4.0  # for any input: the reader ends a mail after 5 s
_LIMIT_S = 10.0  # for one run: the kernel ends the child then, inside of a C library too
_WALL_S = 120  # the same, should it sleep
_TICK_S = 0.001  # what takes less takes this: a first run that loads something may stand beside times of nothing
_COLLECTED_AFTER = 200  # cases
_MEMORY = 3 * 1024**3  # octets


@dataclass(frozen=True, slots=True)
class Case:
    """
    One function and one kind of input.

    Args:
        kind: of cases that do the same with ordinary input; `ordinary` is measured once for all of them.
        grown: the input of a size.
        ordinary: an input of a size as people write it.
        sizes: each twice the one before it, four of them.
    """

    name: str
    kind: str
    act: Act
    grown: Callable[[int], Any]
    ordinary: Callable[[int], Any]
    sizes: Sequence[int] = SIZES


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds of CPU for each size that was run; `problem` is "" for what grows no faster than its input."""

    name: str
    seconds: tuple[float, ...]
    problem: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem} ({', '.join(f'{one:.3f}' for one in self.seconds)} s)"


def measured(module: str, group: str) -> list[Growth]:
    """All cases of a group, by as many children at once as there are cores."""
    names = [one.name for one in import_module(module).cases(group)]
    children = os.cpu_count() or 1
    with ThreadPoolExecutor(children) as pool:
        parts = pool.map(lambda first: list(_part(module, group, names, first, children)), range(children))
        return [one for part in parts for one in part]


def _part(module: str, group: str, names: Sequence[str], first: int, step: int) -> Iterator[Growth]:
    """Every `step`-th case, by one child after another for as long as each lives."""
    while first < len(names):
        for found in _by_one_child(module, group, names, first, step):
            yield found
            first += step


def _by_one_child(module: str, group: str, names: Sequence[str], first: int, step: int) -> Iterator[Growth]:
    """What one child says, until it has measured everything, or has ended over a case, which then is the last."""
    command = [sys.executable, "-m", "tests.support.growth", module, group, str(first), str(step)]
    seconds: Sequence[float] = ()
    with (
        tempfile.TemporaryDirectory(prefix="growth") as folder,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": folder}
        ) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            found = json.loads(line)
            seconds = found["seconds"]
            if "problem" in found:
                yield Growth(names[first], tuple(seconds), found["problem"])
                first, seconds = first + step, ()
    if first < len(names):
        problem = f"takes over {_LIMIT_S:.0f} s, or ends its process ({child.returncode})"
        yield Growth(names[first], tuple(seconds), problem)


class _Stopwatch:
    """Measures cases, and remembers how long ordinary input of each kind and size takes."""

    def __init__(self) -> None:
        self._ordinary: dict[tuple[str, int], float] = {}
        self._measured = 0

    def measure(self, one: Case) -> None:
        """The largest size first: where that is fast, the others say nothing. What looks steep is measured once more."""
        seconds: list[float] = []
        try:
            _say({"seconds": []})
            largest = _seconds(one.act, one.grown(one.sizes[-1]))
            seconds, problem = [largest], ""
            if largest > self._fast(one):
                for again in (False, True):
                    seconds = self._each(one, [] if again else [largest])
                    problem = _problem(seconds)
                    if not problem:
                        break
        except Exception as error:  # noqa: BLE001 - whatever an input provokes is a finding
            problem = f"raises {error!r:.200}"
        _say({"seconds": seconds, "problem": problem})
        self._measured += 1
        if self._measured % _COLLECTED_AFTER == 0:
            gc.collect()

    def _fast(self, one: Case) -> float:
        key = (one.kind, one.sizes[-1])
        if key not in self._ordinary:
            given = one.ordinary(one.sizes[-1])
            self._ordinary[key] = min(_seconds(one.act, given), _seconds(one.act, given))
        return max(FAST_S, FAST_TIMES * self._ordinary[key])

    @staticmethod
    def _each(one: Case, largest: Sequence[float]) -> list[float]:
        sizes = one.sizes[: len(one.sizes) - len(largest)]
        seconds: list[float] = []
        for size in sizes:
            _say({"seconds": seconds})
            seconds.append(_seconds(one.act, one.grown(size)))
        return [*seconds, *largest]


def _problem(seconds: Sequence[float]) -> str:
    quarter, half, whole = (max(one, _TICK_S) for one in seconds[-3:])
    if whole > AT_MOST_S:
        return f"takes {whole:.1f} s"
    if whole > STEEP_TWICE * half and whole > STEEP_FOUR_TIMES * quarter:
        return f"takes {whole / half:.1f} times as long for twice the input, {whole / quarter:.1f} times for four times"
    return ""


def _seconds(act: Act, given: Any) -> float:
    signal.setitimer(signal.ITIMER_PROF, _LIMIT_S)
    signal.alarm(_WALL_S)
    begun = time.process_time()
    act(given)
    spent = time.process_time() - begun
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.alarm(0)
    return spent


def _say(what: dict[str, Any]) -> None:
    os.write(_ANSWERS, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _ANSWERS = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed
    gc.disable()  # a collection costs what no case here owes
    wanted = import_module(sys.argv[1]).cases(sys.argv[2])[int(sys.argv[3]) :: int(sys.argv[4])]
    gc.freeze()
    stopwatch = _Stopwatch()
    for case in wanted:
        stopwatch.measure(case)
