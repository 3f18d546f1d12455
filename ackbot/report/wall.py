"""The live view as lines of text, for a terminal of any size from 80 × 24: what happens now, without a word of a resident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Literal

Style = Literal["plain", "title", "quiet", "bad", "alarm"]
Line = tuple[str, Style]
NARROWEST, SHORTEST = 80, 24
KEYS = "i inbox   o owner   u unanswered   space freeze   q quit"
_DUE = 6  # lines of what is due or late, as long as letters want the others


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown: of one inbox, of one member of staff, only what was not acknowledged; "" and False for everything."""

    inbox: str = ""
    owner: str = ""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """
    A letter of today.

    Args:
        at: when it was recorded, local time.
        kind: what it is, such as "letter" or "list"; "" until it is read.
        reference: of its case; "" for none.
        owner, name: whoever has the case, as staff id and as others call them; "" for nobody.
        acknowledged: whether an answer was written; `ms` later the relay had it, None until then.
    """

    at: datetime
    inbox: str
    kind: str
    reference: str
    owner: str
    name: str
    acknowledged: bool
    ms: float | None


@dataclass(frozen=True, slots=True)
class Alarming:
    """An alarm that nobody took: what it is about, since how many milliseconds, and in how many mails."""

    reference: str
    inbox: str
    about: Sequence[str]
    ms: float
    mails: int


@dataclass(frozen=True, slots=True)
class Due:
    """A case with a date of today, or that is late: `since` is the date told, or since when it is late."""

    reference: str
    inbox: str
    owner: str
    name: str
    since: date


@dataclass(frozen=True, slots=True)
class Seen:
    """
    Everything at one moment.

    Args:
        now: local time.
        letters: the newest first; `came` and `acknowledged` count all of today.
        due: the longest overdue first.
        watched: of how many `inboxes` the server answers; `waiting`: mails that are to go out.
        wrong: a sentence for everything that needs the admin.
    """

    council: str
    now: datetime
    letters: Sequence[Came]
    came: int
    acknowledged: int
    alarms: Sequence[Alarming]
    due: Sequence[Due]
    watched: int
    inboxes: int
    waiting: int
    wrong: Sequence[str]


def following(chosen: str, some: Sequence[str]) -> str:
    """The next of some names after the chosen one; after the last one "", which is all of them."""
    ring = ("", *some)
    return ring[(ring.index(chosen) + 1) % len(ring)] if chosen in ring else ""


def lines(seen: Seen, by: Filter, width: int, height: int) -> list[Line]:
    """Exactly `height` lines, none longer than `width`. A terminal that is too small gets one sentence."""
    if width < NARROWEST or height < SHORTEST:
        empty: list[Line] = [("", "plain")] * (height - 1)
        return [(f"this needs {NARROWEST} × {SHORTEST}"[:width], "bad"), *empty]
    today = seen.now.date()
    theirs = [one for one in seen.due if _is_chosen(one, by)]
    late, due = [one for one in theirs if one.since < today], [one for one in theirs if one.since >= today]
    letters = [one for one in seen.letters if _is_chosen(one, by) and not (by.unanswered and one.acknowledged)]
    head = _head(seen, len(late), len(due), width)
    alarms: list[Line] = [(_alarm(one), "alarm") for one in seen.alarms]
    room = height - len(head) - 3  # a heading for letters, one for dates, the keys
    dates: list[Line] = [(_date(one, "late since"), "bad") for one in late]
    dates += [(_date(one, "due today, told"), "plain") for one in due]
    shown_alarms = _cut(alarms, room // 3, "alarms")
    room -= len(shown_alarms)
    nothing: list[Line] = [("nothing is due today, and nothing is late", "quiet")]
    shown_dates = _cut(dates or nothing, max(_DUE, room - len(letters)), "dates")
    room -= len(shown_dates)
    came: list[Line] = [(_letter(one), "plain" if one.acknowledged else "quiet") for one in letters[:room]]
    came += [("", "plain")] * (room - len(came))
    found: list[Line] = [*head, *shown_alarms, (_rule(_named(by), width), "title"), *came]
    found += [(_rule("Due today and late", width), "title"), *shown_dates, (KEYS, "quiet")]
    return [(text[:width], style) for text, style in found]


def _is_chosen(one: Came | Due, by: Filter) -> bool:
    return by.inbox in ("", one.inbox) and by.owner in ("", one.owner)


def _head(seen: Seen, late: int, due: int, width: int) -> list[Line]:
    clock = f"{seen.now:%a %d %b %Y %H:%M:%S}"
    times = [one.ms for one in seen.letters if one.ms is not None]
    half = f" (half within {_span(median(times))})" if times else ""
    said: list[Line] = [
        (f"{seen.council[: width - len(clock) - 2]:{width - len(clock)}}{clock}", "title"),
        (
            f"today {_many(seen.came, 'letter')}, {seen.acknowledged} acknowledged{half}; {_many(seen.waiting, 'mail')} to go out",
            "plain",
        ),
        (
            f"{seen.watched} of {seen.inboxes} inboxes watched   {_many(len(seen.alarms), 'alarm')}   "
            f"{due} due today   {late} late",
            "plain" if seen.watched == seen.inboxes else "bad",
        ),
    ]
    if seen.wrong:
        more = f" (and {len(seen.wrong) - 1} more: ackbot status)" if len(seen.wrong) > 1 else ""
        said.append((f"not fine: {seen.wrong[0][: width - 10 - len(more)]}{more}", "bad"))
    return said


def _letter(one: Came) -> str:
    if one.ms is not None:
        answered = f"in {_span(one.ms)}"
    else:
        answered = "being acknowledged" if one.acknowledged else f"no answer: {one.kind or 'not read yet'}"
    return f"{one.at:%H:%M:%S}  {_row(one.inbox, one.reference or '-', one.name if one.reference else '', answered)}"


def _alarm(one: Alarming) -> str:
    about, mails = ", ".join(one.about), _many(one.mails, "mail")
    return f"ALARM {one.reference}  {one.inbox[:14]}  {about}: nobody took it in {_span(one.ms)}, {mails}"


def _date(one: Due, what: str) -> str:
    return _row(one.inbox, one.reference, one.name, f"{what} {one.since}")


def _row(inbox: str, reference: str, name: str, rest: str) -> str:
    return f"{inbox[:14]:14}  {reference:12}  {name[:18]:18}  {rest}"


def _named(by: Filter) -> str:
    some = [f"inbox {by.inbox}"] if by.inbox else []
    some += [f"owner {by.owner}"] if by.owner else []
    some += ["not acknowledged"] if by.unanswered else []
    return "Letters of today" + (f", {', '.join(some)}" if some else "")


def _cut(some: Sequence[Line], room: int, of: str) -> list[Line]:
    """As many of some lines as there is room for; the last one tells how many more there are."""
    if len(some) <= room:
        return list(some)
    return [*some[: room - 1], (f"and {len(some) - room + 1} more {of}", some[0][1])]


def _rule(title: str, width: int) -> str:
    return f"── {title} {'─' * max(0, width - len(title) - 4)}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _span(ms: float) -> str:
    if ms < 1_000:
        return f"{max(0, round(ms))} ms"
    if ms < 90_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms / 60_000:.0f} min" if ms < 5_400_000 else f"{ms / 3_600_000:.0f} h"
