"""A watcher in a thread, and ways to wait for it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ackbot.wires import imap
from ackbot.wires.imap import Account
from ackbot.wires.secrets import Password
from ackbot.work import watch
from ackbot.work.threads import Stop
from ackbot.work.watch import Watcher
from tests.support.council import World

USER = "housing@northgate.example"
PATIENCE_S = 60  # for what another thread does on a machine that has much else to do


class Run:
    """A watcher that works in a thread until the test ends."""

    def __init__(self, world: World, port: int, **changes: Any) -> None:
        account = Account("127.0.0.1", port, "none", USER, Password(env="ACKBOT_TEST_PASSWORD"))
        watched = replace(world.config.watched[0], account=account, poll_every_s=0.02)
        self.stop = Stop()
        self.troubles: list[tuple[str, str, str]] = []
        self.watcher = Watcher(
            replace(watched, **changes),
            world.db,
            world.intake,
            self.stop,
            lambda: world.now,
            lambda: None,
            lambda *told: self.troubles.append(told),
        )
        self.thread = threading.Thread(target=self.watcher.run)
        self.thread.start()

    def wait_ready(self) -> None:
        """Wait until it has swept its mailbox once."""
        assert self.watcher.ready.wait(PATIENCE_S)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        self.stop.close()


def until(test: Callable[[], Any], what: str = "") -> None:
    """Wait until something that another thread does has happened."""
    event, end = threading.Event(), time.monotonic() + PATIENCE_S
    while not test():
        assert time.monotonic() < end, f"it did not happen: {what}"
        event.wait(0.01)


def taken(world: World) -> int:
    """How many letters the watcher has decided."""
    return len(world.db.run("SELECT 1 FROM letters"))


def subjects(world: World) -> list[str]:
    """The subjects of the letters taken, in order."""
    return [row["subject"] for row in world.db.run("SELECT subject FROM letters ORDER BY id")]


def without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the waits between servers to next to nothing."""
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    monkeypatch.setattr(watch, "_LOOK_S", 0.05)
    monkeypatch.setattr(imap, "_READ_S", 1.0)
