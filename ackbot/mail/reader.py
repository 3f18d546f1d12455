"""
The reader process: bytes of mails go in, plain data comes out (`python -m ackbot.mail.reader`; design.md §3).

The process has no secret, no store, no network and no environment. If a mail takes it over or hangs it, the parent process
kills it and starts another one.

A frame in: one octet for the question (WHOLE, HEAD), four octets for the length, most significant first, then the mail. A
frame out: one octet (READ, FAILED, or READY once at the start), four for the length, then the output of `plain.pack` or the
place of the failure.
"""

import resource
import sys
from pathlib import Path
from typing import BinaryIO

from ackbot.mail import message, plain

WHOLE, HEAD = b"W", b"H"
READ, FAILED, READY = b"R", b"F", b"S"
CPU_S = 5  # processor time for one mail, not wall-clock time: a busy machine must not make a mail unreadable
MEMORY = 2_000_000_000  # octets of address space; ten times what the largest mail needs
_FILES = 16  # open files; libraries that import late need a few
_SAMPLE = (
    b"From: a@resident.example\r\nContent-Type: text/html\r\n\r\n<p>This letter loads what every letter needs, and that is "
    b"about all there is to it, except for what only letters in other languages have need of.</p>"
)


def main(incoming: BinaryIO | None = None, outgoing: BinaryIO | None = None) -> None:
    """Read mails until the other end closes."""
    incoming, outgoing = incoming or sys.stdin.buffer, outgoing or sys.stdout.buffer
    # This loads the libraries before the limits apply, and before the first letter has to wait for them.
    message.read(_SAMPLE)
    _limit()
    _answer(outgoing, READY, b"")
    while (head := incoming.read(5)) and len(head) == 5:
        raw = incoming.read(int.from_bytes(head[1:], "big"))
        _allow_cpu()
        try:
            read = message.read(raw) if head[:1] == WHOLE else message.read_head(raw)
            _answer(outgoing, READ, plain.pack(read))
        except Exception as error:  # noqa: BLE001 - a defect of ours; the parent keeps the mail
            _answer(outgoing, FAILED, place(error).encode())


def place(error: BaseException) -> str:
    """The class of an error, and the file and line that raised it. Leaves out its message, which may quote a resident (P11)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{where}"


def _answer(outgoing: BinaryIO, kind: bytes, content: bytes) -> None:
    outgoing.write(kind + len(content).to_bytes(4, "big") + content)
    outgoing.flush()


def _limit() -> None:
    """Limit the resources that a mail can make this process use: no core dumps, no written files, few open ones, bounded memory."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)
    _lower(resource.RLIMIT_AS, MEMORY)


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (wanted, wanted))


def _allow_cpu() -> None:
    """Allow CPU_S more seconds of processor time for the next mail; after that the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S + 1, hard))


if __name__ == "__main__":
    main()
