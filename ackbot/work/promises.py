"""
The daily rounds: digests, "overdue today" at 13:00, "no news" at 15:00, "settled?" (design.md, "The life of a promise").

All times of day are the council's local time.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby

from ackbot.casework import contact, keys
from ackbot.casework.clocks import due, reminders
from ackbot.casework.clocks.reminders import ADMIN, HEAD, Line
from ackbot.casework.contact import silent_because
from ackbot.casework.cover import is_at_work, is_present, own_calendar
from ackbot.casework.drafts import to_admin
from ackbot.casework.drafts.shown import shown
from ackbot.casework.history import History
from ackbot.casework.incoming import delicate
from ackbot.casework.intents import Intent, Late, Note
from ackbot.casework.model import PROMISES, Case, HeldWords
from ackbot.casework.office import Desk, Office
from ackbot.casework.staff.consent import SENT
from ackbot.crashpoints import crash_point
from ackbot.store import Database, backups, cases, daily, events, facts, heard, inboxes, on_its_way, refusals
from ackbot.store.contact import history
from ackbot.store.database import instant_of
from ackbot.store.heard import Heard
from ackbot.work.apply import apply, office_at

OVERDUE_AT = time(13)
_HEARD_WITHIN = timedelta(days=14)  # whoever was away for longer reads no thanks of then
_REMEMBERED = timedelta(days=14)  # for so long a case's digests go without words after one was refused
_NAMED = 50  # the most references in the admin's mail


class Promises:
    """
    Finds in the store what is due, and writes the mails of one person or resident at a time, in a transaction each.

    A crash between two transactions loses nothing: what was not written is still due, and rows tell what was written.
    """

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._done: dict[str, date] = {}  # by round, the day on which it is done; saves looking again on that day

    def run(self, now: datetime) -> int:
        """Do everything that is due now. Returns how many mails were put into the outbox to go out."""
        return self._digests(now) + self._overdue(now) + self._truths(now) + self._waiting(now) + self._settled(now)

    def _desk(self, now: datetime) -> Desk:
        return office_at(self._office, self._db, now).desk(now)

    def _due_round(self, name: str, now: datetime, at: time) -> date | None:
        """The council's date if the round's time of day has come and it is not done yet; otherwise None."""
        calendar = self._office.council.calendar
        today = calendar.local_day(now)
        if self._done.get(name) == today or now < calendar.at(today, at):
            return None
        return today

    def _digests(self, now: datetime) -> int:
        """Send digests at `digest_at`, on each person's own working days, if there is something to say (behaviour.md §4.1)."""
        today = self._due_round("digest", now, self._office.council.digest_at)
        if today is None:
            return 0
        desk = self._desk(now)
        council = desk.council
        until = max(
            reminders.horizon(staff, name, desk) for staff in ("", *council.staff) for name in council.standards
        )
        found = {case.code: case for case in cases.due(self._db, until, PROMISES)}
        midnight = council.calendar.at(today, time(0))
        others = (
            *cases.late(self._db),
            *cases.unheard(self._db, now),
            *cases.of_owner(self._db, ""),
            *cases.offered(self._db, midnight),
        )
        found |= {case.code: case for case in others}
        queued = 0
        told = [case for case in found.values() if not self._silenced(case, desk)]
        beside = [case.in_charge for case, _ in self._beside(desk.now - _HEARD_WITHIN)]
        named = (*facts.waiting(self._db), *beside)
        sheets: dict[str, list[Line]] = {person: [] for person in named if person in council.staff}
        for person, lines in (sheets | reminders.sheets(told, desk)).items():
            if person in (HEAD, ADMIN):
                queued += self._to_head(person, lines, desk)
            # After their working day, as after an outage, a digest of today helps nobody.
            elif self._at_work(person, desk) and now < own_calendar(council, person).end_of(today):
                queued += self._reminder("digest", person, lines, now)
        self._done["digest"] = today
        return queued

    def _at_work(self, person: str, desk: Desk) -> bool:
        """Whether it is their working day and they are not away. Otherwise they get no reminder."""
        return is_at_work(desk.council, person, desk.now)

    def _silenced(self, case: Case, desk: Desk) -> bool:
        """Whether staff hear nothing of the case's inbox now, because it is paused or in shadow mode."""
        return inboxes.is_paused(self._db, case.inbox) or desk.council.inbox_of(case.inbox).mode == "shadow"

    def _overdue(self, now: datetime) -> int:
        """At 13:00, remind owners and managers of what is promised before the next working day (D70)."""
        today = self._due_round("overdue", now, OVERDUE_AT)
        calendar = self._office.council.calendar
        if today is None or not calendar.is_working_day(today):
            return 0
        desk = self._desk(now)
        until = calendar.next_working_day(today) - timedelta(days=1)
        lines: dict[str, list[Line]] = {}
        for case in cases.due(self._db, until, PROMISES):
            if due.missed(case, desk) or self._silenced(case, desk):  # a missed date waits for `release`, see `_truths`
                continue
            for person, line in _reminded(case, desk):
                lines.setdefault(person, []).append(line)
        queued = sum(self._reminder("overdue", person, some, now) for person, some in lines.items())
        self._done["overdue"] = today
        return queued

    def _reminder(self, name: str, person: str, lines: Sequence[Line], now: datetime) -> int:
        """Write one person's mail from cases read in its own transaction; once a day, also across restarts (D48, D70)."""
        db = self._db
        with db.transaction():
            desk = self._desk(now)
            if not daily.begin(db, _for(person, name), desk.today, now):
                return 0
            fresh = cases.by_code(db, [line.case.code for line in lines])
            still = [
                Line(fresh[line.case.code], line.role, reminders.due_on(fresh[line.case.code]))
                for line in lines
                if line.case.code in fresh and fresh[line.case.code].state in ("open", "waiting")
            ]
            waiting = self._unanswered(person, desk)
            beside = self._heard(person, desk) if name == "digest" else []
            if not still and not (name == "digest" and (waiting or beside)):
                return 0
            letter = cases.last_words(db, still[0].case.code) if len(still) == 1 else ""
            staff, why = desk.council.staff[person], f"{len(still)} cases are due"
            named = [*(line.case.code for line in still), *(case.code for case, _ in waiting)]
            refused = refusals.of(db, "digest", named, now - _REMEMBERED)
            send = (
                reminders.digest(
                    desk,
                    staff,
                    still,
                    letter,
                    why=why,
                    waiting=waiting,
                    heard=[(case, one.kind, one.words) for case, one in beside],
                    refusals=refused,
                )
                if name == "digest"
                else reminders.overdue(desk, staff, still, letter, why=why, waiting=waiting, refusals=refused)
            )
            queued = apply(self._db, [send, *_noted(person, still)], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        return queued

    def _heard(self, person: str, desk: Desk) -> list[tuple[Case, Heard]]:
        """What came in this person's cases since their last digest, and asks nothing of them (behaviour.md §1, §3.14)."""
        last = daily.last_at(self._db, _for(person, "digest"), desk.today)
        since = max(desk.now - _HEARD_WITHIN, instant_of(last)) if last else desk.now - _HEARD_WITHIN
        return [(case, one) for case, one in self._beside(since) if case.in_charge == person]

    def _beside(self, since: datetime) -> list[tuple[Case, Heard]]:
        found = heard.since(self._db, since)
        about = cases.by_code(self._db, list(dict.fromkeys(one.code for one in found)))
        return [(about[one.code], one) for one in found if one.code in about]

    def _unanswered(self, person: str, desk: Desk) -> list[tuple[Case, HeldWords]]:
        """The questions that this person has not answered, of cases of which staff hear; not who wrote in a closed case."""
        found = facts.waiting(self._db).get(person, [])
        about = cases.by_code(self._db, list(dict.fromkeys(one.code for one in found)))
        return [
            (about[one.code], one)
            for one in found
            if one.code in about
            and not self._silenced(about[one.code], desk)
            and not (one.command == "SENT" and about[one.code].state == "closed")
        ]

    def _to_head(self, head: str, lines: Sequence[Line], desk: Desk) -> int:
        """Write to the head of service, or to the admin, who are only addresses: the council's working days count."""
        council = desk.council
        if not council.calendar.is_working_day(desk.today):
            return 0
        with self._db.transaction():
            if not daily.begin(self._db, _for(head, "digest"), desk.today, desk.now):
                return 0
            send = to_admin.about(
                desk,
                "escalation",
                keys.escalation(head, desk.today),
                reminders.listed(desk, None, lines),
                why="lateness that reached the top",
                recipient=(council.head_of_service if head == HEAD else "") or council.admin,
                named=[line.case.code for line in shown(lines, lambda line: line.case)],
            )
            return apply(self._db, [send], desk)

    def _truths(self, now: datetime) -> int:
        """
        At 15:00 of the promised date, tell each resident the truth about all their cases that are due (behaviour.md §3.6).

        Dates that passed while nothing ran, or while the inbox was paused, wait for `release`.
        """
        desk = self._desk(now)
        today = desk.today
        hour = now >= desk.council.calendar.at(today, due.AT)
        until = today if hour else today - timedelta(days=1)  # missed dates do not wait for 15:00
        found = [case for case in cases.due(self._db, until, PROMISES) if not inboxes.is_paused(self._db, case.inbox)]
        backup = backups.awaits_release(self._db)
        put_back_on = desk.council.calendar.local_day(backup.at) if backup else date.min
        late = [case for case in found if due.missed(case, desk) or due.told_by(case, put_back_on, desk)]
        released = bool(late) and daily.was_done(self._db, "released", today)
        queued = self._tell_missed(late, desk) if late and not released else 0
        ready = [case for case in found if (released if case in late else due.passed(case, desk))]
        for some in _by_resident(ready):
            queued += self._truth(some, now)
        return queued

    def _truth(self, some: Sequence[Case], now: datetime) -> int:
        db = self._db
        with db.transaction():
            desk = self._desk(now)
            fresh = cases.by_code(db, [case.code for case in some])
            ripe = [case for case in fresh.values() if case.state != "closed" and due.passed(case, desk)]
            if not ripe:
                return 0
            queued, heard = 0, {}
            for case in ripe:
                queued += self._remind_now(case, desk)
                heard[case.code] = events.reminded(db, case.code, desk.council.calendar.at(desk.today, time(0)))
            asked = (one for some in facts.waiting(db).values() for one in some)
            waits = {one.code for one in asked if one.command != SENT}
            found = due.on_passed(ripe, desk, history=self._history(ripe[0], desk), heard=heard, waits=waits)
            queued += apply(self._db, found, desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        return queued

    def _remind_now(self, case: Case, desk: Desk) -> int:
        """Remind those at work whom the reminder of 13:00 did not reach, because staff hear before residents (voice.md, 16)."""
        if silent_because(case, desk.council):
            return 0
        before = events.reminded(self._db, case.code, desk.council.calendar.at(desk.today, time(0)))
        queued = 0
        for person, line in _reminded(case, desk):
            if person not in before and self._at_work(person, desk):
                letter = cases.last_words(self._db, case.code)
                staff, why = desk.council.staff[person], "a date came after 13:00"
                refused = refusals.of(self._db, "digest", [case.code], desk.now - _REMEMBERED)
                send = reminders.late(desk, staff, line, letter, why=why, refusals=refused)
                queued += apply(self._db, [send, *_noted(person, [line])], desk)
        return queued

    def _tell_missed(self, late: Sequence[Case], desk: Desk) -> int:
        """
        Mark the promises that passed while nothing ran: they wait for `release`.

        The admin is told at most once a day, and of each date once (E90); `ackbot status` shows all that wait.
        """
        total = len(late)
        with self._db.transaction():
            passed = [(case, reminders.due_on(case) or desk.today) for case in late]
            late = [case for case, on in passed if not daily.was_done(self._db, _missed(case), on)]
            if not late or not daily.begin(self._db, "missed", desk.today, desk.now):
                return 0
            for case, on in passed:
                daily.begin(self._db, _missed(case), on, desk.now)
            why = "the date passed while nothing ran, or the inbox was paused; it waits for release"
            apply(self._db, [Late(case.code, case.no_news, why=why) for case in late if not case.late_since], desk)
            named = [case.code for case in late[:_NAMED]]
            values = {
                "count": len(late),
                "total": total,
                "references": [desk.council.reference_of(code) for code in named],
            }
            why = "promised dates passed without a word"
            send = to_admin.about(desk, "missed", keys.missed(desk.today), values, why=why, named=named)
            return apply(self._db, [send], desk)

    def _settled(self, now: datetime) -> int:
        """Ask "settled?" after a case's time to settle, in working hours, unless the resident got an automatic mail today."""
        return self._on_a_free_day("settle", "answered", self._settle, now)

    def _waiting(self, now: datetime) -> int:
        """Come back, on the same terms, to a question of ours that the resident has not answered."""
        return self._on_a_free_day("waiting", "waiting", due.on_waiting, now)

    def _on_a_free_day(
        self, kind: str, state: str, decide: Callable[[Sequence[Case], Desk], list[Intent]], now: datetime
    ) -> int:
        today = self._office.council.calendar.local_day(now)
        due_now = [case for case in cases.due(self._db, today, (kind,), over=now) if case.state == state]
        # Written is not arrived: nobody is told that somebody wrote before the relay has it, and a report had its time (E38).
        found = [case for case in due_now if not on_its_way.words(self._db, case.code, now)]
        queued = 0
        for some in _by_resident(found):
            calendar = self._office.council.inbox_of(some[0].inbox).calendar
            if not calendar.is_open(now) or inboxes.is_paused(self._db, some[0].inbox):
                continue
            with self._db.transaction():
                desk = self._desk(now)
                if contact.question(some[0], self._history(some[0], desk), desk).when != "later":
                    fresh = cases.by_code(self._db, [one.code for one in some]).values()
                    still = [case for case in fresh if case.state == state]
                    queued += apply(self._db, decide(still, desk), desk) if still else 0
                crash_point("rounds.before-commit")
            crash_point("rounds.committed")
        return queued

    def _settle(self, some: Sequence[Case], desk: Desk) -> list[Intent]:
        resident = some[0].resident.key
        since = desk.now - timedelta(seconds=desk.council.feedback_every.seconds)
        may_ask = bool(resident) and not cases.asked_feedback(self._db, resident, since)
        grieving = [case.code for case in some if any(map(delicate.is_bereaved, cases.texts(self._db, case.code)))]
        asks = may_ask and not grieving
        return due.on_settled(some, desk, may_ask=asks, last_asked=events.last_statement(self._db))

    def _history(self, case: Case, desk: Desk) -> History:
        return history(self._db, case.resident.key, desk.now, desk.council.calendar, desk.council.limits)


def _missed(case: Case) -> str:
    """The name under which the store keeps, by the promised date, that the admin was told that it passed."""
    return f"missed {case.code}"


def _for(person: str, name: str) -> str:
    """The name of one person's round, which the store keeps as done for the day (D48)."""
    return f"{name}:{person}"


def _reminded(case: Case, desk: Desk) -> list[tuple[str, Line]]:
    """The staff ids of those who are reminded of a case that is due, each with what they read of it."""
    asked, due_on = due.reminded(case, desk), reminders.due_on(case)
    theirs = is_present(desk.council, case.in_charge, desk.now)
    found = [
        (asked.owner, Line(case, "own", due_on)),
        (asked.colleague, Line(case, "escalated", due_on)),
        (asked.above, Line(case, "escalated" if theirs else "nobody", due_on)),
    ]
    return [(person, line) for person, line in found if person]


def _noted(person: str, lines: Sequence[Line]) -> list[Intent]:
    """Note in each case's history who was reminded; "no news" tells residents only of people who were."""
    why = "reminded of the date"
    return [Note(line.case.code, "reminded", {"staff": person}, why=why) for line in lines]


def _by_resident(found: Iterable[Case]) -> list[list[Case]]:
    """The cases grouped by resident; a case without an address is a group of its own."""
    ordered = sorted(found, key=lambda case: (case.resident.key or f"\x00{case.code}", case.opened_at))
    return [list(some) for _, some in groupby(ordered, key=lambda case: case.resident.key or f"\x00{case.code}")]
