"""What became of each matter that residents brought, put together from rows of the store. Pure: no store, no clock."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from ackbot.casework.council import Council
from ackbot.casework.standards import clock_of
from ackbot.casework.worktime import Calendar

Row = Mapping[str, Any]
Ended = Literal["kept", "replaced", "withheld", "silent", "running"]
BY_MAIL = "mail"  # the way in of a matter of which no row says another


@dataclass(frozen=True, slots=True)
class Matter:
    """
    A matter: the case that a first letter, call or visit opened, with everything that is counted of it.

    Args:
        way: how it came in: mail, forwarded, call or visit.
        opened_at: when the council had it, UTC; `opened_on` is the council's date of that.
        letters: how many letters of residents it has, the first one included.
        again: letters that came before a person had written a word.
        acknowledged_at: when the relay took the acknowledgement; None if there was none.
        named_at: when it first had an owner with a name.
        named_in_time: whether that was by the date of the standard; None if there is no such standard, or time is left.
        words_at: when a person first wrote or spoke to the resident; None if nobody has.
        answered_in_time: whether a person answered by the promised date; None if no date was set, time is left, or it was closed
            before that date without needing an answer.
        never: it was closed, and nobody ever wrote or spoke to the resident.
        reopened: how often it was opened again after an answer.
        answered: a person has answered it at least once.
        promises: how each date that the resident was told ended.
        no_news: which mail without news each one was, counted since a person last wrote.
        minutes_to_take: of an urgent one, until somebody took it; None for nobody so far.
        scores: each answer to our question how we did: the statement that was asked, "" for none, and the number from 1 to 5.
    """

    service: str
    team: str
    owner: str
    way: str
    language: str
    opened_at: datetime
    opened_on: date
    letters: int
    again: int
    acknowledged_at: datetime | None
    named_at: datetime | None
    named_in_time: bool | None
    words_at: datetime | None
    answered_in_time: bool | None
    answered: bool
    never: bool
    handovers: int
    reopened: int
    promises: tuple[Ended, ...]
    no_news: tuple[int, ...]
    urgent: bool
    minutes_to_take: float | None
    scores: tuple[tuple[str, int], ...]


def way_of(case: Row) -> str:
    """How a matter came in. A store without that column has mail only."""
    return str(case.get("way") or BY_MAIL)


def matters(rows: Mapping[str, Sequence[Row]], council: Council, now: datetime) -> tuple[Matter, ...]:
    """
    Put the rows of `store.measures.read` together, one value for each case that a person brought.

    Args:
        now: the instant as of which dates have passed or not, aware.
    """
    by_subject = {
        name: _by_code(rows[name]) for name in ("letters", "acknowledgements", "no_news", "events", "clocks", "alarms")
    }
    return tuple(
        _matter(case, by_subject, council, now)
        for case in rows["cases"]
        if not _by_a_machine(by_subject["letters"].get(case["code"], []))
    )


def _by_a_machine(letters: Sequence[Row]) -> bool:
    """Whether only automatic mail is in a case: somebody looks at it, but it is nobody's matter. A call has no letters."""
    return bool(letters) and all(row["kind"] == "automatic-reply" for row in letters)


def _by_code(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["code"]].append(row)
    return found


