"""The composition root: connect everything; start, reload, stop."""

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType

import structlog

from ackbot import __version__
from ackbot.casework.drafts import to_admin
from ackbot.config import Config, ConfigProblem, Listening, load
from ackbot.crashpoints import crash_point
from ackbot.store import Database, StoreBusy, StoreProblem, open_database, outbox, reconfigured
from ackbot.wires import systemd
from ackbot.wires.places import PlaceTaken
from ackbot.work import dispatch, keeping
from ackbot.work.apply import apply
from ackbot.work.check_store import forgotten
from ackbot.work.delivery import Mailroom
from ackbot.work.dispatch import Dispatcher, Limiter, Limits, SharedLimiter
from ackbot.work.inbox_leases import InboxLeases
from ackbot.work.intake import Intake, warm
from ackbot.work.recompute import recount
from ackbot.work.rounds import Rounds
from ackbot.work.samples import proofread
from ackbot.work.threads import Stop, Wake
from ackbot.work.watch import Watcher

CALL_OTHERS_S = 0.05  # between two calls to other workers; each is a transaction
STOP_S = 8.5  # from SIGTERM, which ends the process within ten; what is not finished by then is found at the next start
LOOK_S = 120.0  # that inboxes have at a start before promises that fell due are looked at

log = structlog.get_logger()


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Runtime:
    """Everything that works from one configuration. A reload ends one runtime and begins another."""

    def __init__(self, config: Config, db: Database, worker: str, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._db = db
        self._clock = clock
        self._stop = Stop()
        self._wake = Wake()
        if changed := recount(db, config.council, clock()):
            log.info("dates computed anew", clocks=changed)
        with db.transaction():
            if held := reconfigured.hold_by_mode(db, config.council, clock()):
                log.info("held by mode", mails=held)
            if moved := reconfigured.change_lanes(db, config.council, [lane.name for lane in config.lanes]):
                log.info("lanes changed", mails=moved)
        self._intake = intake = Intake(db, config.office)
        self._watched = {one.name: one for one in config.watched}
        self._inbox_leases = InboxLeases(db, worker, list(self._watched), self._watch, self._wake.call, self._take_over)
        self.dispatchers = [
            Dispatcher(lane, db, config.office, worker, self._stop, self._wake.subscribe(), clock)
            for lane in self._lanes()
            for _ in range(lane.relay.connections)
        ]
        self._called_others_at = 0.0  # monotonic
        self._rounds = Rounds(
            db,
            config.office,
            intake,
            clock,
            self._queued,
            self.dispatchers[0].tell_unverified,
            self._looked,
            self._inbox_leases.does_rounds,
        )
        self._look_until = time.monotonic() + LOOK_S
        self._warm = threading.Thread(target=warm, args=(config.office,), name="warm", daemon=True)
        work = {f"dispatch {number}": dispatcher.run for number, dispatcher in enumerate(self.dispatchers)}
        if config.lmtp:
            work["lmtp"] = self._listener(config.lmtp, intake)
        self._threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in work.items()]

    def _lanes(self) -> list[dispatch.Lane]:
        """Lanes with their limits: what was sent within the last day counts, across restarts."""
        accounts = {one.name: (one.account, one.sent_folder) for one in self._config.watched}
        lanes = []
        for lane in self._config.lanes:
            limiter = self._limiter(lane.name, lane.relay.per_minute, lane.relay.per_day)
            lanes.append(dispatch.Lane(lane.name, lane.relay, lane.username, socket.gethostname(), limiter, accounts))
        return lanes

    def _listener(self, at: Listening, intake: Intake) -> Callable[[], None]:
        from ackbot.wires.lmtp import Listener

        room = Mailroom(intake, self._config.council, self._clock, self._queued, at.per_minute)
        listener = Listener(at.place, room, peers=at.peers, size=at.size, certificate=at.certificate)
        return lambda: listener.run(self._stop.fd)

    def _limiter(self, lane: str, per_minute: int, per_day: int) -> Limits:
        if self._db.shared:
            return SharedLimiter(self._db, lane, per_minute, per_day)
        now, monotonic = self._clock(), time.monotonic()
        sent = outbox.accepted_since(self._db, lane, now - timedelta(days=1))
        return Limiter(per_minute, per_day, [monotonic - max(0.0, (now - at).total_seconds()) for at in sent])

    def _watch(self, inbox: str, stop: Stop) -> Watcher:
        return Watcher(self._watched[inbox], self._db, self._intake, stop, self._clock, self._queued, self._trouble)

    def _queued(self) -> None:
        """Mails were put into the outbox: our dispatchers look, and once in a while those of other workers."""
        self._wake.call()
        if self._db.shared and time.monotonic() > self._called_others_at + CALL_OTHERS_S:
            self._called_others_at = time.monotonic()
            self._db.call_others()

    def _take_over(self) -> None:
        """What workers left that are dead goes out again."""
        now = self._clock()
        for outgoing in outbox.recover(self._db, now, alone=False):
            self.dispatchers[0].tell_unverified(outgoing, now)

    def start(self) -> None:
        """Begin to work."""
        self._warm.start()
        self._inbox_leases.start()
        for thread in self._threads:
            thread.start()
        self._rounds.start()

    def _looked(self) -> bool:
        """Whether every inbox was swept, or has had its time: one whose server is away holds up no other's promises."""
        watchers = self._inbox_leases.watchers
        return time.monotonic() > self._look_until or (bool(watchers) and all(one.ready.is_set() for one in watchers))

    def tick(self) -> None:
        """Do now what is due now; APScheduler does the same every few seconds."""
        self._rounds.tick()
        self._wake.call()

    def nudge(self) -> None:
        """Whatever the machine's clock was set to, the next round is near."""
        self._rounds.nudge()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until every inbox that is ours has been swept once; whether all have."""
        until = time.monotonic() + seconds
        self._warm.join(seconds)
        return all(watcher.ready.wait(max(0.0, until - time.monotonic())) for watcher in self._inbox_leases.watchers)

    def end(self, within_s: float) -> bool:
        """Stop everything; whether all of it ended in time."""
        until = time.monotonic() + within_s
        self._stop.set()
        self._inbox_leases.end()
        self._wake.call()
        ended = self._rounds.stop(within_s)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        ended = self._inbox_leases.join(until) and ended and not any(thread.is_alive() for thread in self._threads)
        if ended:
            self._stop.close()
        return ended

    def makes_progress(self) -> bool:
        """Whether no thread is stuck: systemd's watchdog is told only then."""
        return all(thread.is_alive() for thread in self._threads) and self._inbox_leases.makes_progress()

    def _trouble(self, inbox: str, topic: str, reason: str, whose: str) -> None:
        """The admin hears of an inbox, or of what all inboxes of a server have in common, once a day and topic."""
        now = self._clock()
        desk = self._config.office.desk(now)
        values = {"inbox": desk.council.inboxes[inbox].address, "reason": reason}
        send = to_admin.about(desk, topic, f"{topic}:{whose}:{desk.today}", values, why=reason)
        try:
            with self._db.transaction():
                apply(self._db, [send], desk)
        except (StoreBusy, StoreProblem):
            log.warning("admin not told", inbox=inbox, reason=reason)
        self._queued()


