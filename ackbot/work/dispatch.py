"""The outbox goes out: one dispatcher per relay connection (design.md, "The life of a letter", step 4)."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

import structlog

from ackbot.casework.drafts import to_admin
from ackbot.casework.model import TO_RESIDENTS
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, StoreBusy, StoreProblem, allowance, cases, outbox
from ackbot.store.modes import lets_out
from ackbot.store.outbox import Outgoing
from ackbot.wires import smtp
from ackbot.wires.imap import Account, ImapProblem, Mailbox
from ackbot.work.apply import apply
from ackbot.work.attachments import Attachments
from ackbot.work.threads import Stop

ARCHIVED = TO_RESIDENTS | {"human"}  # kinds of mail that residents get
CLAIM = 20  # mails claimed at once
LEASE_S = 300.0  # of claimed mails, while their worker is alive
_IDLE_S = 5.0  # the longest a dispatcher sleeps without looking
_LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
_GIVEN_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days
_TROUBLE_S = (15.0, 900.0)  # first and longest wait after the relay's own trouble
_BUSY = 3  # times that a relay may be busy, one after the other, before the admin hears of it
_REFUSALS = 4  # of one mail after DATA, while others go through, until it fails
_SENT_FOLDER_AGAIN = timedelta(minutes=5)

log = structlog.get_logger()


class Limiter:
    """
    How many mails a login may send: per minute and per day, 0 for no limit; shared by the connections of a lane.

    Args:
        sent: monotonic seconds of mails sent within the last day, oldest first.
    """

    def __init__(self, per_minute: int, per_day: int, sent: Iterable[float] = ()) -> None:
        self._limits = [(60.0, per_minute), (86_400.0, per_day)]
        self._sent = deque(sent)
        self._lock = threading.Lock()

    def take(self, wanted: int, now: float) -> tuple[int, float]:
        """How many of the wanted may go at monotonic `now`, and if none, in how many seconds to ask again."""
        if not any(limit for _, limit in self._limits):
            return wanted, 0.0
        with self._lock:
            while self._sent and self._sent[0] <= now - 86_400:
                self._sent.popleft()
            free, wait = wanted, 0.0
            for span, limit in self._limits:
                if not limit:
                    continue
                recent = [at for at in self._sent if at > now - span]
                if limit - len(recent) < free:
                    free = max(0, limit - len(recent))
                    wait = max(wait, recent[-limit] + span - now) if free == 0 else wait
            self._sent.extend([now] * free)
            return free, wait

    def give_back(self, count: int) -> None:
        """Mails that were taken and not sent."""
        with self._lock:
            for _ in range(min(count, len(self._sent))):
                self._sent.pop()


class SharedLimiter:
    """The same of a store that workers share: by the store's own clock, whoever sends."""

    def __init__(self, db: Database, lane: str, per_minute: int, per_day: int) -> None:
        self._db = db
        self._lane = lane
        self._limits = (per_minute, per_day)

    def take(self, wanted: int, _now: float) -> tuple[int, float]:
        """See Limiter.take."""
        return allowance.take(self._db, self._lane, *self._limits, wanted)

    def give_back(self, count: int) -> None:
        """See Limiter.give_back."""
        if count and any(self._limits):
            allowance.give_back(self._db, self._lane, count)


Limits = Limiter | SharedLimiter


@dataclass(frozen=True)
class Lane:
    """
    One queue of the outbox: a relay, and the login that sends.

    Args:
        accounts: of the inboxes whose Sent folder and attachments may be looked at: account and Sent folder by inbox.
    """

    name: str
    relay: smtp.Relay
    username: str
    local_hostname: str
    limiter: Limits
    accounts: Mapping[str, tuple[Account, str]] = field(default_factory=dict)


