"""A clock that the story sets: days pass as fast as the story is told, and time never goes back."""

import threading
from datetime import datetime


class StoryClock:
    """The time of the story, aware, for every thread. It stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        """Move to a later instant. An earlier one changes nothing."""
        with self._lock:
            self._at = max(self._at, at)
