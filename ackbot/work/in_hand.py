"""What a watcher has in hand, written down before it is fetched; and what the one before it had, whose process ended (E1)."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ackbot.store import Database, StoreBusy, StoreProblem, in_hand
from ackbot.wires.imap import WHOLE_UP_TO, Envelope

BATCH_MAILS = 50
FIRST_MAILS = (
    8  # of the first batch of a sweep: the first residents of a backlog do not wait until fifty mails are fetched
)
BATCH_OCTETS = 4_000_000  # the most octets of whole mails held at once


class InHand:
    """
    Of one inbox; for one thread.

    Mails of a batch are taken in from the lowest uid to the highest, and each commit moves the watermark. So one note for a
    batch is enough: the first above the watermark is the one that was being decided. It is accused. Those behind it are taken
    one by one, since a process may also end over what was fetched together.
    """

    def __init__(self, db: Database, inbox: str, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._inbox = inbox
        self._clock = clock
        self._left: dict[str, tuple[int, int]] = {}  # by folder: uids, the first and the last that an ended process had
        self._pending: set[str] = set()  # folders of which none was accused yet
        self._accused: set[tuple[str, int]] = set()
        self._whole = True

    def look(self, folder: str, uidvalidity: int) -> None:
        """A folder is opened: what was left of the last batch by a process that ended?"""
        self._left.pop(folder, None)
        if left := in_hand.left(self._db, self._inbox, folder, uidvalidity):
            self._left[folder] = (left.first_uid, left.last_uid)
            self._pending.add(folder)

    def accuse(self, folder: str, uid: int) -> None:
        """Another record says that the process before ended while it had this mail."""
        self._accused.add((folder, uid))

    def _is_alone(self, folder: str, uid: int) -> bool:
        """Whether a mail is to be taken in a batch by itself."""
        first, last = self._left.get(folder, (0, -1))
        return first <= uid <= last

    def is_accused(self, folder: str, uid: int) -> bool:
        """Whether the process before may have ended over this mail, the next one of its folder. It says so once."""
        if (folder, uid) in self._accused:
            self._accused.discard((folder, uid))
            return True
        if folder not in self._pending or not self._is_alone(folder, uid):
            return False
        self._pending.discard(folder)
        return True

    @contextlib.contextmanager
    def batch(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> Iterator[None]:
        """
        These mails are fetched and taken in, in this order.

        If that ends otherwise than by the last of them, this process lives, and none is accused.
        """
        now = self._clock()
        in_hand.begin(self._db, self._inbox, folder, uidvalidity, in_hand.Batch(uids[0], uids[-1]), now)
        self._whole = True
        try:
            yield
        except BaseException:
            self._whole = False
            raise
        finally:
            if not self._whole:
                with contextlib.suppress(StoreBusy, StoreProblem):
                    in_hand.done(self._db, self._inbox, folder)

    def not_all(self) -> None:
        """Not every mail of the batch was taken in."""
        self._whole = False

    def batches(self, folder: str, envelopes: Sequence[Envelope]) -> Iterator[list[Envelope]]:
        """
        Batches of at most BATCH_MAILS and BATCH_OCTETS, the first of FIRST_MAILS.

        A large mail is fetched without its files and counts WHOLE_UP_TO.
        """
        batch: list[Envelope] = []
        octets, most = 0, FIRST_MAILS
        for envelope in envelopes:
            alone = self._is_alone(folder, envelope.uid)
            size = BATCH_OCTETS if alone else min(envelope.size, WHOLE_UP_TO)
            if batch and (alone or len(batch) >= most or octets + size > BATCH_OCTETS):
                yield batch
                batch, octets, most = [], 0, BATCH_MAILS
            batch.append(envelope)
            octets += size
        if batch:
            yield batch