def _matter(case: Row, rows: Mapping[str, Mapping[str, list[Row]]], council: Council, now: datetime) -> Matter:
    def own(subject: str) -> list[Row]:
        return rows[subject].get(case["code"], [])

    told = _told(own("events"))
    opened_at = datetime.fromisoformat(case["opened_at"])
    inbox = council.inbox_of(case["inbox"])
    words_at = told.words[0].at if told.words else None
    acknowledged = [datetime.fromisoformat(row["accepted_at"]) for row in own("acknowledgements")]
    came = [datetime.fromisoformat(row["arrived_at"]) for row in own("letters")]
    alarm = next(iter(own("alarms")), None)
    closed = case["state"] == "closed"
    return Matter(
        service=inbox.service,
        team=case["team"],
        owner=case["owner"],
        way=way_of(case),
        language=case["language"],
        opened_at=opened_at,
        opened_on=council.calendar.local_day(opened_at),
        letters=len(came),
        again=sum(opened_at < at and (words_at is None or at < words_at) for at in came),
        acknowledged_at=min(acknowledged, default=None),
        named_at=told.named_at,
        named_in_time=_named_in_time(case, told, council, now),
        words_at=words_at,
        answered_in_time=_answered_in_time(own("clocks"), told, council, now, closed=closed),
        answered=any(one.answers for one in told.words),
        never=closed and words_at is None,
        handovers=case["handovers"],
        reopened=told.reopened,
        promises=tuple(_ended(row, told, inbox.calendar, now) for row in _promises(own("clocks"))),
        no_news=_numbers([datetime.fromisoformat(row["accepted_at"]) for row in own("no_news")], told),
        urgent=alarm is not None,
        minutes_to_take=_minutes(alarm) if alarm else None,
        scores=told.scores,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of a person to the resident; they answer unless they only say how it goes, or ask."""

    at: datetime
    answers: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """What a case's history tells: its words, its owner, its closings, and what the resident thought of us."""

    words: tuple[_Words, ...]
    named_at: datetime | None
    closed_at: tuple[datetime, ...]
    reopened: int
    scores: tuple[tuple[str, int], ...]


def _told(events: Sequence[Row]) -> _Told:
    words: list[_Words] = []
    closed: list[datetime] = []
    scores: list[tuple[str, int]] = []
    named_at, over, reopened, statement = None, False, 0, ""
    for row in events:
        at, data = datetime.fromisoformat(row["at"]), json.loads(row["data"])
        match row["kind"]:
            case "Assign":
                named_at = named_at or (at if data.get("staff") else None)
            case "HumanWords":
                over = data["state"] in ("answered", "closed")
                words.append(_Words(datetime.fromisoformat(data["at"]) if data.get("at") else at, over))
            case "Reopen":
                reopened += over
                over = False
            case "words-lost":  # they came back, and written is not arrived (E38)
                lost = datetime.fromisoformat(data["at"]) if data.get("at") else words[-1].at if words else at
                words = [one for one in words if one.at != lost]
                over = over and any(one.answers for one in words)
            case "Close" | "Settle":
                over = True
                closed.append(at)
            case "asked":
                statement = data.get("statement", "")
            case "feedback":
                scores.append((statement, int(data["score"])))
    words.sort(key=lambda one: one.at)
    return _Told(tuple(words), named_at, tuple(closed), reopened, tuple(scores))


def _named_in_time(case: Row, told: _Told, council: Council, now: datetime) -> bool | None:
    standard = council.standard_of(case["standard"])
    if standard.name_owner_within is None:
        return None
    inbox, start = council.inbox_of(case["inbox"]), datetime.fromisoformat(case["opened_at"])
    due_on = clock_of("name-owner", standard.name_owner_within, start, standard, inbox, council).promised_on
    return _by(due_on, told.named_at, council, now)


def _by(due_on: date, at: datetime | None, council: Council, now: datetime) -> bool | None:
    """Whether something had happened by the end of a day; None if it has not, and the day is not over."""
    if at is not None:
        return council.calendar.local_day(at) <= due_on
    return False if due_on < council.calendar.local_day(now) else None


def _answered_in_time(
    clocks: Sequence[Row], told: _Told, council: Council, now: datetime, *, closed: bool
) -> bool | None:
    """By the first date that was set for the answer, later by the time in which the resident was asked something."""
    dates = [row for row in clocks if row["kind"] == "answer"]
    if not dates:
        return None
    counted = dates[0]
    for row in dates[1:]:
        if not counted["paused_at"]:
            break
        counted = row
    due_on = date.fromisoformat(counted["promised_on"])
    answered_at = next((one.at for one in told.words if one.answers), None)
    if (
        answered_at is None
        and closed
        and council.calendar.local_day(told.closed_at[-1] if told.closed_at else now) <= due_on
    ):
        return None
    if answered_at is None and counted["state"] == "paused":
        return None
    return _by(due_on, answered_at, council, now)


def _promises(clocks: Sequence[Row]) -> Iterable[Row]:
    """The dates that the resident was told, each once: a clock that is set anew for the same date is the same promise."""
    return {(row["kind"], row["promised_on"]): row for row in clocks if row["told"]}.values()


def _ended(row: Row, told: _Told, calendar: Calendar, now: datetime) -> Ended:
    """
    How a date that the resident was told ended.

    It is silent if not even the next working day brought a word, or the truth that there is none. That day counts because a
    resident gets one automatic mail a day, and the truth may have to wait for its turn.
    """
    promised_on = date.fromisoformat(row["promised_on"])
    last_day = calendar.next_working_day(promised_on)
    if row["state"] in ("running", "paused"):
        return "silent" if row["state"] == "running" and last_day < calendar.local_day(now) else "running"
    ended_on = calendar.local_day(datetime.fromisoformat(row["ended_at"])) if row["ended_at"] else promised_on
    started_at = datetime.fromisoformat(row["started_at"])
    spoken = any(started_at <= one.at and calendar.local_day(one.at) <= last_day for one in told.words)
    if ended_on > last_day and not spoken and not row["paused_at"]:
        return "silent"
    ended: Ended = row["state"]
    return ended


def _numbers(at: Sequence[datetime], told: _Told) -> tuple[int, ...]:
    """Of mails without news, which one each was since a person last wrote, from 1."""
    numbers: list[int] = []
    last: datetime | None = None
    for one in sorted(at):
        spoken = any((last is None or last < words.at) and words.at <= one for words in told.words)
        numbers.append(1 if spoken or not numbers else numbers[-1] + 1)
        last = one
    return tuple(numbers)


def _minutes(alarm: Row) -> float | None:
    if not alarm["taken_at"]:
        return None
    took = datetime.fromisoformat(alarm["taken_at"]) - datetime.fromisoformat(alarm["started_at"])
    return took.total_seconds() / 60
