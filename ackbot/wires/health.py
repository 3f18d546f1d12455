"""Answers `GET /health` and `GET /metrics` to programs of this machine, and nothing else (D72: no GET changes anything)."""

import select
import socket
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import structlog

from ackbot import log_events
from ackbot.wires.places import Place

CONNECTIONS = 8  # at the same time; more are closed at once, because a scraper tries again
PATIENCE_S = 5.0  # a connection is closed after this time, whatever it still says

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says: HTTP status, content type, and the body in UTF-8."""

    status: int
    content_type: str
    body: str


class Pages:
    """Listens as soon as it is constructed, and answers while `run` runs."""

    def __init__(self, place: Place, pages: dict[str, Callable[[], Answer]]) -> None:
        """
        Args:
            pages: what makes the answer of each path, such as "/health". One that raises is answered 500, without its words.

        Raises:
            PlaceTaken: we cannot listen there.
        """
        self._place = place
        self._pages = pages
        self._socket = place.bind()
        self._free = threading.BoundedSemaphore(CONNECTIONS)

    def run(self, stop: int) -> None:
        """Answer until the file descriptor `stop` is readable."""
        log.info(log_events.HEALTH_LISTENING, at=str(self._place))
        waiting = select.poll()
        waiting.register(stop, select.POLLIN)
        waiting.register(self._socket, select.POLLIN)
        try:
            while not any(descriptor == stop for descriptor, _ in waiting.poll()):
                try:
                    connection, _ = self._socket.accept()
                except OSError:  # it was closed before we took it, or there are no more descriptors
                    continue
                if not self._free.acquire(blocking=False):
                    connection.close()
                    continue
                threading.Thread(target=self._serve, args=(connection,), name="health", daemon=True).start()
        finally:
            self._socket.close()
            if self._place.path:
                Path(self._place.path).unlink(missing_ok=True)

    def _serve(self, connection: socket.socket) -> None:
        ended = threading.Timer(PATIENCE_S, _hang_up, (connection,))
        ended.daemon = True
        ended.start()
        try:
            _Handler(connection, self._pages)
        except OSError:  # it hung up, or its time was over
            return
        finally:
            ended.cancel()
            connection.close()
            self._free.release()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


class _Handler(BaseHTTPRequestHandler):
    """One request and its answer. HTTP/1.0: the connection ends with it."""

    server_version = "ackbot"
    sys_version = ""
    timeout = PATIENCE_S

    def __init__(self, connection: socket.socket, pages: dict[str, Callable[[], Answer]]) -> None:
        self._pages = pages
        socketserver.StreamRequestHandler.__init__(self, connection, "", None)  # type: ignore[arg-type]

    def handle(self) -> None:
        """One request only."""
        self.handle_one_request()

    def do_GET(self) -> None:
        """Answer a page; 404 for a path that is none."""
        make = self._pages.get(self.path.partition("?")[0])
        if make is None:
            self._say(Answer(404, "text/plain", "there are /health and /metrics\n"))
            return
        try:
            answer = make()
        except Exception:
            log.exception(log_events.HEALTH_FAILED)
            answer = Answer(500, "text/plain", "this cannot be said now; the log has why\n")
        self._say(answer)

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        """Every method but GET, and what is no request: without a word of it."""
        status = 405 if code == 501 else code
        self._say(Answer(status, "text/plain", "only GET is answered\n" if status == 405 else "this is no request\n"))

    def _say(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if answer.status == 405:
            self.send_header("Allow", "GET")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""
