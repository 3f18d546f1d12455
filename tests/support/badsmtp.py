"""An SMTP server that answers as each test says; it can also hang up or fall silent."""

import socket
import socketserver
import threading
from collections.abc import Callable

from tests.support.badserver import BadServer, EndOfTalk

Answer = Callable[[str, str], str | None]


class BadSmtp(BadServer):
    """
    Takes mails and records their envelope and content, unless told otherwise.

    Args:
        answer: called with what was received (`CONNECT`, a command's verb, `BODY` for the first line of a mail, or `DOT`
            for its end) and its whole line; gives a reply, "DROP", "HANG" (neither a word nor a FIN, as from a machine
            that vanished), or None for the usual reply.
    """

    def __init__(
        self, answer: Answer | None = None, features: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8")
    ) -> None:
        super().__init__()
        self.answer = answer
        self.features = features
        self.lines: list[str] = []
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.content = b""  # of the mail that `DOT` ends
        self.refused = 0  # mails after their final dot
        self.changed = threading.Condition()

    def serve(self, handler: socketserver.StreamRequestHandler, number: int) -> None:
        """See BadServer.serve."""
        self._reply(handler, "CONNECT", "", "220 ready")
        sender, recipients = "", []
        while line := handler.rfile.readline().decode("utf-8", "replace").rstrip("\r\n"):
            verb = line.split(" ")[0].split(":")[0].upper()
            self.lines.append(line)
            if verb == "EHLO":
                usual = "\r\n".join(["250-relay.test", *(f"250-{one}" for one in self.features), "250 HELP"])
                self._reply(handler, verb, line, usual)
            elif verb == "MAIL":
                sender, recipients = line.partition("<")[2].partition(">")[0], []
                self._reply(handler, verb, line, "250 2.1.0 ok")
            elif verb == "RCPT":
                if self._reply(handler, verb, line, "250 2.1.5 ok").startswith("25"):
                    recipients.append(line.partition("<")[2].partition(">")[0])
            elif verb == "DATA":
                if not self._reply(
                    handler, verb, line, "354 go on" if recipients else "554 5.5.1 no valid recipients"
                ).startswith("354"):
                    continue
                content = b""
                while (piece := handler.rfile.readline()) != b".\r\n":
                    if not piece:
                        return
                    if not content and self.answer and (reply := self.answer("BODY", "")):
                        self._say(handler, reply)
                    content += piece[1:] if piece.startswith(b".") else piece
                self.content = content
                reply = (self.answer("DOT", "") if self.answer else None) or "250 2.0.0 ok queued as 4711"
                if reply.startswith("250"):
                    with self.changed:  # noted before the client can know of it
                        self.mails.append((sender, recipients, content))
                        self.changed.notify_all()
                else:
                    self.refused += 1
                self._say(handler, reply)
            else:
                self._reply(handler, verb, line, "221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return

    def _reply(self, handler: socketserver.StreamRequestHandler, what: str, line: str, usual: str) -> str:
        reply = (self.answer(what, line) if self.answer else None) or usual
        self._say(handler, reply)
        return reply

    def _say(self, handler: socketserver.StreamRequestHandler, reply: str) -> None:
        if reply == "HANG":
            self.hang()
        if reply == "DROP":
            handler.connection.shutdown(socket.SHUT_RDWR)
            raise EndOfTalk
        handler.wfile.write(reply.encode() + b"\r\n")
