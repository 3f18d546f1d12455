"""
Watch an inbox and its Sent folder: one watcher for each inbox waits for a push or for the next poll, and takes in new mail.

To sweep a folder is to look at all mails above its watermark, the highest uid that was dealt with.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from ackbot import log_events
from ackbot.casework.model import Arrival
from ackbot.config import Watched
from ackbot.crashpoints import crash_point
from ackbot.mail.plain import Read
from ackbot.store import Database, StoreBusy, StoreProblem, arrivals, backups, inboxes, reconciling
from ackbot.wires.imap import WHOLE_UP_TO, Envelope, ImapProblem, LoginRefused, Mailbox, NoToken, NotReached, NotTrusted
from ackbot.work.aside import Aside
from ackbot.work.fetching import Fetching
from ackbot.work.folders import Folders
from ackbot.work.in_hand import InHand
from ackbot.work.intake import NOT_THE_MAIL, Intake
from ackbot.work.moving import Moving
from ackbot.work.reading import put_aside
from ackbot.work.threads import Stop

_LISTED = 500  # the most envelopes asked for at once
_IDLE_S = 540  # nine minutes; servers end an IDLE after 29 minutes (RFC 2177), firewalls sooner
_LOOK_S = 30.0  # since the last report; then the next wake-up sweeps, because a server may fail to tell of mail
_SENT_S = 5.0  # the shortest time between two looks into the Sent folder
_COUNT_JUNK_S = 3_600.0
_BACK_OFF_S = (5.0, 300.0)  # the first and the longest wait before connecting again, jittered
_GENTLE_S = 900.0  # between attempts with a refused password, so that the server does not lock the account
_FETCH_AGAIN = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=3),
    timedelta(hours=12),
)
_MOVED_WITHIN = timedelta(days=7)  # the longest time from a mail's arrival until it is taken in and moved
_TOLD_AFTER = 3  # failed attempts to fetch a mail after which the admin is told
MOST_ASIDE = 20  # mails kept in memory until they are read; the watcher waits for further ones
_PASSED_BY = "others go on before it"
_NIGHT = 2  # the hour, UTC, from which the day's comparison is due
_SHOWN = 20  # uids in a mail to the admin
_SILENT_S = 600.0  # seconds without contact with the server after which the admin is told

log = structlog.get_logger()


class Watcher:
    """Watches one inbox until stopped. A failing inbox stops itself only, and says so."""

    def __init__(
        self,
        watched: Watched,
        db: Database,
        intake: Intake,
        stop: Stop,
        clock: Callable[[], datetime],
        on_queued: Callable[[], None],
        on_trouble: Callable[[str, str, str, str], None],
    ) -> None:
        """
        Args:
            clock: the time, aware, UTC.
            on_queued: called when mails were put into the outbox.
            on_trouble: called when an admin has to act, with the inbox's name, the topic, the reason, and whose trouble it
                is: the inbox's name or the server's host.
        """
        self._watched = watched
        self._db = db
        self._intake = intake
        self._stop = stop
        self._clock = clock
        self._on_queued = on_queued
        self._on_trouble = on_trouble
        self._random = random.Random()
        self._log = log.bind(inbox=watched.name)
        self.ready = threading.Event()  # set after the first whole sweep
        self.progress_at = time.monotonic()
        self._failures = 0
        self._answered_at = time.monotonic()  # when the server last worked, or when this watcher began
        self._fetching = Fetching()
        self._folders = Folders(watched, db, clock)
        self._aside = Aside(db, intake, stop, clock, on_queued)
        self._in_hand = InHand(db, watched.name, clock)
        self._moving = Moving(watched, db, clock)
        self._sent_at = 0.0  # monotonic; the last look into the Sent folder
        self._sent_trouble = ""
        self._reconciled_on: date | None = None

    @property
    def patience_s(self) -> float:
        """Seconds without progress after which the thread counts as stuck; no server can delay it for longer."""
        return max(self._watched.poll_every_s, _GENTLE_S) + 120

    def run(self) -> None:
        """Connect, watch, and connect again after every failure, until stopped."""
        while not self._stop.is_set():
            self.progress_at = time.monotonic()
            try:
                self._once()
            except (LoginRefused, NoToken, NotTrusted) as error:
                self._failures += 1
                self._report("stopped", str(error))
                self._tell(error)
                self._stop.wait(self._until_mended())
            except (ImapProblem, *NOT_THE_MAIL) as error:
                self._retry(error)
            except Exception as error:  # noqa: BLE001 - a watcher that dies sees nothing more
                self._log.exception(log_events.WATCHER_FAILED)
                self._retry(ImapProblem(f"internal error: {type(error).__name__}"))

    def _once(self) -> None:
        mailbox = Mailbox(self._watched.account)
        try:
            self._watch(mailbox)
        finally:
            mailbox.close()

    def _retry(self, error: Exception) -> None:
        if self._stop.is_set():
            return
        # A mail that broke the connection is not to be waited for: others stand behind it (D4).
        self._failures = 1 if self._fetching.mail_is_to_blame() else self._failures + 1
        self._report("retrying", str(error))
        if time.monotonic() - self._answered_at > _SILENT_S:
            self._tell(error)
        self._stop.wait(self._back_off(self._failures))

    def _tell(self, error: Exception) -> None:
        """Tell the admin. Trouble that all inboxes of a server or grant share is theirs, so that it is told once."""
        name, grant = self._watched.name, error.ids.get("oauth") if isinstance(error, ImapProblem) else None
        if grant:
            self._on_trouble(name, "oauth", str(error), f"oauth.{grant}")
            return
        whose = self._watched.account.host if isinstance(error, (NotReached, NotTrusted)) else name
        self._on_trouble(name, "inbox", str(error), whose)

    def _until_mended(self) -> float:
        """Seconds to wait for the admin. Trying a token again locks no account, so its inbox is soon back (D17)."""
        if self._watched.account.tokens is not None:
            return self._back_off(self._failures)
        return _GENTLE_S * self._random.uniform(0.8, 1.2)

    def _back_off(self, failures: int) -> float:
        """Seconds to wait, with jitter, so that the many inboxes of a server do not all connect at the same moment."""
        first, longest = _BACK_OFF_S
        return self._random.uniform(first / 2, min(longest, first * 2 ** min(failures - 1, 10)))

    def _report(self, state: str, reason: str) -> None:
        if state != "watching":
            self._log.warning(log_events.INBOX, state=state, reason=reason)
        try:
            inboxes.report(self._db, self._watched.name, state, reason, self._clock(), seen=state == "watching")
        except (StoreBusy, StoreProblem):
            self._log.warning(log_events.STATE_NOT_RECORDED, state=state)

    def _watch(self, mailbox: Mailbox) -> None:
        """
        Sweep, wait, and sweep again until stopped.

        Raises:
            ImapProblem: the connection is broken, or a folder changed so much that it must be opened again.
        """
        watched = self._watched
        self._look_in_moved(mailbox)
        uidvalidity = self._open(mailbox, watched.folder)
        self._look_into_sent(mailbox)  # first, so that a letter that a person has answered is not acknowledged
        self._sweep(mailbox, watched.folder, uidvalidity)
        self._failures = 0
        self._answered_at = time.monotonic()
        self._report("watching", self._sent_trouble)
        self._log.info(log_events.WATCHING, folder=watched.folder, idle=watched.watch == "idle" and mailbox.can_idle)
        self.ready.set()
        self._moving.move_left_over(mailbox, uidvalidity)
        self._count_junk(mailbox)
        told_at = counted_at = time.monotonic()
        idle = watched.watch == "idle" and mailbox.can_idle
        while not self._stop.is_set():
            self.progress_at = time.monotonic()
            if not mailbox.news:
                self._wait(mailbox, idle=idle)
            if self._stop.is_set():
                return
            due = time.monotonic() - told_at > _LOOK_S
            # With IDLE every wake-up sweeps; a polled server says in its reply to NOOP whether there may be mail.
            if idle or due or mailbox.noop():
                self._sweep(mailbox, watched.folder, uidvalidity)
            self._moving.move_late(mailbox, uidvalidity)
            if time.monotonic() - self._sent_at > max(_SENT_S, min(watched.poll_every_s, _LOOK_S)):
                self._look_into_sent(mailbox)
            if due:
                self._report("watching", self._sent_trouble)
                told_at = self._answered_at = time.monotonic()
            self._reconcile(mailbox, uidvalidity)
            if time.monotonic() - counted_at > _COUNT_JUNK_S:
                self._count_junk(mailbox)
                counted_at = time.monotonic()

    def _count_junk(self, mailbox: Mailbox) -> None:
        if self._watched.junk_folder:
            try:
                inboxes.junk_counted(self._db, self._watched.name, mailbox.count(self._watched.junk_folder))
            except ImapProblem as error:
                self._log.warning(log_events.JUNK_NOT_COUNTED, reason=str(error))

    def _reconcile(self, mailbox: Mailbox, uidvalidity: int) -> None:
        """Once a night: what the server shows is compared with the record, and what is missing is taken in (P1)."""
        now, watched = self._clock(), self._watched
        if now.hour < _NIGHT or now.date() == self._reconciled_on:
            return
        self._reconciled_on = now.date()
        uids = mailbox.uids_after(0)
        missing = reconciling.without_record(self._db, watched.name, watched.folder, uidvalidity, uids)
        for envelope in mailbox.envelopes(missing) if missing else ():
            place = (watched.name, envelope.internal_date or now, watched.folder, uidvalidity, envelope.uid)
            reconciling.take_in(self._db, Arrival(*place, size=envelope.size), now)
        if missing:
            self._log.error(log_events.MAILS_MISSING, mails=len(missing))
            shown = ", ".join(map(str, missing[:_SHOWN])) + (
                f" and {len(missing) - _SHOWN} more" if missing[_SHOWN:] else ""
            )
            self._on_trouble(watched.name, "missing", f"uid {shown} in {watched.folder}", watched.name)

    def _wait(self, mailbox: Mailbox, *, idle: bool) -> None:
        """Wait for a push or for the next poll, or until stopped."""
        if idle:
            mailbox.idle(min(self._watched.poll_every_s, _IDLE_S), self._stop.fd)
        else:
            self._stop.wait(self._watched.poll_every_s)

    def _look_into_sent(self, mailbox: Mailbox) -> None:
        """Take in answers that staff sent from their mail program. A Sent folder that cannot be read is only a warning."""
        watched = self._watched
        if not watched.sent_folder:
            return
        self._sent_at, trouble = time.monotonic(), ""
        try:
            self._sweep_sent(mailbox)
        except ImapProblem as error:
            trouble = f"its Sent folder cannot be watched: {error}"
            if trouble != self._sent_trouble:
                self._log.warning(log_events.SENT_FOLDER, reason=trouble)
        finally:
            if mailbox.folder != watched.folder:
                mailbox.select(watched.folder)
                mailbox.news = True  # mail that came while another folder was selected was not pushed
        self._sent_trouble = trouble

    def _sweep_sent(self, mailbox: Mailbox) -> None:
        """Sweep the Sent folder. Its STATUS shows whether anything is new; if not, the letters' folder stays selected."""
        name, sent = self._watched.name, self._watched.sent_folder
        shown, known = mailbox.status(sent), inboxes.folder(self._db, name, sent)
        if shown is not None and known is not None and shown.uidnext == known.last_uid + 1:
            unchanged = shown.uidvalidity == known.uidvalidity
            if unchanged and not arrivals.to_fetch_again(self._db, name, sent, shown.uidvalidity, self._clock()):
                return
        uidvalidity = self._open(mailbox, sent)
        self._sweep(mailbox, sent, uidvalidity)
        # Otherwise, once the newest mail is deleted, the watermark stays below UIDNEXT, and each look would sweep again.
        if shown is not None and not self._stop.is_set():
            inboxes.move_watermark(self._db, name, sent, shown.uidvalidity, shown.uidnext - 1)

    def _open(self, mailbox: Mailbox, name: str) -> int:
        """Select a folder, and see what a process that ended had in hand of it. Returns its UIDVALIDITY."""
        uidvalidity = self._folders.open(mailbox, name)
        self._in_hand.look(name, uidvalidity)
        return uidvalidity

    def _look_in_moved(self, mailbox: Mailbox) -> None:
        """Take in letters that were moved after a backup was made: the restored store does not know them."""
        watched, db = self._watched, self._db
        backup, known = backups.restored(db), inboxes.folder(db, watched.name, watched.folder)
        if backup is None or not watched.after or known is None or known.held_uid is not None:
            return
        try:
            uidvalidity = mailbox.select(watched.after).uidvalidity
        except ImapProblem as error:  # if the connection broke, the next command fails, and all of this is done again
            self._log.warning(log_events.MOVED_MAILS_NOT_SEEN, reason=str(error))
            return
        for uid in mailbox.uids_since(backup.of - _MOVED_WITHIN):
            self.progress_at = time.monotonic()
            if self._stop.is_set():
                raise ImapProblem("stopped")
            if arrivals.is_known_at(db, watched.name, watched.after, uidvalidity, uid):
                continue
            for envelope in mailbox.envelopes([uid]):
                place = (watched.name, envelope.internal_date or self._clock(), watched.after, uidvalidity, uid)
                arrival = Arrival(*place, hold="backup", size=envelope.size)
                raw = self._fetch_alone(mailbox, envelope, arrival)
                if raw is not None and self._intake.take(raw, arrival, self._clock()):
                    self._on_queued()

    def _sweep(self, mailbox: Mailbox, name: str, uidvalidity: int) -> None:
        """Take in all mails above the watermark, oldest first, and those that could not be fetched before (D10)."""
        inbox = self._watched.name
        mailbox.news = False
        folder = inboxes.folder(self._db, inbox, name)
        if folder is None or folder.uidvalidity != uidvalidity:
            raise ImapProblem("the folder's record changed under the watch", inbox=inbox, folder=name)
        self._fetch_again(mailbox, name, folder)
        at, listed_last = self._clock(), mailbox.last_uids(folder.last_uid)
        self._folders.look_whether_put_back(mailbox, name, folder, listed_last)
        uids = [uid for uid in listed_last if uid > folder.last_uid]
        for start in range(0, len(uids), _LISTED):
            listed = uids[start : start + _LISTED]
            theirs = self._of_others(mailbox, name, listed)
            for batch in self._in_hand.batches(name, self._fetching.envelopes(mailbox, name, theirs)):
                if self._stop.is_set():
                    return
                self.progress_at = time.monotonic()
                self._take(mailbox, batch, name, folder)
            if self._stop.is_set():
                return  # perhaps in the middle of the last batch
            # Passed without a record are only mails expunged before we could look, and our own mails in the Sent folder.
            inboxes.move_watermark(self._db, inbox, name, uidvalidity, listed[-1])
            crash_point("watch.swept")
        self._folders.looked(name, folder, at)

    def _of_others(self, mailbox: Mailbox, name: str, uids: list[int]) -> list[int]:
        """The uids without copies of our own mails: the outbox has those, and Exchange keeps a copy of each in Sent."""
        if name != self._watched.sent_folder:
            return uids
        ids = dict(self._fetching.each(name, uids, lambda some: list(mailbox.ids(some).items())))
        return [uid for uid in uids if not self._intake.is_ours(ids.get(uid, b""))]

    def _take(self, mailbox: Mailbox, batch: list[Envelope], name: str, folder: inboxes.Folder) -> None:
        with self._in_hand.batch(name, folder.uidvalidity, [one.uid for one in batch]):
            self._take_in_hand(mailbox, batch, name, folder)
        crash_point("intake.batch-done")

    def _take_in_hand(self, mailbox: Mailbox, batch: list[Envelope], name: str, folder: inboxes.Folder) -> None:
        small = [one.uid for one in batch if one.size <= WHOLE_UP_TO]
        if self._fetching.is_suspect(name, small):
            small = []  # one of them may have broken the connection, so each is fetched alone
        mails = self._fetching.asking(name, small, lambda: mailbox.whole(small)) if small else {}
        crash_point("watch.fetched")
        # The reader reads the next mails while we decide the first.
        accused = {one.uid for one in batch if self._in_hand.is_accused(name, one.uid)}
        read = {uid: self._intake.begin_reading(raw) for uid, raw in sorted(mails.items()) if uid not in accused}
        for envelope in batch:
            if self._stop.is_set():
                self._in_hand.not_all()
                return
            arrival = self._folders.arrival(envelope, name, folder)
            raw = mails.pop(envelope.uid, None)
            if raw is None:
                raw = self._fetch_alone(mailbox, envelope, arrival)
            if raw is None:
                self._not_fetched(arrival, "the server lists it and does not give it")
            elif envelope.uid in accused:
                self._pass_by(raw, arrival, None)
            else:
                reading = read.pop(envelope.uid) if envelope.uid in read else self._intake.begin_reading(raw)
                self._take_one(mailbox, raw, arrival, reading)

    def _take_one(self, mailbox: Mailbox, raw: bytes, arrival: Arrival, reading: "Future[Read]") -> None:
        slowly = put_aside(reading)
        if slowly is not None and len(self._aside) < MOST_ASIDE:
            self._pass_by(raw, arrival, slowly)
            return
        if self._intake.take(raw, arrival, self._clock(), reading):
            self._on_queued()
        self._fetching.took_one()
        self._moving.move(mailbox, arrival)

    def _fetch_alone(self, mailbox: Mailbox, envelope: Envelope, arrival: Arrival) -> bytes | None:
        try:
            return self._fetching.alone(mailbox, envelope, arrival.folder)
        except ImapProblem as error:
            if self._fetching.gave_up(arrival.folder, envelope.uid):
                self._not_fetched(arrival, str(error))
            raise

    def _pass_by(self, raw: bytes, arrival: Arrival, reading: "Future[Read] | None") -> None:
        """
        A mail whose reading takes long, or over which a process may have ended, delays no other (E1): the next are decided, and it
        when it is read, or tried.

        If the process ends before, the next one asks the server for it at once, and tries it first.
        """
        self._remember(arrival, _PASSED_BY, lambda _: timedelta(0))
        key, taken = (
            self._key(arrival.folder, arrival.uidvalidity, arrival.uid),
            partial(self._moving.decided_late, arrival),
        )
        if reading is None:
            self._aside.accuse(key, raw, arrival, taken)
        else:
            self._aside.put(key, raw, arrival, reading, taken)

    @staticmethod
    def _key(folder: str, uidvalidity: int, uid: int) -> str:
        """What a mail of this inbox is known by beside the others."""
        return f"{folder}/{uidvalidity}/{uid}"

    def _not_fetched(self, arrival: Arrival, error: str) -> None:
        """Record a mail that the server does not give. It is asked for again later, and delays no other mail (P1, D4)."""
        attempts = self._remember(arrival, error, lambda count: _FETCH_AGAIN[min(count, len(_FETCH_AGAIN)) - 1])
        self._log.warning(log_events.NOT_FETCHED, uid=arrival.uid, reason=error)
        if attempts == _TOLD_AFTER:
            reason = f"uid {arrival.uid} in {arrival.folder}: {error}"
            self._on_trouble(self._watched.name, "not-fetched", reason, self._watched.name)

    def _remember(self, arrival: Arrival, error: str, wait: Callable[[int], timedelta]) -> int:
        """Write down that a mail was not taken in; `wait` says how long to wait after so many attempts. How many they were."""
        now, db = self._clock(), self._db
        self._in_hand.not_all()
        with db.transaction():
            arrival_id = arrivals.add_arrival(db, arrival, now) or arrivals.unfetched(db, arrival)
            attempts = arrivals.not_fetched(db, arrival_id, error) if arrival_id is not None else 0
            if arrival_id is not None:
                arrivals.fetch_again_at(db, arrival_id, now + wait(attempts))
            inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
        return attempts

    def _fetch_again(self, mailbox: Mailbox, name: str, folder: inboxes.Folder) -> None:
        for row in arrivals.to_fetch_again(self._db, self._watched.name, name, folder.uidvalidity, self._clock()):
            if self._key(name, folder.uidvalidity, row["uid"]) in self._aside:
                continue
            if row["error"] == _PASSED_BY:
                self._in_hand.accuse(name, row["uid"])
            self.progress_at = time.monotonic()
            if self._stop.is_set():
                return
            envelopes = self._fetching.envelopes(mailbox, name, [row["uid"]])
            if not envelopes:
                arrivals.gone(self._db, row["id"], self._watched.name, self._clock())
                self._log.warning(log_events.GONE, uid=row["uid"])
            for envelope in envelopes:
                # It is fetched alone now, and skipped as soon as it breaks one more connection.
                self._fetching.suspect(name, envelope.uid)
                self._take(mailbox, [envelope], name, folder)
