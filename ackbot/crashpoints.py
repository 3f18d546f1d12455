"""Named places between two steps where the crash tests kill the daemon. In normal operation nothing happens there."""

import os
import signal

VARIABLE = "ACKBOT_CRASH_AT"  # a point's name, or name:N to die at the N-th pass

POINTS = (
    "daemon.recovered",  # what the last run left in the outbox is recovered; no thread works yet
    "watch.fetched",  # a batch was fetched; none of its mails is decided
    "intake.before-commit",
    "intake.committed",
    "intake.batch-done",
    "watch.swept",  # the watermark has passed all mails that were listed
    "watch.moved",  # the server moved a mail; the store does not know yet
    "dispatch.claimed",
    "dispatch.sending",  # committed; the relay has received no octet of the mail
    "smtp.content",  # the relay has the whole mail except its final dot
    "smtp.dot",  # the final dot is sent, its reply is not read: the window of P2 opens
    "dispatch.accepted",  # the reply is read: the window of P2 closes
    "dispatch.recorded",
    "dispatch.later",  # a 4xx reply is recorded
    "dispatch.resent",  # a mail whose end was unknown is queued for its one repeat
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
    """Kill this process with SIGKILL, as a power cut would, if the environment names this point."""
    global _left  # noqa: PLW0603 - one counter per process is the point
    if name == _name:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
