"""What the misbehaving servers of these tests have in common: a loopback port, and a thread for each connection."""

import socketserver
import threading
from types import TracebackType
from typing import Self


class EndOfTalk(Exception):
    """The test wanted the connection to end here."""


class BadServer:
    """
    Listens from the moment it is made, answers once entered. Use as a context manager.

    Subclasses say in `serve` what they do with a connection; `connections` counts those there were.
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
        """One connection, the `number`th; it ends when this returns."""
        raise NotImplementedError

    def hang(self) -> None:
        """Neither a word nor a FIN, as from a machine that vanished."""
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
