"""How threads wait: for a time, for work, and always for the end."""

import os
import threading
import time


class Stop:
    """The end of a run: set once, waited for by any thread, and by `poll(2)` through `fd`."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.fd, self._write = os.pipe()

    def set(self) -> None:
        """End it; every wait returns."""
        if not self._event.is_set():
            self._event.set()
            os.write(self._write, b"x")

    def is_set(self) -> bool:
        """Whether it has ended."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether the end has come."""
        return self._event.wait(max(0.0, seconds))

    def close(self) -> None:
        """Give the pipe back, after all threads have gone."""
        os.close(self.fd)
        os.close(self._write)


class Lease(Stop):
    """The end of one task: set as any other, or come by itself when what it stands on was not renewed in time."""

    def __init__(self, until: float) -> None:
        """`until`: monotonic; moved on by whoever renews it."""
        super().__init__()
        self.until = until

    def is_set(self) -> bool:
        """Whether it has ended, and then it stays so. A process that was frozen finds it before it does anything more."""
        if time.monotonic() > self.until:
            self.set()
        return super().is_set()


class Wake:
    """Work has come for somebody: any number of threads, each with its own event."""

    def __init__(self) -> None:
        self._events: list[threading.Event] = []
        self._lock = threading.Lock()

    def subscribe(self) -> threading.Event:
        """A new event that `call` sets."""
        event = threading.Event()
        with self._lock:
            self._events.append(event)
        return event

    def call(self) -> None:
        """Wake everybody."""
        with self._lock:
            for event in self._events:
                event.set()