class Daemon:
    """One process: a store, and the runtime that works on it."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = utc_now) -> None:
        """
        Open the store and take up what the last run left.

        Raises:
            StoreProblem: the store cannot be used, or another `run` has it.
            PlaceTaken: nobody can listen where mail is to be delivered.
            ConfigProblem: it does not fit the store.
        """
        self._config = config
        self._clock = clock
        self._worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._db = open_database(config.store_url, exclusive=True)
        try:
            self._db.migrate()
            _must_fit(config, self._db)
        except BaseException:
            self._db.close()
            raise
        self._left_unverified = outbox.recover(self._db, clock(), alone=not self._db.shared)
        crash_point("daemon.recovered")
        self._asked: set[int] = set()
        self._end_by = 0.0  # monotonic; once the end was asked for
        self._called = threading.Event()
        self.runtime = self._new_runtime(config)

    def _new_runtime(self, config: Config) -> Runtime:
        return Runtime(config, self._db, self._worker, self._clock)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT. Returns the exit code."""
        if findings := proofread(self._config):
            for finding in findings:
                log.error("configuration", reason=str(finding))
            return 1
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        log.info(
            "started",
            version=__version__,
            inboxes=len(self._config.watched),
            relays=len(self._config.lanes),
            warnings=len(self._config.warnings),
        )
        self.start()
        systemd.notify("READY=1")
        interval = systemd.watchdog_interval_s()
        while signal.SIGTERM not in self._asked and signal.SIGINT not in self._asked:
            self._called.wait(interval or 60.0)
            self._called.clear()
            if signal.SIGHUP in self._asked:
                self._asked.discard(signal.SIGHUP)
                self.reload()
            self.runtime.nudge()
            if interval and self.runtime.makes_progress():
                systemd.notify("WATCHDOG=1")
        systemd.notify("STOPPING=1")
        self.stop()
        return 0

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number != signal.SIGHUP and not self._end_by:
            self._end_by = time.monotonic() + STOP_S
        self._asked.add(number)
        self._called.set()

    def start(self) -> None:
        """Begin to work; mails that the last run left doubtful for ever are told."""
        for outgoing in self._left_unverified:
            self.runtime.dispatchers[0].tell_unverified(outgoing, self._clock())
        keeping.tell_admin(self._db, self._config.office, self._clock())
        self.runtime.start()

    def reload(self) -> None:
        """Read the configuration again; one that has mistakes, or needs a restart, changes nothing (P10)."""
        systemd.notify("RELOADING=1")
        try:
            fresh = load(self._config.path)
            findings = (*proofread(fresh), *forgotten(self._db, fresh.council, fresh.path))
            problems = [str(finding) for finding in findings] or [
                f"{key}: needs a restart" for key, value in self._config.restart.items() if fresh.restart[key] != value
            ]
        except ConfigProblem as problem:
            problems = [str(finding) for finding in problem.findings]
        except OSError as error:
            problems = [f"{self._config.path} cannot be read: {error.strerror}"]
        except Exception as error:
            log.exception("configuration")
            problems = [f"{self._config.path} cannot be read: {type(error).__name__}; `ackbot check` may tell more"]
        for line in problems:
            log.error("not reloaded", reason=line)
        if not problems:
            self._change_runtime(fresh)
        systemd.notify("READY=1")

    def _change_runtime(self, fresh: Config) -> None:
        self.runtime.end(STOP_S)
        try:
            runtime = self._new_runtime(fresh)
        except Exception as error:  # a port is taken, the store was busy, or a defect of ours: go on as before
            if isinstance(error, PlaceTaken):
                log.error("not reloaded", reason=str(error))  # noqa: TRY400 - it is all there is to say
            else:
                log.exception("not reloaded")
            fresh, runtime = self._config, self._new_runtime(self._config)
        else:
            log.info("reloaded", inboxes=len(fresh.watched), warnings=len(fresh.warnings))
        self._config, self.runtime = fresh, runtime
        self.runtime.start()

    def stop(self) -> None:
        """End the work and close the store. What could not be finished is found at the next start."""
        within_s = max(0.0, self._end_by - time.monotonic()) if self._end_by else STOP_S
        if self.runtime.end(within_s):
            self._db.close()
            log.info("stopped")
        else:
            log.warning("stopped before everything had ended")


def _must_fit(config: Config, db: Database) -> None:
    if findings := forgotten(db, config.council, config.path):
        raise ConfigProblem(findings)
