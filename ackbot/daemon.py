"""The composition root: it connects all parts, and starts, reloads and stops them."""

import gc
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import structlog

from ackbot import __version__, log_events
from ackbot.casework import keys
from ackbot.casework.drafts import to_admin
from ackbot.config import Config, ConfigProblem, Listening, load
from ackbot.crashpoints import crash_point
from ackbot.errors import AckbotError
from ackbot.store import Database, StoreBusy, StoreProblem, open_database, outbox, reconfigured
from ackbot.store import running as store_running
from ackbot.wires import systemd
from ackbot.wires.places import Place
from ackbot.wires.readers import NoReader, ReadingFailed
from ackbot.work import dispatch, keeping, rounds, running
from ackbot.work.apply import apply
from ackbot.work.check_store import forgotten
from ackbot.work.dispatch import Dispatcher
from ackbot.work.inbox_leases import InboxLeases
from ackbot.work.intake import Intake
from ackbot.work.lmtp_delivery import Mailroom
from ackbot.work.people import changed
from ackbot.work.quota import Quota
from ackbot.work.reading import ReaderProcess, Reading, Unread
from ackbot.work.recompute import recount
from ackbot.work.relay_limits import limiter_of
from ackbot.work.rounds import Rounds
from ackbot.work.samples import proofread
from ackbot.work.threads import Stop, Wake
from ackbot.work.trial import Trial
from ackbot.work.undelivered import Undelivered
from ackbot.work.watch import Watcher

CALL_OTHERS_S = 0.05  # least time between two calls to other workers, because each call is a transaction
READ_S = 3.0  # after SIGTERM the reader may finish its mails for this long
STOP_S = 8.5  # after SIGTERM threads have this long to end, so that the process ends within ten seconds
SWEEP_S = 120.0  # at a start promises wait this long for all inboxes to be swept, because the answer may lie there

