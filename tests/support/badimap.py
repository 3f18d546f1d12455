"""An IMAP server that misbehaves on purpose: each test says how."""

import socket
import socketserver
import threading
from collections.abc import Callable
from types import TracebackType

Answer = Callable[["BadImap", str, str], bytes | None]


class BadImap:
    """
    Speaks just enough IMAP to be read from, one mail with uid 7.

    Args:
        answer: called with the server, the tag and the command line; bytes to send instead of the usual reply, or None.
    """

    MAIL = b"From: Edward Quan <edward@resident.example>\r\nTo: housing@northgate.example\r\nSubject: Damp\r\nMessage-ID: <x@r.example>\r\n\r\nhello\r\n"

    def __init__(
        self, answer: Answer | None = None, greeting: bytes = b"* OK ready\r\n", capabilities: str = "IMAP4rev1 IDLE"
    ) -> None:
        self.answer = answer
        self.greeting = greeting
        self.capabilities = capabilities
        self.commands: list[str] = []
        self.connections = 0
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                owner.connections += 1
                try:
                    owner._serve(self)
                except (OSError, ValueError):
                    return  # the client has gone

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        handler.wfile.write(self.greeting)
        while line := handler.rfile.readline().decode("utf-8", "replace").strip():
            tag, _, command = line.partition(" ")
            self.commands.append(command)
            reply = self.answer(self, tag, command) if self.answer else None
            if reply == b"HANG":
                handler.rfile.readline()
                return
            if reply == b"DROP":
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            handler.wfile.write(reply if reply is not None else self.usual(tag, command))
            if command.upper() == "LOGOUT":
                return

    def usual(self, tag: str, command: str) -> bytes:
        """The reply of a server that behaves."""
        upper = command.upper()
        ok = f"{tag} OK done\r\n".encode()
        if upper.startswith("CAPABILITY"):
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + ok
        if upper.startswith(("EXAMINE", "SELECT")):
            return b"* 1 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 8] x\r\n" + ok
        if upper.startswith("UID SEARCH"):
            return b"* SEARCH 7\r\n" + ok
        if upper.startswith("UID FETCH") and "RFC822.SIZE" in upper:
            return (
                b'* 1 FETCH (UID 7 RFC822.SIZE %d INTERNALDATE "30-Nov-2026 10:12:00 +0000")\r\n' % len(self.MAIL) + ok
            )
        if upper.startswith("UID FETCH"):
            return b"* 1 FETCH (UID 7 BODY[] {%d}\r\n" % len(self.MAIL) + self.MAIL + b")\r\n" + ok
        return ok

    def __enter__(self) -> "BadImap":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
