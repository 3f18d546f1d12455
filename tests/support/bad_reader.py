"""A reader process that a mail can break, in the way that the mail says. It reads any other mail as the real one does."""

import contextlib
import os
import signal
from typing import BinaryIO

from ackbot.mail import message, plain, reader
from ackbot.wires import nursery


class Incoming:
    """What comes in, looked at as it goes by."""

    def __init__(self, stream: BinaryIO, outgoing: BinaryIO) -> None:
        self._stream = stream
        self._outgoing = outgoing

    def read(self, size: int) -> bytes:
        """Read from the stream. A mail that says so ends, hangs, fills or confuses this process."""
        octets = self._stream.read(size)
        if b"X-Do: kill" in octets:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"X-Do: abort" in octets:
            os.abort()
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
            self._outgoing.write(b"\x00" * 64)
            self._outgoing.flush()
        if b"X-Do: flood" in octets:
            self._outgoing.write(reader.READ + b"\xff\xff\xff\xff" + b"x" * 100_000)
            self._outgoing.flush()
        if b"X-Do: lie" in octets:
            told = plain.pack(message.read(b"From: a@b.example\r\n\r\nx")).replace(b"true", b"1", 1)
            self._outgoing.write(reader.READ + len(told).to_bytes(4, "big") + told)
            self._outgoing.flush()
        return octets


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """As the real one, but for those mails."""
    reader.serve(Incoming(incoming, outgoing), outgoing)  # type: ignore[arg-type]


if __name__ == "__main__":
    nursery.main(serve)