log = structlog.get_logger()


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Runtime:
    """Everything that depends on one configuration. A reload ends one runtime and begins another."""

    def __init__(
        self,
        config: Config,
        db: Database,
        worker: str,
        clock: Callable[[], datetime],
        reading: Reading | None = None,
    ) -> None:
        """
        Bring the store in line with the configuration, and build the threads without starting them.

        Args:
            worker: the name of this process in claims and leases; no other process has it.
            clock: the time, aware, UTC.
            reading: the reader of mails; None reads them in this process.

        Raises:
            StoreBusy, StoreProblem: the store cannot be brought in line.
            PlaceTaken: the LMTP place, or that of health, is taken by another program.
        """
        self._config = config
        self._db = db
        self._clock = clock
        self._stop = Stop()
        self._wake = Wake()
        if changed := recount(db, config.council, clock()):
            log.info(log_events.DATES_COMPUTED_ANEW, clocks=changed)
        with db.transaction():
            reconfigured.know_admin(db, config.council)
            if held := reconfigured.hold_by_mode(db, config.council, clock()):
                log.info(log_events.HELD_BY_MODE, mails=held)
            if moved := reconfigured.change_lanes(db, config.council, [lane.name for lane in config.lanes]):
                log.info(log_events.LANES_CHANGED, mails=moved)
        quota = Quota(db, config.lmtp.keep_per_day, config.lmtp.keep) if config.lmtp else None
        self._intake = intake = Intake(db, config.office, reading, Trial(config.path), quota)
        self._watched = {one.name: one for one in config.watched}
        self._inbox_leases = InboxLeases(
            db, worker, list(self._watched), self._make_watcher, self._wake.call, self._take_over
        )
        self.undelivered = Undelivered(db, config.office)
        self._dispatchers = [
            Dispatcher(lane, db, config.office, worker, self._stop, self._wake.subscribe(), clock)
            for lane, configured in zip(self._lanes(), config.lanes, strict=True)
            for _ in range(configured.connections)
        ]
        self._called_others_at = 0.0  # monotonic
        self._rounds = Rounds(
            db,
            config.office,
            intake,
            clock,
            self._queued,
            self.undelivered.unverified,
            self._swept,
            self._inbox_leases.does_rounds,
            config.calendars,
        )
        self._sweep_until = time.monotonic() + SWEEP_S
        self._warm = threading.Thread(target=self._warm_up, name="warm", daemon=True)
        work = {f"dispatch {number}": dispatcher.run for number, dispatcher in enumerate(self._dispatchers)}
        if config.lmtp:
            work["lmtp"] = self._listener(config.lmtp, intake)
        if config.health:
            work["health"] = self._pages(config.health)
        self._threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in work.items()]

    def _lanes(self) -> list[dispatch.Lane]:
        sent_folders = {one.name: (one.account, one.sent_folder) for one in self._config.watched}
        lanes = []
        for lane in self._config.lanes:
            limiter = limiter_of(self._db, lane.name, lane.per_minute, lane.per_day, self._clock())
            lanes.append(
                dispatch.Lane(lane.name, lane.relay, lane.username, socket.gethostname(), limiter, sent_folders)
            )
        return lanes

    def _listener(self, at: Listening, intake: Intake) -> Callable[[], None]:
        from ackbot.wires.lmtp import Listener

        room = Mailroom(
            self._db, intake, self._config.council, self._stop, self._clock, self._queued, self._trouble, at.per_minute
        )
        listener = Listener(at.place, room, peers=at.peers, size=at.size, certificate=at.certificate)
        return lambda: listener.run(self._stop.fd)

    def _pages(self, at: Place) -> Callable[[], None]:
        from ackbot.wires.health import Pages
        from ackbot.work.health import Health

        polls = {one.name: one.poll_every_s for one in self._config.watched}
        lanes = tuple(lane.name for lane in self._config.lanes)
        told = Health(self._db, self._config.council, polls, lanes, self._clock, self.makes_progress)
        pages = Pages(at, {"/health": told.health, "/metrics": told.metrics})
        return lambda: pages.run(self._stop.fd)

    def _make_watcher(self, inbox: str, stop: Stop) -> Watcher:
        return Watcher(self._watched[inbox], self._db, self._intake, stop, self._clock, self._queued, self._trouble)

    def _queued(self) -> None:
        """Wake the dispatchers, because the outbox has new mails: ours always, other workers' every CALL_OTHERS_S at most."""
        self._wake.call()
        # A call that is left out delays nothing for long: a dispatcher looks by itself every few seconds.
        if self._db.shared and time.monotonic() > self._called_others_at + CALL_OTHERS_S:
            self._called_others_at = time.monotonic()
            self._db.call_others()

    def _take_over(self) -> None:
        """Recover the mails that dead workers left in the outbox."""
        now = self._clock()
        for outgoing in outbox.recover(self._db, now, alone=False):
            self.undelivered.unverified(outgoing, now)

    def start(self) -> None:
        """Start every thread."""
        self._warm.start()
        self._inbox_leases.start()
        for thread in self._threads:
            thread.start()
        self._rounds.start()

    def _warm_up(self) -> None:
        """Load what the first letter needs, and exempt all objects that stay for good from garbage collection."""
        self._intake.warm()
        gc.unfreeze()  # after a reload, objects of the old runtime are still exempt
        gc.collect()
        gc.freeze()

    def _swept(self) -> bool:
        """Whether every inbox was swept, or SWEEP_S has passed: an unreachable server must not delay other inboxes' promises."""
        watchers = self._inbox_leases.watchers
        return time.monotonic() > self._sweep_until or (bool(watchers) and all(one.ready.is_set() for one in watchers))

    def tick(self) -> None:
        """Do what is due now, for tests and `demo`; APScheduler does the same every few seconds."""
        self._rounds.tick()
        self._wake.call()

    def nudge(self) -> None:
        """Bring the next round forward if the machine's clock was set back."""
        self._rounds.nudge()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until every inbox of this worker was swept once. Returns False if one was not swept in time."""
        until = time.monotonic() + seconds
        self._warm.join(seconds)
        return all(watcher.ready.wait(max(0.0, until - time.monotonic())) for watcher in self._inbox_leases.watchers)

    def end(self, within_s: float) -> bool:
        """Stop every thread. Returns False if one did not end within that many seconds."""
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
        """Whether all threads live and none is stuck. Only then does systemd's watchdog hear from us."""
        now = time.monotonic()
        return (
            all(thread.is_alive() for thread in self._threads)
            and all(now - one.progress_at < dispatch.PATIENCE_S for one in self._dispatchers)
            and now - self._rounds.progress_at < rounds.PATIENCE_S
            and self._inbox_leases.makes_progress()
        )

    def _trouble(self, inbox: str, topic: str, reason: str, whose: str) -> None:
        """
        Tell the admin of trouble with an inbox, once a day for each topic.

        Args:
            whose: whose trouble it is, an inbox or its server. All inboxes of a server share one mail about the server.
        """
        now = self._clock()
        desk = self._config.office.desk(now)
        values = {"inbox": desk.council.inboxes[inbox].address, "reason": reason}
        send = to_admin.about(desk, topic, keys.trouble(topic, whose, desk.today), values, why=reason)
        try:
            with self._db.transaction():
                apply(self._db, [send], desk)
        except (StoreBusy, StoreProblem):
            log.warning(log_events.ADMIN_NOT_TOLD, inbox=inbox, reason=reason)
        self._queued()


