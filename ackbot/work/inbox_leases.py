"""Who watches which inbox: one worker watches all; several that share a store hold leases, each a fair share of the inboxes."""

import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from ackbot import log_events
from ackbot.store import Database, StoreBusy, StoreProblem, leases
from ackbot.work.threads import Lease, Stop
from ackbot.work.watch import Watcher

LEASE_S = 9.0  # a worker that does not renew its leases for so long is dead, or frozen
RENEW_S = 2.0  # between two renewals; together with LEASE_S, others have taken over within eleven seconds
_LISTEN_S = 1.0  # the longest wait for a call of another worker, so that the end is seen

log = structlog.get_logger()


@dataclass
class Watch:
    """One inbox that this worker watches, under a lease."""

    lease: Lease
    watcher: Watcher
    thread: threading.Thread
    leaving: bool = False  # its watcher was told to end; the store keeps the lease until it has


class InboxLeases:
    """
    Gives this worker its inboxes, and the rounds, for as long as it renews its leases.

    A lease in the store ends by the store's clock. Here it ends a little earlier, by the monotonic clock, which goes on while a
    process is frozen. So a worker that wakes up late knows that its lease has ended before it does anything.
    """

    def __init__(
        self,
        db: Database,
        worker: str,
        inboxes: Sequence[str],
        make_watcher: Callable[[str, Stop], Watcher],
        on_call: Callable[[], None],
        on_renewed: Callable[[], None],
    ) -> None:
        """
        Args:
            make_watcher: of an inbox; it works until the Stop is set.
            on_call: another worker put mails into the outbox.
            on_renewed: the leases were renewed, which happens every few seconds.
        """
        self._db = db
        self._worker = worker
        self._inboxes = inboxes
        self._make_watcher = make_watcher
        self._on_call = on_call
        self._on_renewed = on_renewed
        self._random = random.Random()
        self._stop = Stop()
        self._watches: dict[str, Watch] = {}
        self._rounds_until = 0.0 if db.shared else math.inf  # monotonic; the lease of the rounds
        self._thread = threading.Thread(target=self._run, name="inbox leases", daemon=True)

    def start(self) -> None:
        """Begin to watch: every inbox, or this worker's share where the store is shared."""
        if not self._db.shared:
            for inbox in self._inboxes:
                self._begin(inbox, math.inf)
            return
        try:
            self._renew()
        except (StoreBusy, StoreProblem) as error:
            log.warning(log_events.LEASES_NOT_RENEWED, reason=str(error))
        self._thread.start()

    def end(self) -> None:
        """Tell every watcher to end; no other begins."""
        self._stop.set()
        for watch in list(self._watches.values()):
            watch.lease.set()

    def join(self, until: float) -> bool:
        """Wait for watchers until that monotonic time, then give the leases back. Whether all watchers have ended."""
        threads = [watch.thread for watch in self._watches.values()]
        if self._db.shared:
            threads.append(self._thread)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            return False  # the leases end by themselves, so no other worker watches an inbox that is still watched here
        for watch in self._watches.values():
            watch.lease.close()
        if self._db.shared:
            try:
                leases.give_all_back(self._db, self._worker)
            except (StoreBusy, StoreProblem) as error:
                log.warning(log_events.LEASES_NOT_GIVEN_BACK, reason=str(error))
        self._stop.close()
        return True

    @property
    def watchers(self) -> list[Watcher]:
        """The watchers of the inboxes that this worker has now."""
        return [watch.watcher for watch in list(self._watches.values()) if not watch.leaving]

    def does_rounds(self) -> bool:
        """Whether this worker has the lease of the rounds."""
        return time.monotonic() < self._rounds_until

    def makes_progress(self) -> bool:
        """Whether neither a watcher nor the thread that renews the leases is stuck."""
        now = time.monotonic()
        watches = [watch for watch in list(self._watches.values()) if not watch.leaving]
        return (self._thread.is_alive() or not self._db.shared) and all(
            watch.thread.is_alive() and now - watch.watcher.progress_at < watch.watcher.patience_s for watch in watches
        )

    def _run(self) -> None:
        with self._db.priority():  # leases that are not renewed in time are lost, however busy the store is
            self._renew_until_stopped()

    def _renew_until_stopped(self) -> None:
        renew_at = time.monotonic() + RENEW_S
        while not self._stop.is_set():
            try:
                self._end_watches()
                if time.monotonic() >= renew_at:
                    renew_at = time.monotonic() + RENEW_S
                    self._renew()
                if self._db.wait_for_call(max(0.0, min(_LISTEN_S, renew_at - time.monotonic()))):
                    self._on_call()
            except (StoreBusy, StoreProblem) as error:
                log.warning(log_events.LEASES_NOT_RENEWED, reason=str(error))
                self._stop.wait(_LISTEN_S)
            except Exception:
                log.exception(log_events.INBOX_LEASES_FAILED)
                self._stop.wait(_LISTEN_S)

    def _renew(self) -> None:
        """Renew our leases, give back those of watches that have ended, take free ones up to our share."""
        db, worker = self._db, self._worker
        until = time.monotonic() + LEASE_S  # read before the store is asked, so that the lease ends later there
        held = leases.renew(db, worker, LEASE_S)
        for inbox, watch in list(self._watches.items()):
            if leases.of_inbox(inbox) in held and not watch.lease.is_set():
                watch.lease.until = until
            else:
                self._leave(inbox, watch)
        if leases.ROUNDS in held or leases.take(db, leases.ROUNDS, worker, LEASE_S):
            self._rounds_until = until
        self._end_watches()
        self._take_share(until)
        self._on_renewed()

    def _take_share(self, until: float) -> None:
        """Every worker that is alive has the same share of the inboxes: leave what we have beyond ours, take what is missing."""
        share = math.ceil(len(self._inboxes) / max(1, len(leases.workers(self._db))))
        mine = [inbox for inbox, watch in self._watches.items() if not watch.leaving]
        for inbox in mine[share:]:
            self._leave(inbox, self._watches[inbox])
        if len(mine) >= share:
            return
        names = {leases.of_inbox(one): one for one in self._inboxes if one not in self._watches}
        free = leases.free(self._db, names)
        self._random.shuffle(
            free
        )  # two workers that look at the same moment do not try the same inboxes in the same order
        for name in free:
            if len(mine) >= share or self._stop.is_set():
                return
            if leases.take(self._db, name, self._worker, LEASE_S):
                mine.append(names[name])
                self._begin(names[name], until)

    def _begin(self, inbox: str, until: float) -> None:
        lease = Lease(until)
        watcher = self._make_watcher(inbox, lease)
        thread = threading.Thread(target=watcher.run, name=f"watch {inbox}", daemon=True)
        self._watches[inbox] = Watch(lease, watcher, thread)
        thread.start()

    @staticmethod
    def _leave(inbox: str, watch: Watch) -> None:
        if not watch.leaving:
            watch.leaving = True
            watch.lease.set()
            log.info(log_events.INBOX_LEFT, inbox=inbox)

    def _end_watches(self) -> None:
        """
        Tell every watcher whose lease has ended to end, though the store cannot be reached; then give back the leases of those
        that have, so that another worker can take them at once.
        """
        for inbox, watch in list(self._watches.items()):
            if watch.lease.is_set():
                self._leave(inbox, watch)
        for inbox, watch in list(self._watches.items()):
            if watch.leaving and not watch.thread.is_alive():
                leases.give_back(self._db, leases.of_inbox(inbox), self._worker)
                watch.lease.close()
                del self._watches[inbox]
