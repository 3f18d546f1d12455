"""A reader process that a mail can break, in the way that the mail says. It reads any other mail as the real one does."""

import contextlib
import os
import signal
import sys
from typing import BinaryIO

from ackbot.mail import message, plain, reader


class Incoming:
    """Standard input; every mail that is read from it is looked at first."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Read from the stream. A mail that says so ends, hangs, fills or confuses this process."""
        octets = self._stream.read(size)
        if b"X-Do: kill" in octets:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"X-Do: crash" in octets:
            os.kill(os.getpid(), signal.SIGSEGV)
        if b"X-Do: exit" in octets:
            os._exit(3)
        if b"X-Do: eat" in octets:
            with contextlib.suppress(MemoryError):
                _ = bytearray(10 * reader.MEMORY)
            os._exit(9)
        while b"X-Do: hang" in octets:
            pass
        if b"X-Do: garbage" in octets:
            sys.stdout.buffer.write(b"\x00" * 64)
            sys.stdout.buffer.flush()
        if b"X-Do: flood" in octets:
            sys.stdout.buffer.write(reader.READ + b"\xff\xff\xff\xff" + b"x" * 100_000)
            sys.stdout.buffer.flush()
        if b"X-Do: lie" in octets:
            told = plain.pack(message.read(b"From: a@b.example\r\n\r\nx")).replace(b"true", b"1", 1)
            sys.stdout.buffer.write(reader.READ + len(told).to_bytes(4, "big") + told)
            sys.stdout.buffer.flush()
        return octets


if __name__ == "__main__":
    reader.main(Incoming(sys.stdin.buffer), sys.stdout.buffer)  # type: ignore[arg-type]
