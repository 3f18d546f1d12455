"""What happens on a promised date if nobody has written: each promise is kept, replaced, or withheld and told (P5)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from ackbot.casework import contact, standards
from ackbot.casework.contact import Permission
from ackbot.casework.cover import above, at_work_for, is_at_work, is_present, ladder
from ackbot.casework.drafts import to_admin, to_resident
from ackbot.casework.drafts.to_resident import NoNews
from ackbot.casework.history import History
from ackbot.casework.incoming import delicate
from ackbot.casework.intents import ClearClock, Close, Intent, Late, Note, SetClock, Settle
from ackbot.casework.model import GIVEN_UP, OWED, PROMISES, Case, Clock
from ackbot.casework.office import Desk
from ackbot.casework.worktime import Duration

_DEFAULT = Duration(5, "working days")  # to the next word, if the standard names no duration
_OWNER_ASKED = Duration(10, "working days")  # after a question without an answer, the owner is asked to go on
AT = time(15)  # local time at which residents are told that nobody wrote; later only if the promise was made later


def passed(case: Case, desk: Desk) -> list[Clock]:
    """
    The promises whose date has passed, or is today and ripe.

    A date is ripe at 15:00, or at its own instant if its clock started after 15:00 that day. If telling the resident was put
    off to another day, because they had another automatic mail, the promise is ripe on that day.
    """
    return [clock for clock in case.clocks if clock.kind in PROMISES and _is_ripe(clock, desk)]


def _is_ripe(clock: Clock, desk: Desk) -> bool:
    # A past date waits only for the instant to which the mail about it was put off.
    if clock.promised_on != desk.today:
        return clock.promised_on < desk.today and clock.due_at <= desk.now
    hour = desk.council.calendar.at(desk.today, AT)
    late = clock.started_at is not None and clock.started_at >= hour
    return desk.now >= (max(hour, clock.due_at) if late else hour)


def missed(case: Case, desk: Desk) -> bool:
    """
    Whether a date that the resident was told passed on an earlier day without a mail.

    Then ackbot did not run, or was paused (behaviour.md §5.2).
    """
    local_day = desk.council.calendar.local_day
    return any(
        clock.told and max(clock.promised_on, local_day(clock.due_at)) < desk.today for clock in passed(case, desk)
    )


def told_by(case: Case, day: date, desk: Desk) -> bool:
    """
    Whether a date up to `day` that the resident was told has come.

    After a backup was restored, such residents may have been told already that nobody wrote.
    """
    return any(clock.told and clock.promised_on <= day for clock in passed(case, desk))


@dataclass(frozen=True, slots=True)
class Reminded:
    """
    Who is reminded of a case that is due, by staff id, and named to its resident: only people who are at work; "" for nobody.

    Args:
        owner: whoever is in charge.
        colleague: whoever is at work in the place of somebody in charge who has a day off (E85).
        above: who is told above them; whoever owes the next word by an earlier mail, if that person is at work (E78).
    """

    owner: str
    colleague: str
    above: str


def reminded(case: Case, desk: Desk) -> Reminded:
    """Who hears today of a case that is due, before its resident does (behaviour.md §3.6, §4.6)."""
    desk = desk.within(case)
    council = desk.council
    owner = case.in_charge if is_at_work(council, case.in_charge, desk.now) else ""
    rungs = [one for one in above(council, case.in_charge, case.team, desk.now) if is_at_work(council, one, desk.now)]
    if case.owes and case.owes != case.in_charge and is_at_work(council, case.owes, desk.now):
        rungs.insert(0, case.owes)
    told = next(iter(rungs), "")
    off = not owner and is_present(council, case.in_charge, desk.now)
    colleague = at_work_for(council, case.in_charge, case.team, desk.now) if off else ""
    return Reminded(owner, colleague if colleague != told else "", told)


def on_passed(
    cases: Sequence[Case],
    desk: Desk,
    *,
    history: History,
    heard: Mapping[str, Collection[str]],
    waits: Collection[str] = (),
) -> list[Intent]:
    """
    At 15:00 of the promised date: one honest mail to a resident about all cases that are due (behaviour.md §3.6).

    Args:
        cases: cases of one resident, each with a date that is today or has passed.
        history: the automatic mail of that resident.
        heard: staff ids of those who were reminded today, by case code. The mail names nobody else as asked or told.
        waits: codes of cases in which words to the resident are held; of them nobody says that there is no news (E39).
    """
    intents: list[Intent] = []
    matters: list[NoNews] = []
    for case in cases:
        may = _may_tell(case, history, desk)
        if may.when == "now":
            found, changes = _no_news(case, heard.get(case.code, ()), desk)
            matters.append(replace(found, waits=case.code in waits))
            intents += changes
        elif may.when == "never":
            why = f"the date passed, and the resident was not told: {may.why}"
            intents += [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in passed(case, desk)]
            intents.append(Late(case.code, case.no_news, why=why))
        elif may.at is not None:
            intents += _put_off(case, may.at, may.why, desk)
        else:
            # The date stays due, so the resident is told as soon as automatic mail is no longer on hold.
            intents += to_admin.hold_told(may.hold, case.inbox, desk)
    if matters:
        intents = [to_resident.no_news(desk, matters, why="the promised date is here and nobody wrote"), *intents]
    return intents


def _may_tell(case: Case, history: History, desk: Desk) -> Permission:
    # A mail about a date that the resident never heard of would only confuse them.
    if not any(clock.told for clock in passed(case, desk)):
        return Permission("never", "no date was promised to anybody")
    return contact.no_news(case, history, desk, AT)


def _put_off(case: Case, at: datetime, reason: str, desk: Desk) -> list[Intent]:
    """Put the mail without news off until `at`. The promised date stays as it was told, and the case counts as late."""
    why = f"the date passed, and the resident is told on {desk.council.calendar.local_day(at)}: {reason}"
    later = [SetClock(case.code, replace(clock, due_at=at), why=why) for clock in passed(case, desk)]
    return [*later, Late(case.code, case.no_news, why=why)]


def _no_news(case: Case, heard: Collection[str], desk: Desk) -> tuple[NoNews, list[Intent]]:
    council, inbox = desk.council, desk.council.inbox_of(case.inbox)
    standard = council.standard_of(case.standard)
    due = passed(case, desk)
    times = case.no_news + 1
    asked = reminded(case, desk)
    owner, manager = (one if one in heard else "" for one in (asked.owner, asked.above))
    told = council.staff[manager].public_name if manager else ""
    acting = bool(manager) and manager not in ladder(council, case.in_charge, case.team)
    owes = manager if times >= OWED else ""
    named = any(clock.kind == "name-owner" for clock in due) and not case.owner
    promised_on = min(clock.promised_on for clock in due if clock.told)
    # After the third mail a fourth promise would be worth nothing; from now on people are chased instead.
    if times >= GIVEN_UP:
        why = "the resident was told three times that there is no news; nothing more is promised"
        changes: list[Intent] = [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in case.clocks]
        found = NoNews(case, promised_on, None, bool(owner), told, named, acting=acting)
        return found, [*changes, Late(case.code, times, owes, why=why)]
    update = standards.next_update(standard, inbox, council, desk.now) or replace(
        standards.clock_of("update", _DEFAULT, desk.now, standard, inbox, council), told=True
    )
    # A short standard, such as "4 working hours", may end today, but the mail must name a date that is still ahead.
    if update.promised_on <= desk.today:
        update = standards.on_day("update", inbox.calendar.next_working_day(desk.today), inbox)
    update = standards.no_later(update, [clock for clock in case.clocks if clock not in due], desk.today)
    why = "nobody wrote by the promised date; the resident was told so, and the next date"
    changes = [ClearClock(case.code, clock.kind, "replaced", why=why) for clock in due if clock.kind != "update"]
    found = NoNews(case, promised_on, update.promised_on, bool(owner), told, named, acting=acting)
    return found, [*changes, SetClock(case.code, update, why=why), Late(case.code, times, owes, why=why)]


def on_settled(cases: Sequence[Case], desk: Desk, *, may_ask: bool, last_asked: str = "") -> list[Intent]:
    """
    After an answer and silence, close the cases and ask the resident once whether the matter is settled (behaviour.md §3.5).

    Args:
        cases: answered cases of one resident, whose time to settle is over.
        may_ask: the resident was not asked for feedback within the council's period.
        last_asked: the statement of the council's standards that the resident before was asked about; "" for none.
    """
    council = desk.council
    asked = [case for case in cases if not contact.silent_because(case, council)]
    quiet = [case for case in cases if case not in asked]
    intents: list[Intent] = []
    for case in quiet:
        why = f"answered and silent since; not asked: {contact.silent_because(case, council)}"
        intents += [ClearClock(case.code, "settle", "withheld", why=why), Close(case.code, why=why)]
    if not asked:
        return intents
    feedback = may_ask and council.feedback_ask and not any(_no_survey(case, desk) for case in asked)
    why = "answered, and nobody wrote again"
    closed: list[Intent] = [Settle(case.code, why=why) for case in asked]
    statement = _next_statement(council.statements, last_asked) if feedback else ""
    # The score that comes back is about this statement, whatever the configuration says by then.
    noted = [Note(case.code, "asked", {"statement": statement}, why="asked how we did") for case in asked if feedback]
    sent = to_resident.settled(desk, asked, feedback=feedback, why=why, statement=statement)
    return [*intents, sent, *noted, *closed]


def _next_statement(statements: Sequence[str], last: str) -> str:
    """The statement whose turn it is; "" if the council has none."""
    if not statements:
        return ""
    return statements[(statements.index(last) + 1) % len(statements)] if last in statements else statements[0]


def on_waiting(cases: Sequence[Case], desk: Desk) -> list[Intent]:
    """
    Ask a question once more that the resident has not answered, with the date on which its owner goes on without an answer.

    Until that date nothing is late. On that day the owner is reminded, as for any promise (behaviour.md §4.3 ASK).

    Args:
        cases: waiting cases of one resident whose first waiting time is over.
    """
    council = desk.council
    intents: list[Intent] = []
    asked: list[tuple[Case, date]] = []
    for case in cases:
        inbox = council.inbox_of(case.inbox)
        standard = council.standard_of(case.standard)
        since = case.human_words_at or desk.now
        decides = standards.clock_of("update", _OWNER_ASKED, since, standard, inbox, council)
        # It is counted from the question, so it may have passed if the case waited long, for example during an outage.
        if decides.promised_on <= desk.today:
            decides = standards.on_day("update", inbox.calendar.next_working_day(desk.today), inbox)
        silent = contact.silent_because(case, council)
        why = (
            f"no answer to the question; the resident was not reminded: {silent}"
            if silent
            else "no answer to the question"
        )
        intents += [
            ClearClock(case.code, "waiting", "withheld" if silent else "kept", why=why),
            SetClock(case.code, replace(decides, told=not silent, started_at=None, duration=""), why=why),
        ]
        if not silent:
            asked.append((case, decides.promised_on))
    if asked:
        intents.insert(0, to_resident.still_waiting(desk, asked, why="the question is not answered"))
    return intents


def _no_survey(case: Case, desk: Desk) -> bool:
    """
    Whether the resident is not asked for feedback: in complaints, colleagues, elected members, or by the standard (behaviour.md
    §3.10).
    """
    council = desk.council
    standard = council.standard_of(case.standard)
    elected = delicate.is_councillor(case.resident.name, case.resident.key)
    complaint = standard.complaint or bool(case.about)
    return complaint or not standard.feedback or council.is_colleague(case.resident.key) or elected
