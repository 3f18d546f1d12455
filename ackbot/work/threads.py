"""How threads wait: for a time, for work, and always for the end."""

import os
import threading
import time


class Stop:
    """The end of a thread's work: set once, waited for by any thread, and by `poll(2)` through `fd`."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.fd, self._write = os.pipe()

    def set(self) -> None:
        """End the work; every wait returns."""
        if not self._event.is_set():
            self._event.set()
            os.write(self._write, b"x")

    def is_set(self) -> bool:
        """Whether the end has come."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long at most. Whether the end has come."""
        return self._event.wait(max(0.0, seconds))

    def close(self) -> None:
        """Close the pipe, after all threads that wait for it have ended."""
        os.close(self.fd)
        os.close(self._write)


class Lease(Stop):
    """A right to work that ends: when it is set, as any Stop, or by itself when it was not renewed in time."""

    def __init__(self, until: float) -> None:
        """
        Args:
            until: monotonic; whoever renews the lease moves it on.
        """
        super().__init__()
        self.until = until

    def is_set(self) -> bool:
        """Whether the lease has ended. It stays ended, so a process that was frozen sees it before it does anything more."""
        if time.monotonic() > self.until:
            self.set()
        return super().is_set()


class Wake:
    """Tells its subscribers that there is work: any number of threads, each with an event of its own."""

    def __init__(self) -> None:
        self._subscribers: list[threading.Event] = []
        self._lock = threading.Lock()

    def subscribe(self) -> threading.Event:
        """A new event that `call` sets; its subscriber clears it."""
        event = threading.Event()
        with self._lock:
            self._subscribers.append(event)
        return event

    def call(self) -> None:
        """Wake every subscriber."""
        with self._lock:
            for event in self._subscribers:
                event.set()
