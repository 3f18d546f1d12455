"""A clock that others set: days pass as fast as the story is told, and never backwards."""

import threading
from datetime import datetime


class StoryClock:
    """The time of the story, for every thread. Between two settings it stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        """Go on to a later instant; an earlier one changes nothing."""
        with self._lock:
            self._at = max(self._at, at)
