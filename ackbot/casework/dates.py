"""Reads dates as people write them: "Fri", "3 Dec", "next week". In doubt it reads none, and we ask back (behaviour.md §4.3)."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from dateutil.easter import easter

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_NUMBER = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4}))?"

# "3-7 Dec": only the second day has a month.
_SHORT_RANGE = re.compile(
    rf"\s*(?:from\s+)?(?P<start>\d{{1,2}})(?:st|nd|rd|th)?\s*(?:-|–|to|until)\s*(?P<end>{_NUMBER}\s+{_MONTH}.*)",
    re.IGNORECASE | re.DOTALL,
)

_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "",
            "a|an|one",
            "two|a couple of",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        )
    )
    for word in filter(None, words.split("|"))
}
_COUNT = (
    r"(?P<count>\d{1,2}|" + "|".join(word.replace(" ", r"\s+") for word in sorted(_WORDS, key=len, reverse=True)) + ")"
)
# Days that people call by their names: by days after Easter Sunday, and by month and day.
_BY_EASTER = {
    "shrovetuesday": -47,
    "ashwednesday": -46,
    "maundythursday": -3,
    "goodfriday": -2,
    "eastersaturday": -1,
    "eastersunday": 0,
    "easterday": 0,
    "eastermonday": 1,
    "eastertuesday": 2,
    "whitmonday": 50,
}
_FIXED = {
    "newyearsday": (1, 1),
    "burnsnight": (1, 25),
    "stdavidsday": (3, 1),
    "stpatricksday": (3, 17),
    "stgeorgesday": (4, 23),
    "mayday": (5, 1),
    "halloween": (10, 31),
    "standrewsday": (11, 30),
    "christmaseve": (12, 24),
    "christmasday": (12, 25),
    "boxingday": (12, 26),
    "newyearseve": (12, 31),
}
_FEASTS = (
    r"(?:shrove|easter)\s+tuesday|ash\s+wednesday|maundy\s+thursday|good\s+friday|easter\s+(?:saturday|sunday|day|monday)|"
    r"whit\s+monday|new\s+year['’]?s\s+(?:day|eve)|burns\s+night|st\.?\s+(?:david|patrick|george|andrew)['’]?s\s+day|"
    r"may\s+day|halloween|christmas\s+(?:eve|day)|boxing\s+day"
)
# Words in a reason that point at the day that was written, or speak of a time on it.
_LEANS = re.compile(
    r"\b(?:(?:that|this|the\s+same|the\s+very)\s+(?:day|date|morning|afternoon|evening|night)|on\s+the\s+day|by\s+then|then)\b",
    re.IGNORECASE,
)
_NAMED_DAY = re.compile(rf"\b(?:{_DAY}|{_NUMBER}\s+(?:of\s+)?{_MONTH}|{_FEASTS})(?!\w)", re.IGNORECASE)

Found = tuple[date, int]  # the date, and the place in the text where its words end
_FURTHEST = 370  # days; a date further ahead is taken for a slip
_NEXT_YEAR = 60  # days; if a date without a year has passed, next year's is meant only if it is this near
# What may follow a date: punctuation, a new line, or nothing. Any other word may belong to the date ("Monday week").
_ENDED = re.compile(r"[ \t]*(?:$|\n|[:.,](?!\d)|[-–—](?=\s))")
_GOES_ON = re.compile(r"[\s,.–—-]*(?:or|and|to|until|till|perhaps|maybe)\b|[^\n:]{0,40}:", re.IGNORECASE)


def promised(text: str, today: date) -> Found | None:
    """
    Like `find`, for a date that a resident will be told: also None if the words after the date may belong to it.

    "Friday or Monday", "Mon-Wed", "Monday week" and "Fri 3pm" do not name one day (behaviour.md §4.3).
    """
    found = find(text, today)
    ended = _ENDED.match(text, found[1]) if found else None
    if found is None or ended is None:
        return None
    plain = ":" not in ended[0] and "\n" not in ended[0]
    return None if plain and _GOES_ON.match(text, ended.end()) else (found[0], ended.end())


def find(text: str, today: date, *, today_counts: bool = False) -> Found | None:
    """
    The date at the beginning of a text, and the place where its words end; None if there is none, or it is past or unclear.

    A weekday is the next one after today; "next week" is its Friday. If two readings are possible, the later one is taken.
    The day comes before the month, as in Britain. A date without a year is the next such day; one that has just passed is
    unclear.

    Args:
        today: the local date.
        today_counts: today's date is accepted too.
    """
    for pattern, meaning in _READINGS:
        if match := re.match(rf"\s*(?:by\s+|on\s+|until\s+|till\s+)?{pattern}(?=$|[\s,.:;–—-])", text, re.IGNORECASE):
            found = meaning(match, today)
            if found is None or not today <= found <= today + timedelta(days=_FURTHEST):
                return None
            if found == today and not today_counts:
                return None
            return found, match.end()
    return None


def _iso(match: re.Match[str], _: date) -> date | None:
    return _made(int(match["year"]), int(match["month"]), int(match["day"]))


def _numbers(match: re.Match[str], today: date) -> date | None:
    year = match["year"]
    return _with_year(
        int(match["day"]), int(match["month"]), int(year) + (2_000 if len(year) == 2 else 0) if year else 0, today
    )


def _named_month(match: re.Match[str], today: date) -> date | None:
    month = _MONTHS.index(match["month"].lower()[:3]) + 1
    found = _with_year(int(match["day"]), month, int(match["year"] or 0), today)
    weekday = match.groupdict().get("weekday")
    if found and weekday and _DAYS.index(weekday.lower()[:3]) != found.weekday():
        return None  # in "Friday 4 December", if the 4th is a Thursday, one of the two is wrong
    return found


def _weekday(match: re.Match[str], today: date) -> date:
    ahead = (_DAYS.index(match["weekday"].lower()[:3]) - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead)


def _next_weekday(match: re.Match[str], today: date) -> date:
    """That weekday in the following week: of the two readings, the later one."""
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=7 + _DAYS.index(match["weekday"].lower()[:3]))


def _next_week(_: re.Match[str], today: date) -> date:
    return today - timedelta(days=today.weekday()) + timedelta(days=11)


def _tomorrow(_: re.Match[str], today: date) -> date:
    return today + timedelta(days=1)


def _after_tomorrow(_: re.Match[str], today: date) -> date:
    return today + timedelta(days=2)


def _in_days(match: re.Match[str], today: date) -> date:
    count, unit = match["count"].lower(), match["unit"].lower()
    number = int(count) if count.isdigit() else _WORDS[" ".join(count.split())]
    return today + timedelta(days=number * {"d": 1, "w": 7, "f": 14}[unit[0]])


def _feast(match: re.Match[str], today: date) -> date | None:
    """A day that has a name, this year or, if it has passed, next year: the resident reads the date."""
    name = re.sub(r"[^a-z]", "", match["feast"].lower())
    year = int(match["year"] or 0)
    for one in (year,) if year else (today.year, today.year + 1):
        found = easter(one) + timedelta(days=_BY_EASTER[name]) if name in _BY_EASTER else date(one, *_FIXED[name])
        if year or found >= today:
            return found
    return None


def _with_year(day: int, month: int, year: int, today: date) -> date | None:
    if year:
        return _made(year, month, day)
    this = _made(today.year, month, day)
    if this and this >= today:
        return this
    later = _made(today.year + 1, month, day)
    return later if later and later <= today + timedelta(days=_NEXT_YEAR) else None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_READINGS: tuple[tuple[str, Callable[[re.Match[str], date], date | None]], ...] = (
    (r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", _iso),
    (r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})(?:[/.](?P<year>\d{4}|\d{2}))?", _numbers),
    (rf"(?:{_DAY},?\s+)?(?:the\s+)?{_NUMBER}\s+(?:of\s+)?{_MONTH}{_YEAR}", _named_month),
    (rf"(?:{_DAY},?\s+)?{_MONTH}\s+{_NUMBER}{_YEAR}", _named_month),
    (rf"next\s+{_DAY}", _next_weekday),
    (r"next\s+week", _next_week),
    (_DAY, _weekday),
    (r"tomorrow", _tomorrow),
    (r"(?:the\s+)?day\s+after\s+tomorrow", _after_tomorrow),
    (rf"in\s+{_COUNT}\s+(?P<unit>day|week|fortnight)s?['’]?(?:\s+time)?", _in_days),
    (rf"{_COUNT}\s+(?P<unit>day|week|fortnight)s?\s+(?:from\s+(?:now|today)|today)", _in_days),
    (rf"(?:the\s+)?(?P<feast>{_FEASTS}){_YEAR}", _feast),
)


def leans_on(words: str, day: date) -> str:
    """The words in a text that point at this day, whose date may move: "that day", its weekday, its date; "" for none."""
    if found := _LEANS.search(words):
        return found[0]
    for match in _NAMED_DAY.finditer(words):
        weekday, number = match["weekday"], match["day"]
        if weekday and _DAYS.index(weekday.lower()[:3]) == day.weekday():
            return match[0]
        if number and (int(number), match["month"].lower()[:3]) == (day.day, _MONTHS[day.month - 1]):
            return match[0]
        if not weekday and not number:
            return match[0]
    return ""


def find_range(text: str, today: date) -> tuple[date, date, int] | None:
    """
    The first and the last day of an absence at the beginning of a text, and the place where its words end.

    Reads `3-7 Dec`, `3 Dec to 7 Dec`, `until Friday`, `next week`, `today` and the like. Without a first day it begins today;
    without a last day it is one day. None if the text cannot be read, or seems to name further days.
    """
    found = _range(text, today)
    if found is None:
        return None
    ended = re.compile(r"\s*\(?(?:cover|deputy|inclusive)\b", re.IGNORECASE).match(text, found[2])
    mark = _ENDED.match(text, found[2])
    if ended or (mark and ("\n" in mark[0] or not _MORE_DAYS.match(text, mark.end()))):
        return found
    return None


_MORE_DAYS = re.compile(
    r"[\s,.;–—-]*+(?:(?:and|or|then)\s*+)?(?:\d|(?:mon|tue|wed|thu|fri|sat|sun|next)\w*\b)", re.IGNORECASE
)


def _range(text: str, today: date) -> tuple[date, date, int] | None:
    if match := _SHORT_RANGE.match(text):
        end = find(match["end"], today, today_counts=True)
        start = _made(end[0].year, end[0].month, int(match["start"])) if end else None
        return (start, end[0], match.start("end") + end[1]) if end and start and today <= start <= end[0] else None
    if match := re.match(r"\s*(?:until|till|to)\s+", text, re.IGNORECASE):
        last = find(text[match.end() :], today, today_counts=True)
        return (today, last[0], match.end() + last[1]) if last else None
    opening = re.match(r"\s*(?:from\s+)?", text, re.IGNORECASE)
    begin = opening.end() if opening else 0
    if match := re.match(r"next\s+week\b", text[begin:], re.IGNORECASE):
        monday = today + timedelta(days=7 - today.weekday())
        return monday, monday + timedelta(days=4), begin + match.end()
    first = _first_day(text[begin:], today)
    if first is None:
        return None
    begin += first[1]
    joint = re.match(r"\s*(?:-|–|to\b|until\b|till\b)\s*", text[begin:], re.IGNORECASE)
    if joint is None:
        return first[0], first[0], begin
    last = find(text[begin + joint.end() :], first[0], today_counts=True)
    return (first[0], last[0], begin + joint.end() + last[1]) if last else None


def _first_day(text: str, today: date) -> Found | None:
    match = re.match(r"today\b", text, re.IGNORECASE)
    return (today, match.end()) if match else find(text, today, today_counts=True)
