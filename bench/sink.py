"""
A relay that takes everything: `python -m bench.sink PORT FILE [DELAY_MS]`.

It writes a line for each recipient of a mail: monotonic time of the final dot, octets, recipient. DELAY_MS imitates a distant
relay: every burst of replies waits that long. It offers PIPELINING.
"""

import asyncio
import sys
import time
from typing import IO


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, log: IO[str], delay_s: float) -> None:
        self._log, self._delay_s = log, delay_s
        self._held = bytearray()
        self._recipients: list[str] = []
        self._data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every complete command and mail that has come so far."""
        searched = max(0, len(self._held) - 4)
        self._held += data
        replies: list[bytes] = []
        while (reply := self._mail(searched) if self._data else self._command()) is not None:
            searched = 0
            replies.append(reply)
        if replies and self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, b"".join(replies))
        elif replies:
            self._transport.write(b"".join(replies))

    def _mail(self, searched: int) -> bytes | None:
        end = self._held.find(b"\r\n.\r\n", searched)
        if end < 0:
            return None
        now = time.monotonic()
        for one in self._recipients:
            self._log.write(f"{now:.6f}\t{end}\t{one}\n")
        self._log.flush()
        del self._held[: end + 5]
        self._data, self._recipients = False, []
        return b"250 2.0.0 taken\r\n"

    def _command(self) -> bytes | None:
        line, found, _ = bytes(self._held[:2048]).partition(b"\r\n")
        if not found:
            return None
        del self._held[: len(line) + 2]
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n"
        if verb == b"RCPT":
            self._recipients.append(line.partition(b"<")[2].partition(b">")[0].decode("latin-1").lower())
        if verb == b"DATA":
            self._data = True
            return b"354 go\r\n"
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 fine\r\n"


async def serve(port: int, path: str, delay_s: float) -> None:
    """Take mail until killed."""
    with open(path, "a") as log:
        server = await asyncio.get_running_loop().create_server(
            lambda: Session(log, delay_s), "127.0.0.1", port, backlog=200
        )
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]) / 1_000 if len(sys.argv) > 3 else 0.0))
