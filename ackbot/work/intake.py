"""A mail arrived: read, judged, and committed in one transaction (design.md, "The life of a letter")."""

import contextlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import structlog

from ackbot import log_events
from ackbot.casework import decide, follow_ups, keys
from ackbot.casework.drafts import to_admin
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.intents import Decision
from ackbot.casework.model import DELIVERED, Arrival, Facts, Questions
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.log_events import Event
from ackbot.mail.compose import Composed
from ackbot.mail.message import Message
from ackbot.mail.plain import Read
from ackbot.mail.reader import place
from ackbot.store import (
    Database,
    StoreBusy,
    StoreConflict,
    StoreProblem,
    arrivals,
    backups,
    cases,
    facts,
    handlers,
    inboxes,
)
from ackbot.store.database import instant_of
from ackbot.work.apply import apply, composed, office_at
from ackbot.work.reading import InProcess, Reading, ReadingEnds, ReadingFailed, Unread

UNKNOWN_LETTERS_HELD = 20  # after a change of UIDVALIDITY; more than that, and acknowledgements wait (design.md §5)
_RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
_CONFLICTS = 4  # with other workers, one after the other, before the watch is put off

# Errors of the store or the machine: nothing is kept, the mail is taken again later.
NOT_THE_MAIL = (StoreBusy, StoreProblem, ReadingEnds, OSError)

log = structlog.get_logger()


class FactsSource(Protocol):
    """Answers what the rules ask: the store, or nobody where there is none."""

    def __call__(self, questions: Questions, now: datetime) -> Facts:
        """The facts as they stand now."""
        ...


@dataclass(frozen=True)
class Considered:
    """A mail, what was decided of it, and the mails that would go out: what `explain` prints and the daemon applies."""

    message: Message
    decision: Decision
    mails: Mapping[str, Composed]


def consider(message: Message, arrival: Arrival, office: Office, source: FactsSource, now: datetime) -> Considered:
    """
    The one path from a mail to its decision and final bytes; writes nothing.

    Raises:
        Exception: whatever a mail provokes that nobody foresaw; the caller keeps the mail.
    """
    desk = office.desk(now)
    seen = Seen(message, office.council.inboxes[arrival.inbox], office.council, arrival)
    if seen.form:
        message = message.as_form()
        seen = replace(seen, message=message)
    verdict = screen(seen)
    questions = decide.questions_for(seen, verdict, desk)
    decision = decide.on_message(seen, verdict, source(questions, now), desk)
    return Considered(message, decision, composed(decision.intents, office.templates))


_FIRST = (
    b"From: a@resident.example\r\nContent-Type: text/html\r\n\r\n<p>This letter loads what every letter needs, and that is "
    b"about all there is to it, except what only letters in other languages need.</p>"
)


