"""
A nursery of reader processes (`python -m ackbot.wires.nursery`), for wires/readers.

It loads the libraries once, reads no mail, and forks a reader (mail/reader) for each socket that its parent hands it: a reader
that a mail ended is replaced within milliseconds. None of them has a secret, a store, a network or an environment.

The parent asks over standard input, a socket, in five octets: BEGIN with the descriptor of a socket, answered with the four of a
process id; or END and four of a process id, answered with four of how that process ended (`os.waitpid`).
"""

import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable
from typing import BinaryIO

from ackbot.mail import message, reader

READY = b"S"
BEGIN, END = b"B", b"E"
UNKNOWN = b"\xff" * 4  # asked to end a reader that another nursery forked
_SAMPLE = (
    b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>This letter loads what every letter needs, and that is "
    b"about all there is to it, except for what only letters in other languages have need of.</p>"
)

Serve = Callable[[BinaryIO, BinaryIO], None]


def main(serve: Serve = reader.serve) -> None:
    """Fork readers until the parent closes its end; then end those that are left."""
    control = socket.socket(fileno=0)
    message.read(_SAMPLE)  # libraries are loaded before the limits, and before the first letter waits for them
    gc.collect()
    gc.freeze()  # pages that readers share stay shared
    control.sendall(READY)
    readers: set[int] = set()
    while True:
        asked, handles, _, _ = socket.recv_fds(control, 5, 1)
        if len(asked) < 5:
            break
        if asked[:1] == BEGIN:
            pid = os.fork()
            if not pid:
                _be_reader(control, handles[0], serve)
            os.close(handles[0])
            readers.add(pid)
            control.sendall(pid.to_bytes(4, "big"))
        elif (pid := int.from_bytes(asked[1:], "big")) in readers:
            os.kill(pid, signal.SIGKILL)  # how a process ended does not change when it is dead already
            control.sendall(os.waitpid(pid, 0)[1].to_bytes(4, "big"))
            readers.discard(pid)
        else:
            control.sendall(UNKNOWN)
    for pid in readers:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _be_reader(control: socket.socket, handle: int, serve: Serve) -> None:
    """In the forked process; never returns."""
    status = 1
    try:
        control.close()
        connection = socket.socket(fileno=handle)
        reader.limit()
        serve(connection.makefile("rb"), connection.makefile("wb"))
        status = 0
    finally:
        os._exit(status)  # without a word: a traceback may hold a resident's


if __name__ == "__main__":
    main()
