"""Dispatchers send the outbox, one for each relay connection (design.md, "The life of a letter", step 4)."""

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
from ackbot.store import Database, StoreBusy, StoreProblem, lanes, outbox
from ackbot.store.database import Row
from ackbot.store.outbox import Outgoing
from ackbot.wires import relays, smtp
from ackbot.wires.imap import ImapProblem
from ackbot.work import unknown_ends
from ackbot.work.attachments import Attachments
from ackbot.work.lane_state import LaneState
from ackbot.work.relay_limits import Limits
from ackbot.work.threads import Stop
from ackbot.work.undelivered import Undelivered
from ackbot.work.unknown_ends import SentFolders
from ackbot.work.waited import decided_again

ARCHIVED = TO_RESIDENTS | {"human"}  # the kinds of mail that residents get; the archive has a copy of each
CLAIM = 20  # mails claimed at once
LEASE_S = 300.0  # how long a claim lasts while its worker is alive; then others may take its mails
PATIENCE_S = (
    1800.0  # seconds without progress after which a dispatcher counts as stuck; no relay can delay it for longer
)
_IDLE_S = 5.0  # the longest a dispatcher sleeps without looking
_LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
_GIVEN_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1: at least four to five days
_BUSY = 3  # replies "busy" in a row before the admin is told
_REFUSALS = 4  # refusals of one mail after DATA, while others go through, at which it fails

log = structlog.get_logger()


