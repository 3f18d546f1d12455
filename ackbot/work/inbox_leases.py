"""Who watches which inbox: all of them where one worker runs, a fair share under leases where several share a store."""

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

LEASE_S = 9.0  # a worker that says nothing for so long is dead, or frozen
RENEW_S = 2.0  # between two looks; with the lease, others have taken over within eleven seconds
_LISTEN_S = 1.0  # the longest wait for a call, so that the end is seen

log = structlog.get_logger()


@dataclass
class Watch:
    """One inbox that this worker watches."""

    lease: Lease
    watcher: Watcher
    thread: threading.Thread
    leaving: bool = False  # its watcher was told to end; the lease is kept until it has


class InboxLeases:
    """
    Gives this worker its inboxes, and the rounds, for as long as it renews its leases.

    The leases end by the store's clock; here they are believed a little shorter, by the monotonic clock, which goes on
    while a process is frozen. So whoever wakes up late knows it before it does anything.
    """

    def __init__(
        self,
        db: Database,
        worker: str,
        inboxes: Sequence[str],
        watch: Callable[[str, Stop], Watcher],
        on_call: Callable[[], None],
        on_look: Callable[[], None],
    ) -> None:
        """
        Args:
            watch: makes the watcher of an inbox.
            on_call: another worker put mails into the outbox.
            on_look: every few seconds, when the leases are renewed.
        """
        self._db = db
        self._worker = worker
        self._inboxes = inboxes
        self._watch = watch
        self._on_call = on_call
        self._on_look = on_look
        self._random = random.Random()
        self._stop = Stop()
        self._watches: dict[str, Watch] = {}
        self._rounds_until = 0.0 if db.shared else math.inf  # monotonic
        self._thread = threading.Thread(target=self._run, name="inbox leases", daemon=True)

    def start(self) -> None:
        """Begin to watch: everything at once, or what falls to this worker."""
        if not self._db.shared:
            for inbox in self._inboxes:
                self._begin(inbox, math.inf)
            return
        try:
            self._look()
        except (StoreBusy, StoreProblem) as error:
            log.warning(log_events.LEASES_NOT_RENEWED, reason=str(error))
        self._thread.start()

    def end(self) -> None:
        """Tell every watcher to end; none begins any more."""
        self._stop.set()
        for watch in list(self._watches.values()):
            watch.lease.set()

    def join(self, until: float) -> bool:
        """Wait for watchers until that monotonic time, and give back what they had. Whether all have ended."""
        threads = [watch.thread for watch in self._watches.values()]
        if self._db.shared:
            threads.append(self._thread)
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            return False
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
        """Of the inboxes that are this worker's now."""
        return [watch.watcher for watch in list(self._watches.values()) if not watch.leaving]

    def does_rounds(self) -> bool:
        """Whether the rounds are this worker's to do."""
        return time.monotonic() < self._rounds_until

    def makes_progress(self) -> bool:
        """Whether neither this nor any watcher is stuck."""
        now = time.monotonic()
        watches = [watch for watch in list(self._watches.values()) if not watch.leaving]
        return (self._thread.is_alive() or not self._db.shared) and all(
            watch.thread.is_alive() and now - watch.watcher.progress_at < watch.watcher.patience_s for watch in watches
        )

    def _run(self) -> None:
        with self._db.priority():
            self._renew()

    def _renew(self) -> None:
        look_at = time.monotonic() + RENEW_S
        while not self._stop.is_set():
            try:
                self._let_go()
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + RENEW_S
                    self._look()
                if self._db.wait_for_call(max(0.0, min(_LISTEN_S, look_at - time.monotonic()))):
                    self._on_call()
            except (StoreBusy, StoreProblem) as error:
                log.warning(log_events.LEASES_NOT_RENEWED, reason=str(error))
                self._stop.wait(_LISTEN_S)
            except Exception:
                log.exception(log_events.INBOX_LEASES_FAILED)
                self._stop.wait(_LISTEN_S)

    def _look(self) -> None:
        """Renew what is ours, give back what we left, take what is free up to our share."""
        db, worker = self._db, self._worker
        until = time.monotonic() + LEASE_S  # before the store is asked: it ends later there
        held = leases.renew(db, worker, LEASE_S)
        for inbox, watch in list(self._watches.items()):
            if leases.of_inbox(inbox) in held and not watch.lease.is_set():
                watch.lease.until = until
            else:
                self._leave(inbox, watch)
        if leases.ROUNDS in held or leases.take(db, leases.ROUNDS, worker, LEASE_S):
            self._rounds_until = until
        self._let_go()
        self._share(until)
        self._on_look()

    def _share(self, until: float) -> None:
        """As many inboxes as fall to each of the workers that are alive: the rest is left to them."""
        share = math.ceil(len(self._inboxes) / max(1, len(leases.workers(self._db))))
        mine = [inbox for inbox, watch in self._watches.items() if not watch.leaving]
        for inbox in mine[share:]:
            self._leave(inbox, self._watches[inbox])
        if len(mine) >= share:
            return
        names = {leases.of_inbox(one): one for one in self._inboxes if one not in self._watches}
        free = leases.free(self._db, names)
        self._random.shuffle(free)  # two workers that look at once do not go for the same
        for name in free:
            if len(mine) >= share or self._stop.is_set():
                return
            if leases.take(self._db, name, self._worker, LEASE_S):
                mine.append(names[name])
                self._begin(names[name], until)

    def _begin(self, inbox: str, until: float) -> None:
        lease = Lease(until)
        watcher = self._watch(inbox, lease)
        thread = threading.Thread(target=watcher.run, name=f"watch {inbox}", daemon=True)
        self._watches[inbox] = Watch(lease, watcher, thread)
        thread.start()

    @staticmethod
    def _leave(inbox: str, watch: Watch) -> None:
        if not watch.leaving:
            watch.leaving = True
            watch.lease.set()
            log.info(log_events.INBOX_LEFT, inbox=inbox)

    def _let_go(self) -> None:
        """Posts whose time is over are told so, store or no store; the lease of an ended one goes to whoever wants it."""
        for inbox, watch in list(self._watches.items()):
            if watch.lease.is_set():
                self._leave(inbox, watch)
        for inbox, watch in list(self._watches.items()):
            if watch.leaving and not watch.thread.is_alive():
                leases.give_back(self._db, leases.of_inbox(inbox), self._worker)
                watch.lease.close()
                del self._watches[inbox]
