"""
`python -m tests.support.moved …` is `ackbot …` for a clock that is moved: a round is done when the test asks for one.

Without that a test waits for the scheduler, which looks at the clock every fifteen true seconds, after each move.
"""

import os
import threading
from pathlib import Path

from ackbot.cli import main
from ackbot.daemon import Runtime

ROUNDS = "ROUNDS_FOLDER"  # environment: a folder with a FIFO `ask`, and a file `done` that has an octet for each round asked for
_running: list[Runtime] = []  # the newest; a reload begins another


def run() -> None:
    """Run the command that the arguments name."""
    if ROUNDS in os.environ:
        begin = Runtime.start

        def start(self: Runtime) -> None:
            begin(self)
            _running[:] = [self]

        Runtime.start = start  # type: ignore[method-assign]
        threading.Thread(target=_obey, args=(Path(os.environ[ROUNDS]),), daemon=True).start()
    main()


def _obey(folder: Path) -> None:
    asked = os.open(folder / "ask", os.O_RDWR)
    while os.read(asked, 1):
        for runtime in _running:
            runtime.tick()
        with (folder / "done").open("ab") as file:
            file.write(b".")


if __name__ == "__main__":
    run()
