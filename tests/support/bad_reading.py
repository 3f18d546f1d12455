"""The reader processes that strangers can break: see bad_reader."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ackbot
from ackbot.wires import readers
from ackbot.work.reading import ReaderProcess

_SCRIPT = Path(__file__).parent / "bad_reader.py"
_BESIDE = (
    f"import sys, runpy; sys.path.insert(0, {str(Path(ackbot.__file__).parents[1])!r}); "  # the package under test
)
COMMAND = (sys.executable, "-c", f"{_BESIDE}runpy.run_path({str(_SCRIPT)!r}, run_name='__main__')")


@contextlib.contextmanager
def bad_reading(patch: pytest.MonkeyPatch) -> Iterator[ReaderProcess]:
    """Readers that do what a mail says."""
    patch.setattr(readers, "COMMAND", COMMAND)
    made = ReaderProcess()
    try:
        yield made
    finally:
        made.close()
