"""`ackbot simulate` on thousands of letters: every one is counted, and ten times as many need no more memory."""

import json
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from bench.letters import letters
from tests.support.council import write_config

pytestmark = pytest.mark.lab
FEW, MANY = 500, 5_000
_MORE_MB = 25  # what is kept of 4,500 mails until their turn comes, and what the allocator does not give back

# A process of its own, so that its peak is the command's.
_MEASURED = """
import resource, sys
from ackbot.cli import main
try:
    main(sys.argv[1:])
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000, file=sys.stderr)
"""


def replayed(folder: Path, count: int) -> tuple[dict[str, object], int]:
    """What the command says of that many letters, and its peak memory in MB."""
    config = write_config(folder)
    place = folder / "past" / "cur"
    place.mkdir(parents=True)
    for number, one in enumerate(islice(letters(count, seed=7), count)):
        (place / f"{number}:2,S").write_bytes(one.raw)
    words = [sys.executable, "-c", _MEASURED, "-c", str(config), "simulate", "--format", "json", str(place.parent)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=1_500)
    peak = re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)
    assert peak is not None
    return json.loads(done.stdout), int(peak[1])


def test_five_thousand_letters(tmp_path: Path) -> None:
    """Each is answered or has its reason, none is unreadable; and memory stays flat."""
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    _, small = replayed(tmp_path / "few", FEW)
    found, large = replayed(tmp_path / "many", MANY)
    print(f"peak: {small} MB with {FEW} letters, {large} MB with {MANY}")

    assert found["mails"] == MANY and found["unreadable"] == 0 and found["undated"] == 0
    assert found["answered"] + sum(found["not_answered"].values()) == MANY  # type: ignore[operator,attr-defined]
    assert large - small < _MORE_MB
