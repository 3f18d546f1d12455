"""An SMTP server that records every mail, also those that broke off; it can be told to die."""

import hashlib
import re
import socket
import socketserver
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.badserver import BadServer


@dataclass(frozen=True)
class Entry:
    """
    One mail of one connection.

    Args:
        octets: how many were received after DATA.
        digest: a hash of those octets.
        complete: its final dot was received.
        answered: a reply to the final dot was written.
    """

    connection: int
    recipient: str
    message_id: str
    kind: str
    octets: int
    digest: str
    complete: bool
    answered: bool


class Ledger(BadServer):
    """
    Takes every mail. Use it as a context manager.

    Args:
        fate: called for each mail; "middle" hangs up in its middle, "silent" hangs up after its final dot, "" takes it.
    """

    def __init__(self, fate: Callable[[], str] = lambda: "") -> None:
        super().__init__()
        self.fate = fate
        self.entries: list[Entry] = []
        self.octets = 0

    def serve(self, handler: socketserver.StreamRequestHandler, number: int) -> None:
        """See BadServer.serve."""

        def say(reply: str) -> None:
            handler.wfile.write(reply.encode() + b"\r\n")

        say("220 ledger")
        recipient = ""
        while line := handler.rfile.readline().decode("utf-8", "replace").rstrip("\r\n"):
            verb = line[:4].upper()
            if verb == "EHLO":
                say("250-ledger\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb == "DATA":
                say("354 go on")
                if not self._mail(handler, number, recipient):
                    handler.connection.shutdown(socket.SHUT_RDWR)
                    return
                say("250 2.0.0 ok")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                if verb == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                say("250 ok")

    def _mail(self, handler: socketserver.StreamRequestHandler, number: int, recipient: str) -> bool:
        fate = self.fate()
        content, complete = bytearray(), False
        try:
            while piece := handler.rfile.readline():
                if piece == b".\r\n":
                    complete = True
                    break
                content += piece
                if fate == "middle" and len(content) > 300:
                    break
        finally:
            head = bytes(content[:4_000]).decode("utf-8", "replace")
            named = {name: re.search(rf"(?im)^{name}:\s*(\S+)", head) for name in ("message-id", "x-ackbot-kind")}
            answered = complete and not fate
            entry = Entry(
                number,
                recipient,
                *(found[1] if (found := named[name]) else "" for name in named),
                len(content),
                hashlib.sha256(content).hexdigest(),
                complete,
                answered,
            )
            with self._lock:
                self.octets += len(content)
                self.entries.append(entry)
        return answered