@dataclass(frozen=True)
class Lane:
    """
    One queue of the outbox: a relay, and the login that sends.

    Args:
        name: as in the configuration and in the outbox.
        username: the login; "" where the relay asks for none.
        local_hostname: the name of this machine in EHLO.
        sent_folders: the inboxes whose Sent folder and attachments this lane may look at.
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

    A mail goes `queued → claimed → sending → accepted`, or leaves `sending` another way (design.md). `sending` is committed
    just before DATA, and only while the claim is ours. `accepted` is committed together with the `sending` of the next mail,
    or at the end of the round, which saves a commit for each mail. Until then the mail is `unrecorded` in the lane's state.
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
        self._connection = relays.connection(lane.relay, lane.username, lane.local_hostname)
        self._sent_items = relays.sent_items(lane.relay, lane.username)
        self._attachments = Attachments(
            db, {inbox: account for inbox, (account, _) in lane.sent_folders.items()}, office
        )
        self._undelivered = Undelivered(db, office)
        # `status` may show trouble from before a restart; the first mail that is taken clears it.
        self._state = LaneState(shown=lanes.in_trouble(db, lane.name))
        self._log = log.bind(lane=lane.name)
        self.progress_at = time.monotonic()

    def run(self) -> None:
        """Send what waits and sleep until more does, until stopped."""
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
        """Log an unexpected exception. From the second in a row on, it counts as trouble that the admin must hear of."""
        self._log.exception(log_events.DISPATCHER_FAILED)
        self._state = self._state.failed()
        if self._state.keeps_failing:
            try:
                self._trouble(_internal(error))
            except Exception:  # noqa: BLE001 - the store may be what fails
                self._log.exception(log_events.ADMIN_NOT_TOLD)

    def round(self) -> float:
        """Claim mails and send them. Returns the seconds until there is more to do; 0 if there may be more at once."""
        monotonic = time.monotonic()
        if quiet_s := self._state.quiet_for_s(monotonic):
            return quiet_s
        now = self._clock()
        self._finish()  # again, in case the store was busy at the end of the last round
        unknown_ends.settle(
            self._db, self._office, self._lane.name, self._lane.sent_folders, self._sent_items, now, self._stop
        )
        probes = self._state.probes
        allowed, wait = self._lane.limiter.take(1 if probes else CLAIM, monotonic)
        if spare := allowed == 0:
            probes, (allowed, _) = "spare", self._lane.limiter.take(1, monotonic, spare=True)
        if allowed == 0:
            return wait
        claimed = outbox.claim(self._db, self._lane.name, self._worker, now, LEASE_S, allowed, probe=probes)
        self._lane.limiter.give_back(allowed - len(claimed))
        if not claimed:
            return wait if spare else self._next_at(now)
        crash_point("dispatch.claimed")
        self._send_all(claimed)
        return 0.0

    def _next_at(self, now: datetime) -> float:
        at = outbox.waits_until(self._db, self._lane.name)
        return max(0.05, (at - now).total_seconds()) if at else _IDLE_S

    def _send_all(self, claimed: Sequence[Outgoing]) -> None:
        """
        Send mails in order, until all were tried, the relay is in trouble, or we are stopped.

        Behind alarms the queue is looked at anew: acknowledgements that wait for these go before what was claimed with them.
        """
        self._state = self._state.claimed(claimed)
        try:
            while self._state.untried and not self._stop.is_set():
                self.progress_at = time.monotonic()
                mail = self._state.untried[0]
                trouble = self._send(mail)
                self._state = self._state.tried(mail)
                behind = self._state.untried[:1]
                if trouble or (mail.kind == "urgent" and behind and behind[0].kind != "urgent"):
                    break
        finally:
            self._finish()

    def _finish(self) -> None:
        """Record the mail that was taken and give back those not tried. If the store is busy, the next round does it again."""
        if self._state.unrecorded is not None:
            with self._db.transaction():
                recorded = self._record()
            self._is_recorded(recorded)
        if self._state.untried:
            outbox.unclaim(self._db, [mail.id for mail in self._state.untried], self._worker)
            self._lane.limiter.give_back(len(self._state.untried))
            self._state = self._state.given_back()

    # -- one mail -----------------------------------------------------------------------------------------------------

    def _send(self, mail: Outgoing) -> bool:
        """Send one mail, if it is still true, and record what came of it. Returns whether the relay itself is in trouble."""
        try:
            found = decided_again(self._db, self._office, mail, self._clock())
            if found is None:
                self._lane.limiter.give_back(1)
                return False
            mail = found
            reply = self._hand_over(mail)
        except smtp.TakenAway:
            self._log.warning(log_events.CLAIM_LOST, mail=mail.id)
        except smtp.Refused as error:
            self._refused(mail, error.reply, error.reply)
        except smtp.RefusedAfterData as error:
            return self._doubt(mail, error.reply, smtp.told_of(error.reply, self._lane.username))
        except smtp.NotReached as error:  # no mail was spoken of yet: the log may have the relay's words
            self._relay_trouble(
                mail, error.reply, error.reply, logged=error.reply, grant=str(error.ids.get("oauth", ""))
            )
            return True
        except smtp.RelayTrouble as error:
            self._relay_trouble(mail, error.reply, smtp.advised(error.reply, self._lane.username))
            return True
        except smtp.Busy as error:  # usual under load, so it is trouble only when it lasts
            self._later(mail, error.reply)
            self._trouble(error.reply, patience=_BUSY, at_least_s=error.wait_s)
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
        """Give a mail to the relay, with attachments, and a copy to the archive. Returns the reply to the final dot."""
        tail = self._attachments.of(mail)
        size = len(mail.content) + (tail.size if tail else 0)
        archive = self._office.council.archive_bcc if mail.kind in ARCHIVED else ""  # domain.md §13
        envelope = smtp.Envelope(mail.envelope_from, mail.recipient, size, archive)
        return self._connection.send(
            envelope, lambda: chain((mail.content,), tail.pieces() if tail else ()), self._beginning(mail)
        )

    def _beginning(self, mail: Outgoing) -> Callable[[], bool]:
        """A function to call just before DATA: it commits that the last mail was taken and that this one is being sent."""
        begun = False

        def begin() -> bool:
            nonlocal begun
            if not begun:  # the border may connect a second time, and then it asks again
                with self._db.transaction():
                    recorded = self._record()
                    sending = outbox.begin_sending(self._db, mail, self._worker)
                begun = bool(sending)
                self._is_recorded(recorded)
                crash_point("dispatch.sending")
            return begun

        return begin

    def _record(self) -> Sequence[Row]:
        """Write that the last mail was taken, in the caller's transaction. Give the row to `_is_recorded` after its commit."""
        taken = self._state.unrecorded
        return outbox.accepted(self._db, taken.mail, taken.reply, self._clock()) if taken else ()

    def _is_recorded(self, recorded: Sequence[Row]) -> None:
        """Forget the mail that was taken. Only after the commit: without its record it would be sent twice (P2)."""
        if taken := self._state.unrecorded:
            self._still_ours(bool(recorded), taken.mail)
            self._state = self._state.recorded()
            crash_point("dispatch.recorded")
            mail = taken.mail
            self._log.info(log_events.SENT, kind=mail.kind, case=self._undelivered.reference(mail), mail=mail.id)

    def _still_ours(self, touched: bool, mail: Outgoing) -> bool:
        """
        Log it if an update touched no row: another worker or a pause has the mail, and records what becomes of it.

        Returns:
            `touched`, as it came.
        """
        if not touched:
            self._log.warning(log_events.CLAIM_LOST, mail=mail.id)
        return touched

    # -- what came of it ----------------------------------------------------------------------------------------------

    def _taken(self, mail: Outgoing, reply: str) -> None:
        """250: the relay works, so what it refused before was refused because of those mails themselves."""
        self._state = self._state.taken(mail, reply)
        now = self._clock()
        if self._state.doubted or self._state.shown:
            with self._db.transaction():
                outbox.refused_alone(self._db, self._state.others_doubted(mail.id))
                if self._state.shown:
                    lanes.is_well(self._db, self._lane.name, now)
        self._state = self._state.well()
        if refused := self._connection.copy_refused:
            self._undelivered.copy_refused(mail, refused, now)

    def _later(self, mail: Outgoing, reply: str) -> None:
        """4xx: try again after ever longer waits. After five days the mail counts as refused."""
        now = self._clock()
        # Age alone is not enough: after an outage of ours of five days, a mail's first attempt must not be its last.
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
        A mail was refused after DATA with 5.2.0 or 5.7.x, or broke us: is the relay in trouble, or is it this mail's fault?

        The mail waits, and the next one is tried. If that one is refused too, the relay is in trouble. If it is taken, one
        refusal more counts against this mail, and the last of _REFUSALS makes it fail.

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
            with self._db.transaction():  # no other mail is there to show whose fault it is; the admin's own mail will
                self._alarm(told, now, now)
        return False

    def _refused(self, mail: Outgoing, reply: str, told: str) -> None:
        """
        The mail will never go out.

        Args:
            told: what people are shown of the reply.
        """
        now = self._clock()
        with self._db.transaction():
            if not outbox.failed(self._db, mail, reply, now):
                return  # another worker has the mail, and reports it
            self._undelivered.refused(mail, told, now)
        self._log.error(
            log_events.REFUSED,
            mail=mail.id,
            kind=mail.kind,
            case=self._undelivered.reference(mail),
            code=smtp.code_of(reply),
        )
        self._wake.set()  # the mails about the refusal wait in the outbox

    def _unknown(self, mail: Outgoing, reply: str) -> None:
        """The final dot was sent and no reply was read: it is sent once more (P2), and after that the admin is told."""
        now = self._clock()
        with self._db.transaction():
            if outbox.unknown(self._db, mail, reply, now) == "unverified":
                self._undelivered.unverified(mail, now)
        self._log.error(log_events.END_UNKNOWN, mail=mail.id, kind=mail.kind, case=self._undelivered.reference(mail))

    # -- the relay's trouble ------------------------------------------------------------------------------------------

    def _relay_trouble(self, mail: Outgoing, reply: str, told: str, *, logged: str = "", grant: str = "") -> None:
        """The relay refuses us: the mail goes back with the relay's reply, and the lane waits."""
        with self._db.transaction():
            self._still_ours(outbox.again_later(self._db, mail, reply, self._clock()), mail)
            self._trouble(told, logged=logged, grant=grant)

    def _trouble(
        self, told: str, *, logged: str = "", patience: int = 0, grant: str = "", at_least_s: float = 0.0
    ) -> None:
        """
        The lane waits, each time for longer, and then tries one mail at a time until the relay takes one.

        Args:
            told: what the admin is shown of the reply.
            logged: what the log shows of it besides its code (P11).
            patience: how many troubles in a row pass before the admin is told.
            at_least_s: seconds that the relay asks us to wait.
            grant: the NAME of the [oauth.NAME] whose trouble it is; "" if it is the relay's.
        """
        now, monotonic = self._clock(), time.monotonic()
        self._state = self._state.in_trouble(monotonic, random.uniform(0.5, 1.0), at_least_s)
        seconds = self._state.quiet_for_s(monotonic)
        self._log.error(log_events.RELAY_TROUBLE, code=smtp.code_of(told), reason=logged, seconds=round(seconds))
        if self._state.troubles > patience:
            with self._db.transaction():
                self._alarm(told, now + timedelta(seconds=seconds), now, grant)

    def _alarm(self, told: str, until: datetime, now: datetime, grant: str = "") -> None:
        """Make `status` show the lane as in trouble, and tell the admin, once a day."""
        self._state = self._state.alarmed()
        lanes.pause(self._db, self._lane.name, until, told, now)
        if grant:
            self._undelivered.grant_refused(grant, told, now)
        else:
            self._undelivered.relay_in_trouble(self._lane.name, self._lane.relay.host, told, now)


def _internal(error: Exception) -> str:
    """An exception in words that may be shown: its own message may hold a resident's words (P11)."""
    return f"internal error: {type(error).__name__}"
