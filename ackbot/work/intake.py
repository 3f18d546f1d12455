"""An arrived mail is read, decided and committed in one transaction (design.md, "The life of a letter")."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

import structlog

from ackbot import log_events
from ackbot.casework import keys, recovered
from ackbot.casework.drafts import to_admin
from ackbot.casework.incoming import chains
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.intents import Decision
from ackbot.casework.model import DELIVERED, Arrival, Facts, Questions
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.log_events import Event
from ackbot.mail.message import Message
from ackbot.mail.plain import Read
from ackbot.mail.reader import place
from ackbot.store import (
    Database,
    StoreBusy,
    StoreConflict,
    StoreProblem,
    alarms,
    arrivals,
    backups,
    cases,
    facts,
    handlers,
    inboxes,
    put_in,
    told_absences,
)
from ackbot.store.database import instant_of, must_touch
from ackbot.wires.readers import NoReader, ReadingFailed
from ackbot.work.apply import apply, office_at, office_with
from ackbot.work.considering import Considered, consider, considered_with
from ackbot.work.quota import Quota, QuotaFull
from ackbot.work.reading import InProcess, Reading, ReadingEnds, Unread, patiently, put_aside
from ackbot.work.threads import Stop
from ackbot.work.trial import Trial

PUT_IN_AT_ONCE = 20  # old letters put in within an hour that become cases at once (behaviour.md §5.4)
_PUT_IN_WITHIN = timedelta(hours=1)
UNKNOWN_LETTERS_HELD = 20  # unknown letters after a change of UIDVALIDITY before acknowledgements wait (design.md §5)
_RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
ENDED = "the process ended while it had this mail in hand"
_CONFLICTS = 4  # conflicts with other workers in a row after which we decide again; one more is raised

# Errors for which the mail is not to blame: nothing of it is kept, and it is taken again later.
NOT_THE_MAIL = (StoreBusy, StoreProblem, ReadingEnds, NoReader, QuotaFull, OSError)

log = structlog.get_logger()


_FIRST = (
    b"From: a@resident.example\r\nContent-Type: text/html\r\n\r\n<p>This letter loads what every letter needs, and that is "
    b"about all there is to it, except what only letters in other languages need.</p>"
)


class Intake:
    """Takes mails in. Any number of threads may use one; the store's lock orders them."""

    def __init__(
        self,
        db: Database,
        office: Office,
        reading: Reading | None = None,
        trial: Trial | None = None,
        quota: Quota | None = None,
    ) -> None:
        """
        Args:
            reading: the reader of mails; None reads them in this process.
            quota: the limit for delivered mails that are kept as they came; None for no limit.
            trial: who tries a mail over which a process may have ended; None finds nothing against any.
        """
        self._db = db
        self._office = office
        self._reading = reading or InProcess()
        self._trial = trial
        self._quota = quota

    def warm(self) -> None:
        """
        Load everything that letters need, so that the first one does not wait.

        The reader loads HTML and languages, because this process never needs them; bank holidays and templates load here.
        """
        now = datetime.now(UTC)
        with contextlib.suppress(ReadingEnds, NoReader):  # the daemon may stop before it is warm
            message = Message.of(patiently(self._reading.begin(_FIRST)), self._office.signer)
            arrival = Arrival(self._office.council.first_inbox.name, now)
            consider(message, arrival, self._office, lambda *_: Facts(), now)

    def begin_reading(self, raw: bytes) -> Future[Read]:
        """Ask for a mail to be read while others are decided; give the result to `take`. See reading.put_aside."""
        return self._reading.begin(raw)

    def survives(self, raw: bytes, arrival: Arrival, stop: Stop | None = None) -> bool:
        """Whether a mail can be decided without harm to this process. Raises ReadingEnds when stopped before."""
        return self._trial is None or self._trial.survives(raw, arrival, stop)

    def keep_unread(self, raw: bytes, arrival: Arrival, now: datetime, *, headers: bool) -> int:
        """
        A mail over which a process ended goes into quarantine without another look, and stays there until the admin says so.

        Args:
            headers: whether they may be looked at, for a case and an acknowledgement.

        Returns, and raises:
            As `take` does.
        """
        placed = _placed(arrival, raw)
        return self._quarantine(raw, placed, Unread(ENDED), now, headers=headers)

    def take(self, raw: bytes, arrival: Arrival, now: datetime, read: Future[Read] | None = None) -> int:
        """
        Decide one mail and commit the decision together with the watermark; a mail that breaks us is quarantined instead.

        Args:
            now: the time, aware.
            read: what `begin_reading` returned for this mail; None reads it now. `take` waits for it, however long it takes.

        Returns:
            How many mails were put into the outbox to go out now.

        Raises:
            QuotaFull: a delivered mail has to be kept as it came, and there is no room for it; take it again later.
            StoreBusy, StoreProblem, ReadingEnds, NoReader, OSError: nothing was kept and the mail is not to blame; as above.
        """
        placed = _placed(arrival, raw)
        try:
            message = Message.of(patiently(read or self._reading.begin(raw)), self._office.signer)
            queued = self._decided(raw, message, placed, now)
        except NOT_THE_MAIL:
            raise
        except Exception as error:  # noqa: BLE001 - P1: whatever a mail provokes, it is kept
            queued = self._quarantine(raw, placed, error, now)
        crash_point("intake.committed")
        return queued

    def _decided(self, raw: bytes, message: Message, arrival: Arrival, now: datetime) -> int:
        """Decide, and decide again at once if another worker's transaction conflicts."""
        for _ in range(_CONFLICTS):
            with contextlib.suppress(StoreConflict):
                return self._decide(raw, message, arrival, now)
        return self._decide(raw, message, arrival, now)

    def is_ours(self, ids: bytes) -> bool:
        """Whether message ids in these header fields have our signature: then the outbox knows the mail."""
        return bool(self._office.signer.read_message_ids(ids.decode("ascii", "replace")))

    def _decide(self, raw: bytes, message: Message, arrival: Arrival, now: datetime) -> int:
        db = self._db
        with db.transaction():
            absences = told_absences.current(db, now)  # asked first, so that PostgreSQL is waited for once
            arrival_id = arrivals.add_arrival(db, arrival, now) or arrivals.unfetched(db, arrival)
            if arrival_id is None:  # this arrival was decided before; a crash or a new sweep brought it again
                inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
                return 0
            office = office_with(self._office, absences)
            if self._waits(message, arrival, arrival_id, now):
                return self._told_of_many(arrival, now)
            considered = consider(message, self._after_change(message, arrival), office, self._facts, now)
            letter_id = arrivals.add(db, message, arrival, considered.decision, now, self._language(considered))
            attached = arrivals.attach_arrival(db, arrival_id, letter_id)
            if _keeps_files(considered, arrival):
                self._must_fit(raw, arrival, now)
                arrivals.keep_raw(db, letter_id, raw)
            queued = self._apply(considered, now, letter_id, arrival)
            must_touch(attached, "arrivals", id=arrival_id)
            crash_point("intake.before-commit")
        sent = arrival.folder == office.council.inboxes[arrival.inbox].sent_folder
        for one in (considered, *considered.parts):
            self._log(log_events.SENT_MAIL if sent else log_events.LETTER, one.decision, arrival)
        return queued

    def _must_fit(self, raw: bytes, arrival: Arrival, now: datetime) -> None:
        if self._quota is not None and arrival.folder == DELIVERED:
            self._quota.take(len(raw), now)

    def _language(self, considered: Considered) -> str:
        return considered.message.language(self._office.council.languages[0]) if considered.decision.new else ""

    def _apply(self, considered: Considered, now: datetime, letter_id: int, arrival: Arrival) -> int:
        queued = 0
        # First what is inside: the mail about it names the cases that it opened.
        for part in considered.parts:
            inner_id = arrivals.add(
                self._db, part.message, part.arrival, part.decision, now, self._language(part), letter_id
            )
            queued += self._applied(part, now, inner_id, part.arrival)
        queued += self._applied(considered, now, letter_id, arrival)
        inboxes.move_watermark(self._db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
        return queued

    def _applied(self, considered: Considered, now: datetime, letter_id: int, arrival: Arrival) -> int:
        intents, mails = considered.decision.intents, considered.mails
        return handlers.apply(self._db, intents, mails, self._office.council, now, letter_id=letter_id, arrival=arrival)

    def _facts(self, questions: Questions, now: datetime) -> Facts:
        return facts.gather(self._db, questions, now, self._office.council)

    def _after_change(self, message: Message, arrival: Arrival) -> Arrival:
        """
        Whether this letter's answers must wait, now that we can see whether we know it.

        Many unknown letters at once after a change of UIDVALIDITY look like a restored mailbox. From the 21st on their
        acknowledgements wait for the admin.
        """
        if arrival.hold == "backup":
            return arrival
        if arrival.hold != "restore" or facts.is_known(self._db, message.fingerprint):
            return replace(arrival, hold="")
        count = inboxes.count_unknown(self._db, arrival.inbox, arrival.folder)
        return arrival if count > UNKNOWN_LETTERS_HELD else replace(arrival, hold="")

    def _waits(self, message: Message, arrival: Arrival, arrival_id: int, now: datetime) -> bool:
        """Whether a letter waits because many like it were put in within the hour (behaviour.md §5.4). Then it is recorded so."""
        if arrival.hold != "put in" or facts.is_known(self._db, message.fingerprint):
            return False
        # The letter itself is among them: its arrival is recorded already.
        if put_in.count(self._db, arrival.inbox, now - _PUT_IN_WITHIN, PUT_IN_AT_ONCE + 1) <= PUT_IN_AT_ONCE:
            return False
        put_in.wait(self._db, arrival_id)
        inboxes.move_watermark(self._db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
        return True

    def _told_of_many(self, arrival: Arrival, now: datetime) -> int:
        values = {"inbox": self._office.council.inboxes[arrival.inbox].address, "taken": PUT_IN_AT_ONCE}
        key = keys.put_in(arrival.inbox, self._office.desk(now).today)
        return self._tell_admin("put-in", key, values, "more old letters were put in than anybody drags there", now)

    def _quarantine(
        self, raw: bytes, arrival: Arrival, error: Exception, now: datetime, *, headers: bool = True
    ) -> int:
        """
        Keep the raw bytes, tell the admin once, try the mail again later, and move the watermark on (D5).

        If the headers alone can be read, the resident still gets a case, an owner and an acknowledgement.
        """
        db, fingerprint = self._db, sha256(raw).hexdigest()
        arrival = replace(arrival, hold="" if arrival.hold == "put in" else arrival.hold)
        # Outside of the transaction: others need the store meanwhile.
        message, second = self._headers(raw) if headers else (None, "")
        where = _where(error) + second
        retry_at = None if _ended(where) else now + _RETRIES[0]
        considered: Considered | None = None
        with db.transaction():
            arrival_id = arrivals.add_arrival(db, arrival, now) or arrivals.unfetched(db, arrival)
            if known := arrivals.in_quarantine(db, fingerprint):  # another copy: it was answered and reported once
                if arrival_id is not None:
                    must_touch(arrivals.attach_arrival(db, arrival_id, known), "arrivals", id=arrival_id)
                inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
                return 0
            try:
                office = office_at(self._office, db, now)
                considered = consider(message, arrival, office, self._facts, now) if message else None
            except NOT_THE_MAIL:
                raise
            except Exception as third:  # noqa: BLE001 - its headers break the rules too
                where = f"{where}, {_where(third)}"
            self._must_fit(raw, arrival, now)
            code = considered.decision.code if considered else ""
            queued = (
                handlers.apply(
                    db, considered.decision.intents, considered.mails, self._office.council, now, arrival=arrival
                )
                if considered
                else 0
            )
            letter_id = arrivals.quarantine(db, fingerprint, raw, arrival, where, code, retry_at)
            if arrival_id is not None:
                must_touch(arrivals.attach_arrival(db, arrival_id, letter_id), "arrivals", id=arrival_id)
            values = {
                "inbox": self._office.council.inboxes[arrival.inbox].address,
                "letter": letter_id,
                "error": where,
                "again": retry_at is not None,
            }
            queued += self._tell_admin(
                "quarantine", keys.quarantine(fingerprint), values, "a mail could not be read and is kept raw", now
            )
            inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
            crash_point("intake.before-commit")
        log.error(log_events.QUARANTINED, inbox=arrival.inbox, uid=arrival.uid, error=where)
        return queued

    def _headers(self, raw: bytes) -> tuple[Message | None, str]:
        """What the headers alone tell, or where they break us too."""
        try:
            return Message.of(self._reading.head(raw), self._office.signer), ""
        except NOT_THE_MAIL:
            raise
        except Exception as error:  # noqa: BLE001 - the bytes and the admin are left
            return None, f", {_where(error)}"

    def retry_quarantined(self, now: datetime) -> int:
        """Try the quarantined mails that are due again. Returns how many mails were put into the outbox to go out now."""
        queued = 0
        for row in arrivals.to_retry(self._db, now):
            arrival = Arrival(
                row["inbox"],
                instant_of(row["arrived_at"]),
                row["folder"],
                row["uidvalidity"],
                row["uid"],
                hold="backup" if backups.awaits_release(self._db) else "",
                size=row["size"],
            )
            if arrival.inbox not in self._office.council.inboxes:  # it waits until the inbox is configured again
                continue
            attempts, ended = int(row["attempts"]), _ended(row["error"])
            # Written down before: a mail that ends this process is not tried again at once by the next one.
            retry_at = now + _RETRIES[attempts] if attempts < len(_RETRIES) and not ended else None
            arrivals.trying_again(self._db, row["id"], retry_at)
            again = partial(self._retry, bytes(row["raw"]), arrival, row["id"], row["code"] or "", now)
            if ended:
                tried = partial(self._retry_if_it_survives, bytes(row["raw"]), arrival, again)
                threading.Thread(target=tried, name="trial", daemon=True).start()
                continue
            reading = self._reading.begin(bytes(row["raw"]))
            if (slowly := put_aside(reading)) is not None:  # nobody waits for it
                slowly.add_done_callback(partial(_unless_passing, again))
            else:
                queued += again(reading)
        return queued

    def _retry_if_it_survives(self, raw: bytes, arrival: Arrival, again: Callable[[Future[Read]], int]) -> None:
        """Nobody waits for a trial."""
        if self.survives(raw, arrival):
            reading = self._reading.begin(raw)
            _unless_passing(again, put_aside(reading) or reading)
        else:
            log.warning(log_events.QUARANTINED_AGAIN, inbox=arrival.inbox, uid=arrival.uid, error=ENDED)

    def _retry(
        self, raw: bytes, arrival: Arrival, letter_id: int, code: str, now: datetime, reading: Future[Read]
    ) -> int:
        try:
            return self._recover(raw, arrival, letter_id, code, now, reading)
        except NOT_THE_MAIL:
            arrivals.not_tried(self._db, letter_id, now)
            raise
        except Exception as error:  # noqa: BLE001 - as above
            arrivals.failed_again(self._db, letter_id, _where(error))
            log.warning(log_events.QUARANTINED_AGAIN, inbox=arrival.inbox, uid=arrival.uid, error=_where(error))
            return 0

    def _recover(
        self, raw: bytes, arrival: Arrival, letter_id: int, code: str, now: datetime, reading: Future[Read]
    ) -> int:
        """
        Take in a quarantined mail that can be read now: it joins the case that its headers opened, or is decided like any other.

        Raises:
            Exception: the mail still breaks us.
        """
        message = Message.of(reading.result(), self._office.signer)
        with self._db.transaction():
            office = office_at(self._office, self._db, now)
            case = cases.by_code(self._db, (code,)).get(code) if code else None
            seen = Seen(message, office.council.inboxes[arrival.inbox], office.council, arrival)
            verdict = screen(seen)
            # A mail of staff has its commands in the text, which nobody has acted on yet: it is decided like any other.
            if case is not None and verdict.kind != "staff":
                running = Facts(
                    cases={code: case}, alarms=alarms.known(alarms.rows_since(self._db, now - chains.WINDOW))
                )
                decision = recovered.on_recovered(seen, verdict, case, office.desk(now))
                decision = chains.merged(decision, running, now)
                considered = considered_with(message, arrival, decision, office)
            else:
                considered = consider(message, arrival, office, self._facts, now)
            if not arrivals.recovered(self._db, letter_id, message, considered.decision, now):
                return 0  # another worker has recovered it
            if _keeps_files(considered, arrival):
                arrivals.keep_raw(self._db, letter_id, raw)
            queued = self._apply(considered, now, letter_id, arrival)
        self._log(log_events.RECOVERED, considered.decision, arrival)
        return queued

    def _tell_admin(self, topic: str, key: keys.Key, values: Mapping[str, object], why: str, now: datetime) -> int:
        desk = self._office.desk(now)
        return apply(self._db, [to_admin.about(desk, topic, key, values, why=why)], desk)

    def _log(self, event: Event, decision: Decision, arrival: Arrival) -> None:
        reference = self._office.council.reference_of(decision.code) if decision.code else None
        log.info(
            event,
            inbox=arrival.inbox,
            uid=arrival.uid,
            kind=decision.kind,
            outcome=decision.outcome,
            acknowledge=decision.acknowledge,
            case=reference,
        )


def _unless_passing(again: Callable[[Future[Read]], int], reading: Future[Read]) -> None:
    with contextlib.suppress(*NOT_THE_MAIL):
        again(reading)


def _placed(arrival: Arrival, raw: bytes) -> Arrival:
    """
    Give a delivered mail a uid made of its octets, so that the same copy brought again is known by it (D14).

    A server that brings it again may have taken another way, so Received fields (RFC 5321 §4.4) do not count. The letter's
    fingerprint would not do: another copy of it may bear marks that this one does not, and each is decided by itself (E7).
    """
    if arrival.folder != DELIVERED:
        return arrival
    digest, received = sha256(), False
    lines = iter(raw.splitlines(keepends=True))
    for line in lines:
        if not line.strip(b"\r\n"):
            break
        received = received if line[:1] in b" \t" else line[:9].lower() == b"received:"
        digest.update(b"" if received else line)
    for line in lines:
        digest.update(line)
    return replace(arrival, uid=int(digest.hexdigest()[:15], 16))


def _keeps_files(considered: Considered, arrival: Arrival) -> bool:
    """Whether to keep a mail's bytes: it was delivered, so its files lie in no mailbox, and an owner may want them."""
    wanted = considered.decision.outcome != "record" and considered.message.attachments
    return arrival.folder == DELIVERED and bool(wanted)


def _ended(error: str) -> bool:
    return error.startswith(ENDED)


def _where(error: Exception) -> str:
    """An error without words of a resident (P11): our own sentence, or the class and place of an exception."""
    return str(error) if isinstance(error, Unread | ReadingFailed) else place(error)