class Daemon:
    """One process: a store and the runtime that works on it."""

    def __init__(self, config: Config, clock: Callable[[], datetime] = utc_now) -> None:
        """
        Open the store and recover what the last run left in the outbox.

        Args:
            clock: the time, aware, UTC.

        Raises:
            StoreProblem: the store cannot be used, or another `run` has it.
            PlaceTaken: another program listens at the LMTP place.
            ConfigProblem: the configuration does not fit the store.
        """
        self._config = config
        self._clock = clock
        # Before any other thread starts, and first, so that it gets ready while the store is opened.
        self._reading = ReaderProcess()
        self._worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        try:
            self._db = _opened(config)
        except BaseException:
            self._reading.close()
            raise
        self._left_unverified = outbox.recover(self._db, clock(), alone=not self._db.shared)
        crash_point("daemon.recovered")
        self._signals: set[int] = set()  # signals that came and were not acted on yet
        self._end_by = 0.0  # monotonic; 0 until a signal asks for the end
        self._called = threading.Event()  # set by a signal
        self.stuck = False  # threads of a runtime did not end in time, and only the end of the process ends them
        self.runtime = self._new_runtime(config)

    def _new_runtime(self, config: Config) -> Runtime:
        return Runtime(config, self._db, self._worker, self._clock, self._reading)

    def run(self) -> int:
        """
        Work until SIGTERM or SIGINT.

        Returns:
            The exit code: 1 if a template is broken (D45), if no mail can be read, or if threads of the former configuration
            did not end on a reload; otherwise 0.
        """
        try:
            findings = proofread(self._config, self._reading)
        except (Unread, ReadingFailed, NoReader) as error:
            log.error(log_events.NOT_STARTED, reason=str(error))  # noqa: TRY400 - it is all there is to say
            return 1
        if findings:
            for finding in findings:
                log.error(log_events.CONFIGURATION, reason=str(finding))
            return 1
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        log.info(
            log_events.STARTED,
            version=__version__,
            inboxes=len(self._config.watched),
            relays=len(self._config.lanes),
            warnings=len(self._config.warnings),
        )
        self.start()
        systemd.notify("READY=1")
        interval = systemd.watchdog_interval_s()
        while signal.SIGTERM not in self._signals and signal.SIGINT not in self._signals:
            self._called.wait(min(interval or running.HEARTBEAT_S, running.HEARTBEAT_S))
            self._called.clear()
            if signal.SIGHUP in self._signals:
                self._signals.discard(signal.SIGHUP)
                self.reload()
                if self.stuck:
                    return 1
            self._noted(lambda now: store_running.heard(self._db, self._worker, now))
            self.runtime.nudge()
            if interval and self.runtime.makes_progress():
                systemd.notify("WATCHDOG=1")
        systemd.notify("STOPPING=1")
        self.stop()
        return 0

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number != signal.SIGHUP and not self._end_by:  # the first signal counts: a second one gives no more time
            self._end_by = time.monotonic() + STOP_S
        self._signals.add(number)
        self._called.set()

    def start(self) -> None:
        """Tell the admin of mails that the last run left unverified and of a restored backup, then start the runtime."""
        for outgoing in self._left_unverified:
            self.runtime.undelivered.unverified(outgoing, self._clock())
        keeping.tell_admin(self._db, self._config.office, self._clock())
        self._noted(lambda now: running.record(self._db, self._worker, self._config, now))
        self.runtime.start()

    def _noted(self, write: Callable[[datetime], None]) -> None:
        """Record for `status` how we are. If the store takes nothing now, it shows what was before, and mail is not kept up."""
        try:
            write(self._clock())
        except (StoreBusy, StoreProblem) as error:
            log.warning(log_events.DAEMON_NOT_RECORDED, reason=str(error))

    def reload(self) -> None:
        """
        Read the configuration again. If it has mistakes, or a change needs a restart, nothing changes (P10).

        If threads of the runtime do not end, the daemon is `stuck` and must end.
        """
        systemd.notify("RELOADING=1")
        try:
            fresh = load(self._config.path)
            findings = (*proofread(fresh, self._reading), *forgotten(self._db, fresh.council, fresh.path))
            problems = [str(finding) for finding in findings] or [
                f"{key}: needs a restart" for key, value in self._config.restart.items() if fresh.restart[key] != value
            ]
        except ConfigProblem as problem:
            problems = [str(finding) for finding in problem.findings]
        except OSError as error:
            problems = [f"{self._config.path} cannot be read: {error.strerror}"]
        except Exception as error:
            log.exception(log_events.CONFIGURATION)
            problems = [f"{self._config.path} cannot be read: {type(error).__name__}; `ackbot check` may tell more"]
        if problems:
            self._refuse(problems)
        else:
            self._change_runtime(fresh)
        systemd.notify("READY=1")

    def _refuse(self, problems: list[str]) -> None:
        for line in problems:
            log.error(log_events.NOT_RELOADED, reason=line)
        self._noted(lambda now: store_running.refused(self._db, self._worker, problems, now))

    def _change_runtime(self, fresh: Config) -> None:
        if not self.runtime.end(STOP_S):
            # Beside a new runtime, an old watcher or dispatcher would decide or send what the new one does too (P1, P2).
            log.error(log_events.NOT_ENDED)
            self.stuck = True
            self._reading.close()
            return
        try:
            runtime = self._new_runtime(fresh)
        except Exception as error:  # a port is taken, the store was busy, or we have a defect: the old one goes on
            if not isinstance(error, AckbotError):
                log.exception(log_events.NOT_RELOADED)
            self._refuse(
                [str(error) if isinstance(error, AckbotError) else f"a defect: {type(error).__name__}; see the log"]
            )
            fresh, runtime = self._config, self._new_runtime(self._config)
        else:
            people = changed(self._config.council, fresh.council)
            log.info(
                log_events.RELOADED,
                inboxes=len(fresh.watched),
                warnings=len(fresh.warnings),
                came=len(people.came),
                left=len(people.left),
                moved=len(people.moved),
            )
            self._noted(lambda now: running.record(self._db, self._worker, fresh, now, people))
        self._config, self.runtime = fresh, runtime
        self.runtime.start()

    def stop(self) -> None:
        """Stop the runtime and close the store. The next start takes up what could not be finished in time."""
        within_s = max(0.0, self._end_by - time.monotonic()) if self._end_by else STOP_S
        # A mail that hangs the reader must not delay the end. What is not read by then is read after the next start.
        close = threading.Timer(READ_S, self._reading.close)
        close.start()
        ended = self.runtime.end(within_s)
        close.cancel()
        self._reading.close()
        self.stuck = not ended
        if ended:  # a thread that still works needs the store; the end of the process closes it
            self._noted(lambda now: store_running.stopped(self._db, self._worker, now))
            self._db.close()
            log.info(log_events.STOPPED)
        else:
            log.warning(log_events.STOPPED_EARLY)


def _opened(config: Config) -> Database:
    """
    Open the store and migrate it.

    Raises:
        ConfigProblem: open cases name people or inboxes that the configuration no longer has.
    """
    db = open_database(config.store_url, exclusive=True)
    try:
        db.migrate()
        _must_fit(config, db)
    except BaseException:
        db.close()
        raise
    return db


def _must_fit(config: Config, db: Database) -> None:
    if findings := forgotten(db, config.council, config.path):
        raise ConfigProblem(findings)
