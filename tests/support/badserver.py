"""The base of the misbehaving servers: a loopback port, and a thread for each connection."""

import socketserver
import threading
from types import TracebackType
from typing import Self


class EndOfTalk(Exception):
    """The test wanted the connection to end here."""


class BadServer:
    """
    Listens as soon as it is made, and answers once its context is entered. Use it as a context manager.

    Subclasses implement `serve` for one connection; `connections` counts the connections so far.
    """

    def __init__(self) -> None:
        self.connections = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with owner._lock:
                    owner.connections += 1
                    number = owner.connections
                try:
                    owner.serve(self, number)
                except (OSError, ValueError, EndOfTalk):
                    return  # the client has gone, or had to

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def serve(self, handler: socketserver.StreamRequestHandler, number: int) -> None:
        """Serve one connection, the `number`th. It is closed when this returns."""
        raise NotImplementedError

    def hang(self) -> None:
        """Send neither a word nor a FIN, like a machine that vanished."""
        self._over.wait(60)
        raise EndOfTalk

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
