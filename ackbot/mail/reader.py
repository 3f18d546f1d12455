"""
The reader: bytes of mails go in, plain data comes out (design.md §3); wires/nursery runs it in a process of its own.

Frames in: one octet of what is asked (WHOLE, QUICK, HEAD), four of the length, most significant first, the mail. Frames out: one
octet (READ, FAILED), four of the length, what `plain.pack` makes, or the place of the failure.
"""

import resource
import signal
from pathlib import Path
from typing import BinaryIO

from ackbot.mail import message, plain

WHOLE, QUICK, HEAD = b"W", b"Q", b"H"
READ, FAILED = b"R", b"F"
CPU_S = (
    5  # of processor time that one mail may take; a machine that is busy with other things costs no mail its reading
)
QUICK_S = 0.25  # of processor time for a mail before which others do not wait; most take a hundredth of it
MEMORY = 2_000_000_000  # octets of address space; ten times what the largest mail needs
_FILES = 16  # beyond those that are open; imports inside of libraries need some


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
    """What a mail can make this process take of the machine."""
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
    """The next mail may take QUICK_S or CPU_S seconds of processor time more; then the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S + 1, hard))
    signal.setitimer(signal.ITIMER_PROF, QUICK_S if quick else 0)  # of SIGPROF a process dies
