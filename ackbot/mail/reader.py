"""
The reader: bytes of mails go in, plain data comes out (design.md §3). wires/nursery runs it in a process of its own.

The process has no secret, no store, no network and no environment. If a mail takes it over or hangs it, the parent process
kills it and starts another one.

A frame in: one octet for the question (WHOLE, QUICK, HEAD), four octets for the length, most significant first, then the mail. A
frame out: one octet (READ, FAILED), four for the length, then the output of `plain.pack` or the place of the failure.
"""

import resource
import signal
from pathlib import Path
from typing import BinaryIO

from ackbot.mail import message, plain

WHOLE, QUICK, HEAD = b"W", b"Q", b"H"
READ, FAILED = b"R", b"F"
CPU_S = 5  # processor time for one mail, not wall-clock time: a busy machine must not make a mail unreadable
QUICK_S = 0.25  # processor time that a mail may take while other mails wait; most mails take a hundredth of it
MEMORY = 2_000_000_000  # octets of address space; ten times what the largest mail needs
_FILES = 16  # open files; libraries that import late need a few


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Read mails until the other end closes."""
    while (head := incoming.read(5)) and len(head) == 5:
        kind, length = head[:1], int.from_bytes(head[1:], "big")
        _allow_cpu(quick=kind != WHOLE)
        raw = incoming.read(length)
        try:
            read = message.read_head(raw) if kind == HEAD else message.read(raw)
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


def limit() -> None:
    """Limit the resources that a mail can make this process use: no core dumps, no written files, few open ones, bounded memory."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)
    _lower(resource.RLIMIT_AS, MEMORY)


def _answer(outgoing: BinaryIO, kind: bytes, content: bytes) -> None:
    outgoing.write(kind + len(content).to_bytes(4, "big") + content)
    outgoing.flush()


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (wanted, wanted))


def _allow_cpu(*, quick: bool) -> None:
    """Allow QUICK_S or CPU_S more seconds of processor time for the next mail; after that the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S + 1, hard))
    signal.setitimer(signal.ITIMER_PROF, QUICK_S if quick else 0)  # of SIGPROF a process dies
