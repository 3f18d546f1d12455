"""Repeat alarms until somebody takes them: every `repeat_every`, two to each person in turn (domain.md §8)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.council import Staff
from ackbot.casework.drafts import alarm_mails
from ackbot.casework.incoming import chains, danger
from ackbot.casework.model import Case, Proof
from ackbot.casework.office import Desk, Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, alarms, cases, refusals
from ackbot.wires import systemd
from ackbot.work.apply import apply, office_at

_SENT_WITHIN = timedelta(seconds=60)
_LOUD_EVERY = timedelta(seconds=60)
_LIST_EVERY = timedelta(minutes=2)  # between two lists, while new alarms come
_LATER = 3  # letters that came since, in the mail of an alarm
_EACH = 2  # mails to one person before the next is alarmed

log = structlog.get_logger()


class AlarmRepeats:
    """One mail of each chain that is due, in a transaction of its own; one list of all where too many run."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._loud_at: datetime | None = None

    def run(self, now: datetime) -> int:
        """
        Repeat the alarms that are due. While no alarm of a case can be sent, the log and the unit's status say so.

        Returns:
            How many mails were put into the outbox to go out.
        """
        with self._db.transaction():
            alarms.hasten(self._db, now)
        self._be_loud(now)
        running = alarms.untaken(self._db)
        by_person: dict[str, list[alarms.Running]] = {}
        for one in running:
            by_person.setdefault(one.person, []).append(one)
        queued = 0
        # The better proven have mails of their own, however many others run: a flood in anybody's name hides no letter of theirs.
        for proof in (2, 1, 0):
            equal = [some for some in by_person.values() if _proof(some) == proof]
            as_proven = sum(_proof(some) >= proof for some in by_person.values())
            if as_proven > chains.MOST and len(equal) > 1:
                listed = [one for one in running if any(one in some for some in equal)]
                queued += self._list(listed, proof, now) if _list_is_due(listed, now, self._repeat_every) else 0
            else:
                queued += sum(self._repeat(some, now) for some in equal if any(one.next_at <= now for one in some))
        return queued

    @property
    def _repeat_every(self) -> timedelta:
        return timedelta(seconds=self._office.council.urgent.repeat_every.seconds)

    def _be_loud(self, now: datetime) -> None:
        """
        Log unsent alarms at the highest level every minute, and show them as the unit's status.

        Mail is what does not work, so only somebody who looks at the machine can notice.
        """
        codes = alarms.unsent(self._db, now - _SENT_WITHIN)
        if codes and (self._loud_at is None or now - self._loud_at >= _LOUD_EVERY):
            references = [self._office.council.reference_of(code) for code in codes]
            log.critical(log_events.URGENT_NOT_SENT, cases=references)
            systemd.notify(f"STATUS=URGENT MAIL CANNOT BE SENT: {', '.join(references)}")
            self._loud_at = now
        elif self._loud_at and not codes:
            systemd.notify("STATUS=urgent mail has gone out again")
            self._loud_at = None

    def _repeat(self, chain: Sequence[alarms.Running], now: datetime) -> int:
        """One resident's alarms once more, in one mail about the newest of the best proven letters, which counts the others."""
        desk = office_at(self._office, self._db, now).desk(now)
        with self._db.transaction():
            known = cases.by_code(self._db, [one.code for one in chain])
            staff = self._next_of(chain, desk.within(*known.values()))
            still = [one for one in chain if one.code in known and staff and self._again(one, now)]
            if not still or staff is None:
                return 0
            first = max(still, key=lambda one: (one.proof, one.letter_id))
            others = [known[one.code] for one in still if one is not first]
            words = {one.code: self._words(one, known[one.code]) for one in still}
            send = alarm_mails.urgent_again(
                desk,
                known[first.code],
                staff,
                sorted({name for one in still for name in one.categories}),
                words[first.code],
                number=first.sent + 1,
                started_at=first.started_at,
                others=[(other, words[other.code]) for other in others],
                letters=alarms.letters_of(self._db, still),
                forged=alarms.forged(self._db, [one.code for one in still]),
                refusals=self._refused(still),
                why="nobody has taken the alarm yet",
            )
            queued = apply(self._db, [send], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        log.critical(log_events.URGENT_UNTAKEN, case=desk.council.reference_of(first.code), mails=first.sent + 1)
        return queued

    def _list(self, running: Sequence[alarms.Running], proof: Proof, now: datetime) -> int:
        """These alarms, equally proven, in one mail: so many that one mail for each would hide the one that matters (E9)."""
        desk = office_at(self._office, self._db, now).desk(now)
        with self._db.transaction():
            known = cases.by_code(self._db, [one.code for one in running])
            staff = self._next_of(running, desk.within(*known.values()))
            still = [one for one in running if one.code in known and staff and self._again(one, now)]
            if not still or staff is None:
                return 0
            forged = alarms.forged(self._db, [one.code for one in still])
            listed = [
                alarm_mails.Untaken(
                    known[one.code],
                    one.categories,
                    one.started_at,
                    self._words(one, known[one.code]),
                    one.code in forged,
                )
                for one in still
            ]
            send = alarm_mails.urgent_list(
                desk,
                staff,
                listed,
                proof=proof,
                letters=alarms.letters_of(self._db, still),
                refusals=self._refused(still),
                why="many alarms run",
            )
            queued = apply(self._db, [send], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        for one in still:
            log.critical(log_events.URGENT_UNTAKEN, case=desk.council.reference_of(one.code), mails=one.sent + 1)
        return queued

    def _words(self, one: alarms.Running, case: Case) -> alarm_mails.AlarmWords:
        """The words that alarmed in a case, and what was written in it since."""
        if not one.letter_id:
            return alarm_mails.AlarmWords(cases.last_words(self._db, one.code))
        letters = cases.letters_of(self._db, one.code)
        author = next((other.author for other in letters if other.id == one.letter_id and other.by == "stranger"), None)
        later = [other for other in letters if other.id > one.letter_id][-_LATER:]
        since = [(other.author, other.by == "forged", cases.text_of_letter(self._db, other.id)) for other in later]
        return alarm_mails.alarm_words(cases.text_of_letter(self._db, one.letter_id), author, case, since)

    def _refused(self, some: Sequence[alarms.Running]) -> int:
        """How many mails of these alarms were refused for what stands in them, since the first of them began."""
        return refusals.of(self._db, "urgent", [one.code for one in some], min(one.started_at for one in some))

    def _again(self, one: alarms.Running, now: datetime) -> bool:
        return alarms.repeated(self._db, one, now + self._repeat_every)

    def _next_of(self, some: Sequence[alarms.Running], desk: Desk) -> Staff | None:
        """Whose turn it is, of those who are here; of all where nobody is."""
        council = desk.council
        order = danger.on_duty(council, desk.now)
        return council.staff[order[max(one.sent for one in some) // _EACH % len(order)]] if order else None


def _proof(chain: Sequence[alarms.Running]) -> Proof:
    return max(one.proof for one in chain)


def _list_is_due(running: Sequence[alarms.Running], now: datetime, repeat_every: timedelta) -> bool:
    """Whether an alarm that stood in a mail is due again; or a new one is, and the last mail is two minutes old."""
    due = [one for one in running if one.next_at <= now]
    last_at = max((one.next_at - repeat_every for one in running if one.sent), default=datetime.min.replace(tzinfo=UTC))
    return any(one.sent for one in due) or (bool(due) and now - last_at >= _LIST_EVERY)
