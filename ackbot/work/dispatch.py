"""The outbox goes out: one dispatcher per relay connection (design.md, "The life of a letter", step 4)."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

import structlog

from ackbot import log_events
from ackbot.casework.model import TO_RESIDENTS
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, StoreBusy, StoreProblem, outbox
from ackbot.store.outbox import Outgoing
from ackbot.wires import smtp
from ackbot.wires.imap import ImapProblem
from ackbot.work import unknown_ends
from ackbot.work.attachments import Attachments
from ackbot.work.lane_state import LaneState
from ackbot.work.limits import Limits
from ackbot.work.threads import Stop
from ackbot.work.undelivered import Undelivered
from ackbot.work.unknown_ends import SentFolders

ARCHIVED = TO_RESIDENTS | {"human"}  # kinds of mail that residents get
CLAIM = 20  # mails claimed at once
LEASE_S = 300.0  # of claimed mails, while their worker is alive
_IDLE_S = 5.0  # the longest a dispatcher sleeps without looking
_LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
_GIVEN_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days
_BUSY = 3  # times that a relay may be busy, one after the other, before the admin hears of it
_REFUSALS = 4  # of one mail after DATA, while others go through, until it fails

log = structlog.get_logger()


@dataclass(frozen=True)
class Lane:
    """
    One queue of the outbox: a relay, and the login that sends.

    Args:
        sent_folders: of the inboxes whose Sent folder and attachments may be looked at.
    """

    name: str
    relay: smtp.Relay
    username: str
    local_hostname: str
    limiter: Limits
    sent_folders: SentFolders = field(default_factory=dict)


class Dispatcher:
    """
    Sends one lane's mails over one connection until stopped.

    A mail goes `queued → claimed → sending → accepted`, or another way out of `sending` (design.md). `sending` is committed
    just before DATA, and only while the claim is ours; `accepted` is committed with the `sending` of the next mail, or when
    the round ends. Between the two the mail is `unrecorded` in the lane's state.
    """

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
        self._attachments = Attachments(
            db, {inbox: account for inbox, (account, _) in lane.sent_folders.items()}, office
        )
        self._undelivered = Undelivered(db, office)
        self._state = LaneState(shown=outbox.in_trouble(db, lane.name))  # trouble that a restart may have mended
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
                self._log.warning(log_events.STORE_BUSY, reason=str(error))
                wait = 1.0
            except Exception as error:  # noqa: BLE001 - a dispatcher that dies sends nothing more
                self._failed(error)
                wait = _IDLE_S
            else:
                self._state = self._state.round_done()
            if wait > 0 and not self._stop.is_set():
                self._wake.wait(min(wait, _IDLE_S))
        self._connection.close()
        self._attachments.close()

    def _failed(self, error: Exception) -> None:
        """Nobody expected this. Once is passed over; when it happens again, it is trouble that the admin must hear of."""
        self._log.exception(log_events.DISPATCHER_FAILED)
        self._state = self._state.failed()
        if self._state.keeps_failing:
            try:
                self._trouble(_internal(error))
            except Exception:  # noqa: BLE001 - the store may be what fails
                self._log.exception(log_events.ADMIN_NOT_TOLD)

    def round(self) -> float:
        """Send one claim of mails. Seconds until there is more to do; 0 when there may be at once."""
        monotonic = time.monotonic()
        if quiet_s := self._state.quiet_for_s(monotonic):
            return quiet_s
        now = self._clock()
        self._finish()  # what the store did not take at the end of the round before
        unknown_ends.settle(self._db, self._office, self._lane.name, self._lane.sent_folders, now, self._stop)
        probes = self._state.probes
        allowed, wait = self._lane.limiter.take(1 if probes else CLAIM, monotonic)
        if allowed == 0:
            return wait
        claimed = outbox.claim(self._db, self._lane.name, self._worker, now, LEASE_S, allowed, probe=probes)
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
        """In order, until all were tried, the relay is in trouble, or the end has come."""
        self._state = self._state.claimed(claimed)
        try:
            while self._state.untried and not self._stop.is_set():
                self.progress_at = time.monotonic()
                mail = self._state.untried[0]
                trouble = self._send(mail)
                self._state = self._state.tried(mail)
                if trouble:
                    break
        finally:
            self._finish()

    def _finish(self) -> None:
        """Record the mail that was taken and give back those not tried; what the store does not take now, the next round does."""
        if self._state.unrecorded is not None:
            with self._db.transaction():
                self._record()
            self._is_recorded()
        if self._state.untried:
            outbox.unclaim(self._db, [mail.id for mail in self._state.untried], self._worker)
            self._lane.limiter.give_back(len(self._state.untried))
            self._state = self._state.given_back()

    # -- one mail -----------------------------------------------------------------------------------------------------

    def _send(self, mail: Outgoing) -> bool:
        """One mail, whatever comes of it. Whether the relay itself is in trouble."""
        try:
            reply = self._hand_over(mail)
        except smtp.TakenAway:
            self._log.warning(log_events.CLAIM_LOST, mail=mail.id)
        except smtp.Refused as error:
            self._refused(mail, error.reply, error.reply)
        except smtp.RefusedAfterData as error:
            return self._doubt(mail, error.reply, smtp.code_of(error.reply))
        except smtp.NotReached as error:  # no mail was spoken of yet: the log may have the relay's words
            self._relay_trouble(mail, error.reply, error.reply, logged=error.reply)
            return True
        except smtp.RelayTrouble as error:
            self._relay_trouble(mail, error.reply, error.reply)
            return True
        except smtp.Busy as error:
            self._later(mail, error.reply)
            self._trouble(error.reply, patience=_BUSY)
            return True
        except (smtp.Later, ImapProblem) as error:
            self._later(mail, str(error))
        except smtp.Unknown as error:
            self._unknown(mail, error.reply)
        except (StoreBusy, StoreProblem):
            raise
        except Exception as error:  # noqa: BLE001 - a mail that breaks us must not keep the others
            self._log.exception(log_events.MAIL_NOT_SENT, mail=mail.id, kind=mail.kind)
            self._connection.close()
            return self._doubt(mail, _internal(error), _internal(error))
        else:
            crash_point("dispatch.accepted")
            self._taken(mail, reply)
        return False

    def _hand_over(self, mail: Outgoing) -> str:
        """To the relay, with its attachments and to the archive. The relay's reply to the final dot."""
        tail = self._attachments.of(mail)
        size = len(mail.content) + (tail.size if tail else 0)
        archive = self._office.council.archive_bcc if mail.kind in ARCHIVED else ""  # domain.md §13
        envelope = smtp.Envelope(mail.envelope_from, mail.recipient, size, archive)
        return self._connection.send(
            envelope, lambda: chain((mail.content,), tail.pieces() if tail else ()), self._beginning(mail)
        )

    def _beginning(self, mail: Outgoing) -> Callable[[], bool]:
        """What is committed just before DATA, together: the mail before was taken, this one is being sent."""
        begun = False

        def begin() -> bool:
            nonlocal begun
            if not begun:  # a second connection asks again
                with self._db.transaction():
                    self._record()
                    begun = outbox.begin_sending(self._db, mail, self._worker)
                self._is_recorded()
                crash_point("dispatch.sending")
            return begun

        return begin

    def _record(self) -> None:
        """In the caller's transaction."""
        if taken := self._state.unrecorded:
            self._still_ours(outbox.accepted(self._db, taken.mail, taken.reply, self._clock()), taken.mail)

    def _is_recorded(self) -> None:
        """Only after the commit: what the relay took and no record says would be sent twice."""
        if taken := self._state.unrecorded:
            self._state = self._state.recorded()
            crash_point("dispatch.recorded")
            mail = taken.mail
            self._log.info(log_events.SENT, kind=mail.kind, case=self._undelivered.reference(mail), mail=mail.id)

    def _still_ours(self, touched: bool, mail: Outgoing) -> bool:
        """Another worker, or a pause, has the mail now: what becomes of it is theirs to write down, and here it is logged."""
        if not touched:
            self._log.warning(log_events.CLAIM_LOST, mail=mail.id)
        return touched

    # -- what came of it ----------------------------------------------------------------------------------------------

    def _taken(self, mail: Outgoing, reply: str) -> None:
        """250: the relay is well, and what it refused before, it refused for that mail's own sake."""
        self._state = self._state.taken(mail, reply)
        now = self._clock()
        if self._state.doubted or self._state.shown:
            with self._db.transaction():
                outbox.refused_alone(self._db, self._state.others_doubted(mail.id))
                if self._state.shown:
                    outbox.lane_is_well(self._db, self._lane.name, now)
        self._state = self._state.well()
        if refused := self._connection.copy_refused:
            self._undelivered.copy_refused(mail, refused, now)

    def _later(self, mail: Outgoing, reply: str) -> None:
        """4xx: again, ever later; after five days, and not at the first attempt after an outage, it counts as refused."""
        now = self._clock()
        if now - mail.created_at > _GIVEN_UP and mail.attempts >= len(_LATER):
            reply = f"given up after five days: {reply}"
            self._refused(mail, reply, reply)
        else:
            self._back_off(mail, reply, now)

    def _back_off(self, mail: Outgoing, reply: str, now: datetime) -> None:
        wait = _LATER[min(mail.attempts, len(_LATER) - 1)]
        if not self._still_ours(outbox.again_later(self._db, mail, reply, now + wait), mail):
            return
        crash_point("dispatch.later")
        self._log.warning(
            log_events.AGAIN_LATER,
            mail=mail.id,
            case=self._undelivered.reference(mail),
            code=smtp.code_of(reply),
            seconds=wait.total_seconds(),
        )

    def _doubt(self, mail: Outgoing, reply: str, told: str) -> bool:
        """
        Refused after DATA with 5.2.0 or 5.7.x: the next mail tells whether it is the relay's trouble or this mail's own.

        This mail waits by itself and the next one is tried. When that is refused too, it is the relay's trouble; when it is
        taken, this mail has one refusal of its own more, and fails with the last.

        Args:
            told: the reply without words that may be a resident's.

        Returns:
            Whether the relay itself is in trouble.
        """
        now = self._clock()
        self._state = self._state.doubts(mail.id)
        if self._state.is_relays_trouble(mail.id):
            self._relay_trouble(mail, reply, told)
            return True
        if mail.refusals + 1 >= _REFUSALS:
            self._refused(mail, reply, told)
            return False
        self._back_off(mail, reply, now)
        if not outbox.anything_due(self._db, self._lane.name, now):
            with self._db.transaction():  # no other mail will tell; the one to the admin does
                self._alarm(told, now, now)
        return False

    def _refused(self, mail: Outgoing, reply: str, told: str) -> None:
        """This mail will never go out. `told`: what people are shown of the reply."""
        now = self._clock()
        with self._db.transaction():
            if not outbox.failed(self._db, mail, reply, now):
                return  # another worker has finished it
            self._undelivered.refused(mail, told, now)
        self._log.error(
            log_events.REFUSED,
            mail=mail.id,
            kind=mail.kind,
            case=self._undelivered.reference(mail),
            code=smtp.code_of(reply),
        )
        self._wake.set()

    def _unknown(self, mail: Outgoing, reply: str) -> None:
        """The final dot was sent and no reply was read."""
        now = self._clock()
        with self._db.transaction():
            if outbox.unknown(self._db, mail, reply, now) == "unverified":
                self._undelivered.unverified(mail, now)
        self._log.error(log_events.END_UNKNOWN, mail=mail.id, kind=mail.kind, case=self._undelivered.reference(mail))

    # -- the relay's trouble ------------------------------------------------------------------------------------------

    def _relay_trouble(self, mail: Outgoing, reply: str, told: str, *, logged: str = "") -> None:
        """The relay refuses us: the mail is kept, with what the relay said, and the lane waits."""
        with self._db.transaction():
            self._still_ours(outbox.again_later(self._db, mail, reply, self._clock()), mail)
            self._trouble(told, logged=logged)

    def _trouble(self, told: str, *, logged: str = "", patience: int = 0) -> None:
        """
        The lane waits, ever longer, and then tries one mail at a time until one is taken.

        Args:
            told: what the admin is shown of the reply.
            logged: what the log has of it beside its code (P11).
            patience: how often that may happen before it is told.
        """
        now, monotonic = self._clock(), time.monotonic()
        self._state = self._state.in_trouble(monotonic, random.uniform(0.5, 1.0))
        seconds = self._state.quiet_for_s(monotonic)
        self._log.error(log_events.RELAY_TROUBLE, code=smtp.code_of(told), reason=logged, seconds=round(seconds))
        if self._state.troubles > patience:
            with self._db.transaction():
                self._alarm(told, now + timedelta(seconds=seconds), now)

    def _alarm(self, told: str, until: datetime, now: datetime) -> None:
        """`status` shows the lane as in trouble, and the admin is told once a day."""
        self._state = self._state.alarmed()
        outbox.pause_lane(self._db, self._lane.name, until, told, now)
        self._undelivered.relay_in_trouble(self._lane.name, self._lane.relay.host, told, now)


def _internal(error: Exception) -> str:
    """An exception in words that may be shown: its own may be a resident's."""
    return f"internal error: {type(error).__name__}"
