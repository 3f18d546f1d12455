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
            uidnext = max(self.mails, default=0) + 1
            return b"* %d EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT %d] x\r\n" % (len(self.mails), uidnext) + ok
        if upper.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(map(str, self.mails))}\r\n".encode() + ok
        if upper.startswith("UID FETCH"):
            uids = [int(one) for one in command.split()[2].split(",")]
            return b"".join(self._fetched(uid, "RFC822.SIZE" in upper) for uid in uids if uid in self.mails) + ok
        return ok

    def _fetched(self, uid: int, envelope: bool) -> bytes:
        mail = self.mails[uid]
        number = list(self.mails).index(uid) + 1
        if envelope:
            words = b'UID %d RFC822.SIZE %d INTERNALDATE "30-Nov-2026 10:12:00 +0000"' % (uid, len(mail))
        else:
            words = b"UID %d BODY[] {%d}\r\n" % (uid, len(mail)) + mail
        return b"* %d FETCH (%s)\r\n" % (number, words)
