"""
Workers divide the inboxes: one worker watches all of them; of several that share a store, each has leases for a fair share.
"""

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

LEASE_S = 9.0  # a worker that has not renewed its leases for this long is dead or frozen
RENEW_S = 2.0  # between two renewals; LEASE_S and RENEW_S together mean that others take over within eleven seconds
_LISTEN_S = 1.0  # the longest wait for a call of another worker; after it we look whether we are stopped

log = structlog.get_logger()


@dataclass
class Watch:
    """An inbox that this worker watches under a lease."""

    lease: Lease
    watcher: Watcher
    thread: threading.Thread
    leaving: bool = False  # the watcher was told to end; the store keeps the lease until it has ended


class InboxLeases:
    """
    Gives this worker its inboxes, and the rounds, for as long as it renews its leases.

    In the store a lease ends by the store's clock. Here it ends a little earlier, by the monotonic clock, which goes on while
    the process is frozen. So a worker that wakes up late knows that its lease has ended before it does anything.
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
            worker: the name of this worker in the store's leases.
            make_watcher: makes the watcher of an inbox, which works until the Stop is set.
            on_call: called when another worker put mails into the outbox.
            on_renewed: called when the leases were renewed, every few seconds.
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
        """Begin to watch every inbox, or this worker's share if the store is shared."""
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
        """Tell every watcher to end. No further watcher begins."""
        self._stop.set()
        for watch in list(self._watches.values()):
            watch.lease.set()

    def join(self, until: float) -> bool:
        """Wait for the watchers until that monotonic time, then give the leases back. Returns whether all watchers ended."""
        threads = [watch.thread for watch in self._watches.values()]
        if self._db.shared:
            threads.append(self._thread)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            return False  # not given back: the leases run out, and until then nobody else watches these inboxes
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
        """Whether this worker has the lease of the rounds now, so that no two workers do them at once."""
        return time.monotonic() < self._rounds_until

    def makes_progress(self) -> bool:
        """Whether neither a watcher nor the thread that renews the leases is stuck."""
        now = time.monotonic()
        watches = [watch for watch in list(self._watches.values()) if not watch.leaving]
        return (self._thread.is_alive() or not self._db.shared) and all(
            watch.thread.is_alive() and now - watch.watcher.progress_at < watch.watcher.patience_s for watch in watches
        )

    def _run(self) -> None:
        with self._db.priority():  # leases that are not renewed in time are lost, even if the store was only busy
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
        until = time.monotonic() + LEASE_S  # before the store is asked, so that the lease ends here first
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
        """Leave the inboxes beyond our share, and take free ones up to it. All live workers have the same share, rounded up."""
        share = math.ceil(len(self._inboxes) / max(1, len(leases.workers(self._db))))
        mine = [inbox for inbox, watch in self._watches.items() if not watch.leaving]
        for inbox in mine[share:]:
            self._leave(inbox, self._watches[inbox])
        if len(mine) >= share:
            return
        names = {leases.of_inbox(one): one for one in self._inboxes if one not in self._watches}
        free = leases.free(self._db, names)
        # Two workers that look at the same moment would otherwise try the same inboxes in the same order.
        self._random.shuffle(free)
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
        Stop every watcher whose lease has ended. Then give back the leases of watchers that have stopped, so that another worker
        can take them at once. The first step needs no store, because a lease also ends while the store cannot be reached.
        """
        for inbox, watch in list(self._watches.items()):
            if watch.lease.is_set():
                self._leave(inbox, watch)
        for inbox, watch in list(self._watches.items()):
            if watch.leaving and not watch.thread.is_alive():
                leases.give_back(self._db, leases.of_inbox(inbox), self._worker)
                watch.lease.close()
                del self._watches[inbox]
