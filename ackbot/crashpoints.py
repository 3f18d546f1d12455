"""Named places between two steps where the crash tests kill the daemon; nothing happens there otherwise."""

import os
import signal

VARIABLE = "ACKBOT_CRASH_AT"  # name, or name:N for the N-th time it is passed

POINTS = (
    "intake.before-commit",
    "intake.committed",
    "intake.batch-done",
    "dispatch.claimed",
    "dispatch.sending",
    "dispatch.accepted",
    "dispatch.recorded",
    "rounds.before-commit",
    "rounds.committed",
    "backup.written",
    "restore.prepared",
    "restore.secret",
    "restore.aside",
)

_name, _, _count = os.environ.get(VARIABLE, "").partition(":")
_left = int(_count) if _count.isdigit() else 1


def crash_point(name: str) -> None:
    """Dies by SIGKILL, as in a power cut, if the environment names this point."""
    global _left  # noqa: PLW0603 - one counter per process is the point
    if name == _name:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
