"""Named places between two steps where the crash tests kill the daemon; nothing happens there otherwise."""

import os
import signal

VARIABLE = "ACKBOT_CRASH_AT"  # name, or name:N for the N-th time it is passed

POINTS = (
    "daemon.recovered",  # what the last run left is taken up, nothing has begun
    "watch.fetched",  # a batch is here, nothing of it is decided
    "intake.before-commit",
    "intake.committed",
    "intake.batch-done",
    "watch.swept",  # the watermark stands behind all that was listed
    "watch.moved",  # the server moved a mail, no record says so
    "dispatch.claimed",
    "dispatch.sending",  # committed; the relay has nothing of the mail
    "smtp.content",  # all of the mail but its final dot
    "smtp.dot",  # the final dot is sent, its reply not read: from here
    "dispatch.accepted",  # read: to here is the window of P2
    "dispatch.recorded",
    "dispatch.later",  # a 4xx is recorded
    "dispatch.resent",  # the one repeat of a mail whose end is unknown is queued
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
