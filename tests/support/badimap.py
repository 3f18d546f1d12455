"""An IMAP server that misbehaves on purpose: each test says how."""

import socket
import socketserver
from collections.abc import Callable

from tests.support.badserver import BadServer

Answer = Callable[["BadImap", str, str], bytes | None]


class BadImap(BadServer):
    """
    Speaks just enough IMAP to be read from. Unless told otherwise, it has one mail with uid 7.

    Args:
        answer: called with the server, the tag and the command line; bytes to send instead of the usual reply, or None.
    """

    MAIL = b"From: Edward Quan <edward@resident.example>\r\nTo: housing@northgate.example\r\nSubject: Damp\r\nMessage-ID: <x@r.example>\r\n\r\nhello\r\n"

    def __init__(
        self, answer: Answer | None = None, greeting: bytes = b"* OK ready\r\n", capabilities: str = "IMAP4rev1 IDLE"
    ) -> None:
        super().__init__()
        self.answer = answer
        self.greeting = greeting
        self.capabilities = capabilities
        self.mails = {7: self.MAIL}
        self.uidnext = 0  # what it says instead of the highest uid and one
        self.dates: dict[int, str] = {}  # INTERNALDATE by uid, as it is written in a reply
        self.structures: dict[int, bytes] = {}  # BODYSTRUCTURE by uid
        self.sizes: dict[int, int] = {}  # RFC822.SIZE by uid, if it is not the mail's length
        self.commands: list[str] = []

    def serve(self, handler: socketserver.StreamRequestHandler, number: int) -> None:
        """See BadServer.serve."""
        handler.wfile.write(self.greeting)
        while line := handler.rfile.readline().decode("utf-8", "replace").strip():
            tag, _, command = line.partition(" ")
            self.commands.append(command)
            reply = self.answer(self, tag, command) if self.answer else None
            if reply == b"HANG":
                self.hang()
            if reply == b"DROP":
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            handler.wfile.write(reply if reply is not None else self.usual(tag, command))
            if command.upper() == "LOGOUT":
                return

    def usual(self, tag: str, command: str) -> bytes:
        """The reply that a well-behaved server would give."""
        upper = command.upper()
        ok = f"{tag} OK done\r\n".encode()
        if upper.startswith("CAPABILITY"):
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + ok
        if upper.startswith(("EXAMINE", "SELECT")):
            uidnext = self.uidnext or max(self.mails, default=0) + 1
            return b"* %d EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT %d] x\r\n" % (len(self.mails), uidnext) + ok
        if upper.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(map(str, self.mails))}\r\n".encode() + ok
        if upper.startswith("UID FETCH"):
            return b"".join(self.fetched(uid, upper) for uid in self.named(command.split()[2])) + ok
        return ok

    def named(self, numbers: str) -> list[int]:
        first, _, last = numbers.partition(":")
        if last:
            return [uid for uid in self.mails if uid >= int(first)]
        return [uid for uid in map(int, numbers.split(",")) if uid in self.mails]

    def fetched(self, uid: int, command: str) -> bytes:
        """The untagged reply for one mail to a FETCH, in capitals."""
        mail = self.mails[uid]
        number = list(self.mails).index(uid) + 1
        head, _, text = mail.partition(b"\r\n\r\n")
        items = [b"UID %d" % uid]
        if "RFC822.SIZE" in command:
            items.append(b"RFC822.SIZE %d" % self.sizes.get(uid, len(mail)))
        if "INTERNALDATE" in command:
            items.append(b"INTERNALDATE " + self.dates.get(uid, '"30-Nov-2026 10:12:00 +0000"').encode())
        if "BODY.PEEK[]" in command:
            items.append(b"BODY[] " + _literal(mail))
        if "BODY.PEEK[HEADER]" in command:
            items.append(b"BODY[HEADER] " + _literal(head + b"\r\n\r\n"))
        if "BODY.PEEK[TEXT]" in command:
            items.append(b"BODY[TEXT]<0> " + _literal(text))
        if "BODYSTRUCTURE" in command:
            items.append(b"BODYSTRUCTURE " + self.structures.get(uid, b"NIL"))
        return b"* %d FETCH (%s)\r\n" % (number, b" ".join(items))


def _literal(octets: bytes) -> bytes:
    return b"{%d}\r\n" % len(octets) + octets