class Dispatcher:
    """Sends one lane's mails over one connection until stopped."""

    def __init__(
        self,
        lane: Lane,
        db: Database,
        office: Office,
        worker: str,
        stop: Stop,
        wake: threading.Event,
        clock: Callable[[], datetime],
    ) -> None:
        self._lane = lane
        self._db = db
        self._office = office
        self._worker = worker
        self._stop = stop
        self._wake = wake
        self._clock = clock
        self._connection = smtp.Connection(lane.relay, lane.username, lane.local_hostname)
        self._attachments = Attachments(db, {name: account for name, (account, _) in lane.accounts.items()}, office)
        self._taken: tuple[Outgoing, str] | None = None  # accepted by the relay, not yet recorded
        self._left: list[Outgoing] = []  # claimed and not tried
        self._troubles = 0  # of the relay, one after the other
        self._quiet_until = 0.0  # monotonic; the relay's own trouble
        self._doubted: set[int] = set()  # refused after DATA since the relay last took a mail
        self._unwell = outbox.in_trouble(db, lane.name)  # `status` says so
        self._failures = 0  # unexpected exceptions, one after the other
        self._log = log.bind(lane=lane.name)
        self.progress_at = time.monotonic()

    def run(self) -> None:
        """Send what waits, sleep until something does."""
        while not self._stop.is_set():
            self.progress_at = time.monotonic()
            self._wake.clear()
            try:
                wait = self.round()
            except (StoreBusy, StoreProblem) as error:
                self._log.warning("store busy", reason=str(error), **error.ids)
                wait = 1.0
            except Exception as error:  # noqa: BLE001 - a dispatcher that dies sends nothing more
                self._failed(error)
                wait = _IDLE_S
            else:
                self._failures = 0
            if wait > 0 and not self._stop.is_set():
                self._wake.wait(min(wait, _IDLE_S))
        self._connection.close()
        self._attachments.close()

    def _failed(self, error: Exception) -> None:
        """Nobody expected this. Once is passed over; when it happens again, it is trouble that the admin must hear of."""
        self._log.exception("dispatcher failed")
        self._failures += 1
        if self._failures > 1 or self._troubles:
            try:
                self._trouble(_internal(error))
            except Exception:  # noqa: BLE001 - the store may be what fails
                self._log.exception("admin not told")

    def round(self) -> float:
        """Send one claim of mails. Seconds until there is more to do; 0 when there may be at once."""
        monotonic = time.monotonic()
        if monotonic < self._quiet_until:
            return self._quiet_until - monotonic
        now = self._clock()
        self._give_back()
        self._resolve_unknown(now)
        probe = self._unwell and self._troubles > 0
        allowed, wait = self._lane.limiter.take(1 if probe else CLAIM, monotonic)
        if allowed == 0:
            return wait
        claimed = outbox.claim(self._db, self._lane.name, self._worker, now, LEASE_S, allowed, probe=probe)
        self._lane.limiter.give_back(allowed - len(claimed))
        if not claimed:
            return self._next_at(now)
        crash_point("dispatch.claimed")
        self._send_all(claimed)
        return 0.0

    def _next_at(self, now: datetime) -> float:
        at = outbox.waits_until(self._db, self._lane.name)
        return max(0.05, (at - now).total_seconds()) if at else _IDLE_S

    def _send_all(self, claimed: Sequence[Outgoing]) -> None:
        """In order; what is not tried goes back. The record of one mail and the start of the next are one commit."""
        self._left = list(claimed)
        try:
            while self._left and not self._stop.is_set():
                self.progress_at = time.monotonic()
                trouble = self._send(self._left[0])
                self._left.pop(0)
                if trouble:
                    break
        finally:
            self._give_back()

    def _give_back(self) -> None:
        """What was taken is recorded and what was not tried goes back; where the store takes neither now, at the next round."""
        self._record_taken()
        if self._left:
            outbox.unclaim(self._db, [one.id for one in self._left], self._worker)
            self._lane.limiter.give_back(len(self._left))
            self._left = []

    def _send(self, outgoing: Outgoing) -> bool:
        """One mail. Whether the relay itself is in trouble."""
        try:
            tail = self._attachments.of(outgoing)
            size = len(outgoing.content) + (tail.size if tail else 0)
            envelope = smtp.Envelope(outgoing.envelope_from, outgoing.recipient, size, self._archive(outgoing))
            reply = self._connection.send(
                envelope, lambda: chain((outgoing.content,), tail.pieces() if tail else ()), self._beginning(outgoing)
            )
        except smtp.TakenAway:
            self._still_ours(False, outgoing)
        except smtp.Refused as error:
            self._refused(outgoing, error.reply)
        except smtp.RefusedAfterData as error:
            return self._doubt(outgoing, error.reply, smtp.code_of(error.reply))
        except smtp.RelayTrouble as error:
            self._relay_trouble(
                outgoing, error.reply, error.reply, error.reply if type(error) is smtp.NotReached else ""
            )
            return True
        except smtp.Busy as error:
            self._later(outgoing, error.reply)
            self._trouble(error.reply, patience=_BUSY)
            return True
        except (smtp.Later, ImapProblem) as error:
            self._later(outgoing, str(error))
        except smtp.Unknown as error:
            self._unknown(outgoing, error.reply)
        except (StoreBusy, StoreProblem):
            raise
        except Exception as error:  # noqa: BLE001 - a mail that breaks us must not keep the others
            self._log.exception("mail not sent", mail=outgoing.id, kind=outgoing.kind)
            self._connection.close()
            return self._doubt(outgoing, _internal(error), _internal(error))
        else:
            crash_point("dispatch.accepted")
            self._taken = (outgoing, reply)
            self._well(outgoing)
        return False

    def _archive(self, outgoing: Outgoing) -> str:
        """Where a copy goes: the council's archive, for mails to residents (domain.md §13)."""
        return self._office.council.archive_bcc if outgoing.kind in ARCHIVED else ""

    def _beginning(self, outgoing: Outgoing) -> Callable[[], bool]:
        """What is committed just before DATA: this mail is being sent, and the one before was taken."""
        begun = False

        def begin() -> bool:
            nonlocal begun
            if not begun:
                with self._db.transaction():
                    if self._taken is not None:
                        self._still_ours(outbox.accepted(self._db, *self._taken, self._clock()), self._taken[0])
                    begun = outbox.begin_sending(self._db, outgoing, self._worker)
                self._is_recorded()
                crash_point("dispatch.sending")
            return begun

        return begin

    def _record_taken(self) -> None:
        if self._taken is None:
            return
        outgoing, reply = self._taken
        with self._db.transaction():
            self._still_ours(outbox.accepted(self._db, outgoing, reply, self._clock()), outgoing)
        self._is_recorded()

    def _is_recorded(self) -> None:
        """Only after the commit: what the relay took and no record says would be sent twice."""
        if self._taken is not None:
            outgoing, _ = self._taken
            self._taken = None
            crash_point("dispatch.recorded")
            self._log.info("sent", kind=outgoing.kind, case=self._reference(outgoing), mail=outgoing.id)

    def _still_ours(self, touched: bool, outgoing: Outgoing) -> bool:
        """Another worker, or a pause, has the mail now: what becomes of it is theirs to write down, and here it is logged."""
        if not touched:
            self._log.warning("claim lost", mail=outgoing.id)
        return touched

    def _reference(self, outgoing: Outgoing) -> str | None:
        return self._office.council.reference_of(outgoing.code) if outgoing.code else None

    def _later(self, outgoing: Outgoing, reply: str) -> None:
        """4xx: again, ever later; after five days, and not at the first attempt after an outage, it counts as refused."""
        now = self._clock()
        if now - outgoing.created_at > _GIVEN_UP and outgoing.attempts >= len(_LATER):
            self._refused(outgoing, f"given up after five days: {reply}")
            return
        self._back_off(outgoing, reply, now)

    def _back_off(self, outgoing: Outgoing, reply: str, now: datetime) -> None:
        wait = _LATER[min(outgoing.attempts, len(_LATER) - 1)]
        if not self._still_ours(outbox.again_later(self._db, outgoing, reply, now + wait), outgoing):
            return
        crash_point("dispatch.later")
        self._log.warning(
            "again later",
            mail=outgoing.id,
            case=self._reference(outgoing),
            code=smtp.code_of(reply),
            seconds=wait.total_seconds(),
        )

    def _doubt(self, outgoing: Outgoing, reply: str, told: str) -> bool:
        """
        Refused after DATA with 5.2.0 or 5.7.x: the next mail tells whether it is the relay's trouble or this mail's own.

        It waits by itself and the next one is tried. When that is refused too, it is the relay's; when it is taken, this
        mail has one refusal of its own more, and fails with the last.

        Args:
            told: the reply without words that may be a resident's.

        Returns:
            Whether the relay itself is in trouble.
        """
        now = self._clock()
        first = not self._doubted - {outgoing.id}
        self._doubted.add(outgoing.id)
        if self._troubles or not first:
            self._relay_trouble(outgoing, reply, told)
            return True
        if outgoing.refusals + 1 >= _REFUSALS:
            self._refused(outgoing, reply, told)
            return False
        self._back_off(outgoing, reply, now)
        if not outbox.anything_due(self._db, self._lane.name, now):
            with self._db.transaction():  # nothing else tells; the mail to the admin will
                self._alarm(told, now, now)
        return False

    def _refused(self, outgoing: Outgoing, reply: str, told: str = "") -> None:
        """The owner and the admin hear of it; a failing admin mail makes no new mail. `told`: what they are shown of the reply."""
        now = self._clock()
        with self._db.transaction():
            if not outbox.failed(self._db, outgoing, reply, now) or outgoing.kind == "admin":
                return
            values = {
                "reference": self._reference(outgoing) or "",
                "kind": outgoing.kind,
                "reply": told or reply,
                "to_staff": bool(outgoing.staff),
            }
            self._tell("refused", f"refused:{outgoing.dedupe_key}", values, now, outgoing.code)
            owner = self._owner(outgoing)
            if owner:
                self._tell("refused", f"refused-owner:{outgoing.dedupe_key}", values, now, outgoing.code, owner)
        self._log.error(
            "refused",
            mail=outgoing.id,
            kind=outgoing.kind,
            case=self._reference(outgoing),
            code=smtp.code_of(reply),
        )
        self._wake.set()

    def _owner(self, outgoing: Outgoing) -> str:
        """The address of the case's owner, unless it was the owner who could not be reached."""
        owner = cases.owner_of(self._db, outgoing.code)
        person = self._office.council.staff.get(owner)
        return person.email if person and owner != outgoing.staff else ""

    def _relay_trouble(self, outgoing: Outgoing, reply: str, told: str, logged: str = "") -> None:
        """The relay refuses us: its mails are kept and the lane waits. `told`: what the admin is shown of the reply."""
        with self._db.transaction():
            self._still_ours(outbox.again_later(self._db, outgoing, reply, self._clock()), outgoing)
            self._trouble(told, logged=logged)

    def _trouble(self, told: str, *, logged: str = "", patience: int = 0) -> None:
        """
        The lane waits, ever longer, and then tries one mail at a time until one is taken.

        Args:
            told: what the admin is shown of the reply.
            logged: what the log has of it beside its code (P11).
            patience: how often that may happen before it is told.
        """
        now = self._clock()
        self._troubles += 1
        first, longest = _TROUBLE_S
        seconds = random.uniform(0.5, 1.0) * min(longest, first * 2 ** min(self._troubles - 1, 10))
        self._quiet_until = time.monotonic() + seconds
        self._log.error("relay trouble", code=smtp.code_of(told), reason=logged, seconds=round(seconds))
        if self._troubles > patience:
            with self._db.transaction():
                self._alarm(told, now + timedelta(seconds=seconds), now)

    def _alarm(self, told: str, until: datetime, now: datetime) -> None:
        """`status` says so, and the admin is told once a day."""
        self._unwell = True
        outbox.pause_lane(self._db, self._lane.name, until, told, now)
        values = {"relay": self._lane.relay.host, "reply": told}
        self._tell("relay", f"relay:{self._lane.name}:{self._office.desk(now).today}", values, now)

    def _well(self, outgoing: Outgoing) -> None:
        """The relay took a mail. What it refused before, it refused for that mail's own sake."""
        now = self._clock()
        outbox.refused_alone(self._db, self._doubted - {outgoing.id})
        self._doubted.clear()
        self._troubles = 0
        if self._unwell:
            self._unwell = False
            outbox.lane_is_well(self._db, self._lane.name, now)
        if refused := self._connection.copy_refused:
            values = {"archive": self._office.council.archive_bcc, "reply": refused}
            self._tell("archive", f"archive:{self._office.desk(now).today}", values, now, outgoing.code)

    def _unknown(self, outgoing: Outgoing, reply: str) -> None:
        now = self._clock()
        with self._db.transaction():
            if outbox.unknown(self._db, outgoing, reply, now) == "unverified":
                self.tell_unverified(outgoing, now)
        self._log.error("end unknown", mail=outgoing.id, kind=outgoing.kind, case=self._reference(outgoing))

    def tell_unverified(self, outgoing: Outgoing, now: datetime) -> None:
        """Nobody knows whether a mail arrived, and it will not be sent again: said once."""
        if outgoing.kind != "admin":
            values = {"reference": self._reference(outgoing) or "", "kind": outgoing.kind}
            self._tell("unverified", f"unverified:{outgoing.dedupe_key}", values, now, outgoing.code)

    def _resolve_unknown(self, now: datetime) -> None:
        """After 15 minutes: if it lies in the Sent folder it was taken, else it is sent once more (D47)."""
        for outgoing in outbox.due_unknown(self._db, self._lane.name, now):
            if self._stop.is_set():
                return
            account, sent_folder = self._lane.accounts.get(outgoing.inbox, (None, ""))
            if account is not None and sent_folder:
                try:
                    found = _in_sent_folder(account, sent_folder, outgoing.message_id)
                except ImapProblem as error:
                    self._log.warning("sent folder not seen", inbox=outgoing.inbox, reason=str(error))
                    outbox.look_again(self._db, outgoing, now + _SENT_FOLDER_AGAIN)
                    continue
                if found:
                    outbox.accepted(self._db, outgoing, "seen in the Sent folder", now)
                    continue
            if lets_out(self._office.council, outgoing.inbox, outgoing.kind, to_staff=bool(outgoing.staff)):
                outbox.resend(self._db, outgoing, now)
                crash_point("dispatch.resent")
            else:
                outbox.hold_unknown(self._db, outgoing, now)

    def _tell(
        self, topic: str, key: str, values: Mapping[str, object], now: datetime, code: str = "", recipient: str = ""
    ) -> None:
        desk = self._office.desk(now)
        send = to_admin.about(
            desk,
            topic,
            key,
            values,
            why=f"{topic}: the admin has to know",
            code=code,
            recipient=recipient,
        )
        apply(self._db, [send], desk)


def _internal(error: Exception) -> str:
    """An exception in words that may be shown: its own may be a resident's."""
    return f"internal error: {type(error).__name__}"


def _in_sent_folder(account: Account, folder: str, message_id: str) -> bool:
    mailbox = Mailbox(account)
    try:
        return mailbox.has_message_id(folder, message_id)
    finally:
        mailbox.close()
