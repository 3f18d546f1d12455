"""Measures the time from the server's announcement of a letter to the relay's final dot, one letter at a time."""

import statistics
import threading
import time
from collections.abc import Mapping
from socket import SHUT_WR, create_connection, create_server, socket

from bench.letters import letters
from bench.place import USER, Place, daemon


class Ear:
    """A proxy between the daemon and its IMAP server that notes when the server announces new mail."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.heard: list[float] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._server.accept()
            server = create_connection(("127.0.0.1", self._to))
            for one, other, listens in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=(one, other, listens), daemon=True).start()

    def _pass_on(self, one: socket, other: socket, listens: bool) -> None:
        while data := one.recv(1 << 16):
            if listens and b" EXISTS" in data:
                self.heard.append(time.monotonic())
            other.sendall(data)
        other.shutdown(SHUT_WR)


def measured(place: Place, count: int) -> Mapping[str, object]:
    """Median and 95th percentile in milliseconds, with IDLE and with a poll of 200 ms."""
    found: dict[str, object] = {}
    for watch in ("idle", "poll"):
        place.empty()
        ear = Ear(place.dovecot.port)
        seen, whole = [], []
        with daemon(place.council(imap=ear.port, watch=watch)) as running:
            running.wait_for_log('"watching"')
            for one in letters(count, seed=7):
                if not one.answered:
                    continue
                ear.heard.clear()
                begun = time.monotonic()
                place.dovecot.append(USER, one.raw)
                at = place.wait_sent_to(one.sender.lower(), 30)
                seen.append((at - ear.heard[0]) * 1_000)
                whole.append((at - begun) * 1_000)
        for name, times in (("seen to sent", seen), ("written to sent", whole)):
            found[f"{watch}: {name}, median ms"] = round(statistics.median(times), 1)
            found[f"{watch}: {name}, p95 ms"] = round(statistics.quantiles(times, n=20)[-1], 1)
    return found