class Intake:
    """Takes mails in. Any number of watchers use one; the store's lock orders them."""

    def __init__(self, db: Database, office: Office, reading: Reading | None = None) -> None:
        """`reading`: who reads mails; None reads them in this process."""
        self._db = db
        self._office = office
        self._reading = reading or InProcess()

    def warm(self) -> None:
        """
        Load what the first letter would load, so that it does not wait: HTML and languages where mails are read, and here
        the bank holidays and templates. Read where all mails are, so that this process never loads a parser of HTML.
        """
        now = datetime.now(UTC)
        with contextlib.suppress(ReadingEnds):  # the daemon stops already
            message = Message.of(self._reading.begin(_FIRST).result(), self._office.signer)
            arrival = Arrival(self._office.council.first_inbox.name, now)
            consider(message, arrival, self._office, lambda *_: Facts(), now)

    def begin_reading(self, raw: bytes) -> Future[Read]:
        """Have a mail read while others are decided; what comes of it is for `take`."""
        return self._reading.begin(raw)

    def take(self, raw: bytes, arrival: Arrival, now: datetime, read: Future[Read] | None = None) -> int:
        """
        One mail becomes a case, an event, or a recorded decision, committed with the watermark; or it is quarantined.

        Args:
            read: what `begin_reading` gave for it; None has it read now.

        Returns:
            How many mails were put into the outbox to go out now.

        Raises:
            StoreBusy, StoreProblem, OSError: nothing was kept, and the mail is not to blame; try again.
        """
        placed = arrival
        try:
            message = Message.of((read or self._reading.begin(raw)).result(), self._office.signer)
            placed = _placed(arrival, message.fingerprint)
            queued = self._decided(raw, message, placed, now)
        except NOT_THE_MAIL:
            raise
        except Exception as error:  # noqa: BLE001 - P1: whatever a mail provokes, it is kept
            if placed is arrival:  # not even read: its bytes are what it is known by
                placed = _placed(arrival, sha256(raw).hexdigest())
            queued = self._quarantine(raw, placed, error, now)
        crash_point("intake.committed")
        return queued

    def _decided(self, raw: bytes, message: Message, arrival: Arrival, now: datetime) -> int:
        """Decide; and again at once, if another worker's transaction came in between."""
        for _ in range(_CONFLICTS):
            with contextlib.suppress(StoreConflict):
                return self._decide(raw, message, arrival, now)
        return self._decide(raw, message, arrival, now)

    def is_ours(self, ids: bytes) -> bool:
        """Whether a mail's fields of ids bear a signature of ours: then it is a mail that the outbox knows."""
        return bool(self._office.signer.read_message_ids(ids.decode("ascii", "replace")))

    def _decide(self, raw: bytes, message: Message, arrival: Arrival, now: datetime) -> int:
        db = self._db
        with db.transaction():
            arrival_id = arrivals.add_arrival(db, arrival, now) or arrivals.unfetched(db, arrival)
            if arrival_id is None:
                inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
                return 0
            office = office_at(self._office, db, now)
            considered = consider(message, self._after_change(message, arrival), office, self._facts, now)
            letter_id = arrivals.add(db, message, arrival, considered.decision, now, self._language(considered))
            arrivals.attach_arrival(db, arrival_id, letter_id)
            if _keeps_files(considered, arrival):
                arrivals.keep_raw(db, letter_id, raw)
            queued = self._apply(considered, now, letter_id, arrival)
            crash_point("intake.before-commit")
        sent = arrival.folder == office.council.inboxes[arrival.inbox].sent_folder
        self._log(log_events.SENT_MAIL if sent else log_events.LETTER, considered.decision, arrival)
        return queued

    def _language(self, considered: Considered) -> str:
        return considered.message.language(self._office.council.languages[0]) if considered.decision.new else ""

    def _apply(self, considered: Considered, now: datetime, letter_id: int, arrival: Arrival) -> int:
        queued = handlers.apply(
            self._db,
            considered.decision.intents,
            considered.mails,
            self._office.council,
            now,
            letter_id=letter_id,
            arrival=arrival,
        )
        inboxes.move_watermark(self._db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
        return queued

    def _facts(self, questions: Questions, now: datetime) -> Facts:
        return facts.gather(self._db, questions, now, self._office.council)

    def _after_change(self, message: Message, arrival: Arrival) -> Arrival:
        """
        Too many letters that nobody knows, there at once after a change of UIDVALIDITY, look like a restored mailbox:
        from the 21st on their acknowledgements wait for the admin.
        """
        if arrival.hold == "backup":
            return arrival
        if not arrival.hold or facts.is_known(self._db, message.fingerprint):
            return replace(arrival, hold="")
        count = inboxes.count_unknown(self._db, arrival.inbox, arrival.folder)
        return arrival if count > UNKNOWN_LETTERS_HELD else replace(arrival, hold="")

    def _quarantine(self, raw: bytes, arrival: Arrival, error: Exception, now: datetime) -> int:
        """
        The raw bytes are kept, the admin is told once, the mail is tried again later, the watermark goes on (D5).

        What its headers alone allow is done: a case, an owner, an acknowledgement.
        """
        db, where = self._db, _where(error)
        fingerprint = sha256(raw).hexdigest()
        considered: Considered | None = None
        with db.transaction():
            arrival_id = arrivals.add_arrival(db, arrival, now) or arrivals.unfetched(db, arrival)
            if known := arrivals.in_quarantine(db, fingerprint):
                if arrival_id is not None:
                    arrivals.attach_arrival(db, arrival_id, known)
                inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
                return 0
            try:
                office = office_at(self._office, db, now)
                considered = consider(
                    Message.of(self._reading.head(raw), office.signer), arrival, office, self._facts, now
                )
            except NOT_THE_MAIL:
                raise
            except Exception as second:  # noqa: BLE001 - its headers break us too: the bytes and the admin are left
                where = f"{where}, {_where(second)}"
            code = considered.decision.code if considered else ""
            queued = (
                handlers.apply(
                    db, considered.decision.intents, considered.mails, self._office.council, now, arrival=arrival
                )
                if considered
                else 0
            )
            letter_id = arrivals.quarantine(db, fingerprint, raw, arrival, where, code, now + _RETRIES[0])
            if arrival_id is not None:
                arrivals.attach_arrival(db, arrival_id, letter_id)
            values = {"inbox": self._office.council.inboxes[arrival.inbox].address, "letter": letter_id, "error": where}
            queued += self._tell_admin(
                "quarantine", keys.quarantine(fingerprint), values, "a mail could not be read and is kept raw", now
            )
            inboxes.move_watermark(db, arrival.inbox, arrival.folder, arrival.uidvalidity, arrival.uid)
            crash_point("intake.before-commit")
        log.error(log_events.QUARANTINED, inbox=arrival.inbox, uid=arrival.uid, error=where)
        return queued

    def retry_quarantined(self, now: datetime) -> int:
        """Quarantined mails whose next attempt is due. Returns how many mails were put into the outbox to go out now."""
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
            if arrival.inbox not in self._office.council.inboxes:
                continue
            try:
                queued += self._recover(bytes(row["raw"]), arrival, row["id"], row["code"] or "", now)
            except NOT_THE_MAIL:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                attempt = int(row["attempts"])
                retry_at = now + _RETRIES[attempt] if attempt < len(_RETRIES) else None
                arrivals.failed_again(self._db, row["id"], _where(error), retry_at)
                log.warning(log_events.QUARANTINED_AGAIN, inbox=arrival.inbox, uid=arrival.uid, error=_where(error))
        return queued

    def _recover(self, raw: bytes, arrival: Arrival, letter_id: int, code: str, now: datetime) -> int:
        """A quarantined mail can be read now: it joins the case its headers opened, or is decided like any other."""
        message = Message.of(self._reading.begin(raw).result(), self._office.signer)
        with self._db.transaction():
            office = office_at(self._office, self._db, now)
            case = cases.by_code(self._db, (code,)).get(code) if code else None
            seen = Seen(message, office.council.inboxes[arrival.inbox], office.council, arrival)
            verdict = screen(seen)
            if case is not None and verdict.kind != "staff":
                decision = follow_ups.on_recovered(seen, verdict, case, office.desk(now))
                considered = Considered(message, decision, composed(decision.intents, office.templates))
            else:
                considered = consider(message, arrival, office, self._facts, now)
            if not arrivals.recovered(self._db, letter_id, message, considered.decision, now):
                return 0
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


def _placed(arrival: Arrival, fingerprint: str) -> Arrival:
    """A mail that lies in no mailbox: the same letter delivered once more is the same place once more (D14)."""
    return replace(arrival, uid=int(fingerprint[:15], 16)) if arrival.folder == DELIVERED else arrival


def _keeps_files(considered: Considered, arrival: Arrival) -> bool:
    """Whether a mail's files lie nowhere else, and somebody may want them."""
    wanted = considered.decision.outcome != "record" and considered.message.attachments
    return arrival.folder == DELIVERED and bool(wanted)


def _where(error: Exception) -> str:
    """What is kept of an error: nothing a resident wrote (P11)."""
    return str(error) if isinstance(error, Unread | ReadingFailed) else place(error)
