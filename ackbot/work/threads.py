"""How threads wait: for a time or for work, and always also for the end."""

import os
import threading
import time


class Stop:
    """Tells threads to end. Any thread may wait for it, also with `poll(2)` through `fd`; once set, it stays set."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.fd, self._write = os.pipe()

    def set(self) -> None:
        """Tell the threads to end. Every wait returns."""
        if not self._event.is_set():
            self._event.set()
            os.write(self._write, b"x")

    def is_set(self) -> bool:
        """Whether the threads are to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long. Returns whether the threads are to end."""
        return self._event.wait(max(0.0, seconds))

    def close(self) -> None:
        """Close the pipe. All threads that wait for it must have ended."""
        os.close(self.fd)
        os.close(self._write)


class Lease(Stop):
    """A right to work. It ends when it is set, as every Stop does, or by itself if nobody renews it in time."""

    def __init__(self, until: float) -> None:
        """
        Args:
            until: monotonic seconds; renewing the lease raises it.
        """
        super().__init__()
        self.until = until

    def is_set(self) -> bool:
        """Whether the lease has ended; then it stays ended. A process that was frozen sees this before it does anything."""
        if time.monotonic() > self.until:
            self.set()
        return super().is_set()


class Wake:
    """Tells its subscribers that there is work. Each subscriber has an event of its own, so none misses a call."""

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
