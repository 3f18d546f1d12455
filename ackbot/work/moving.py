"""Mails that were decided move to the folder `after`, if the admin configured one, and only after their decision is committed."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from ackbot.casework.model import Arrival
from ackbot.config import Watched
from ackbot.crashpoints import crash_point
from ackbot.store import Database, arrivals
from ackbot.wires.imap import Mailbox


class Moving:
    """Moves the mails of one inbox. `decided_late` may be called by any thread, all else by the watcher's."""

    def __init__(self, watched: Watched, db: Database, clock: Callable[[], datetime]) -> None:
        """`clock`: the time, aware."""
        self._watched = watched
        self._db = db
        self._clock = clock
        self._late: deque[Arrival] = deque()

    def move(self, mailbox: Mailbox, arrival: Arrival) -> None:
        """Move a mail of the letters' folder; one of another folder, or without a folder to move to, stays."""
        if self._watched.after and arrival.folder == self._watched.folder:
            place = mailbox.move(arrival.uid, self._watched.after)
            crash_point("watch.moved")
            arrivals.moved(self._db, arrival, self._watched.after, place)

    def decided_late(self, arrival: Arrival) -> None:
        """A mail was decided while the watcher went on with others: `move_late` moves it."""
        self._late.append(arrival)

    def move_late(self, mailbox: Mailbox, uidvalidity: int) -> None:
        """Move what was decided late and still lies in the selected folder."""
        while self._late:
            arrival = self._late.popleft()
            if arrival.uidvalidity == uidvalidity:
                self.move(mailbox, arrival)

    def move_left_over(self, mailbox: Mailbox, uidvalidity: int) -> None:
        """Move the mails that were decided, but not moved because the process died or the connection broke in between."""
        watched = self._watched
        self._late.clear()
        if not watched.after:
            return
        present = set(mailbox.uids_after(0))
        for row in arrivals.not_moved(self._db, watched.name, watched.folder, uidvalidity):
            if row["uid"] in present:
                self.move(mailbox, Arrival(watched.name, self._clock(), watched.folder, uidvalidity, row["uid"]))
