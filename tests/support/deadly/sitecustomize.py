"""On the path of a program, a mail whose text has a certain word ends it: whatever in its rules that may stand for."""

import os
import signal
from typing import Any

from ackbot.mail.message import Message

_word = os.environ["ACKBOT_TEST_DEADLY"]
_harmless = Message.of


def _deadly(read: Any, signer: Any) -> Message:
    if _word in read.text:
        os.kill(os.getpid(), signal.SIGSEGV)
    return _harmless(read, signer)


Message.of = staticmethod(_deadly)  # type: ignore[assignment, method-assign]
