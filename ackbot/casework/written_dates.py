"""
Finds the dates in a text of a colleague, in English, Welsh, French, German, Spanish and Polish.

`dates.py` reads one date where a command must have one, and asks back in doubt. Here nobody can be asked, so every date is found
with all that it may mean, and `staff/absence_notice.py` takes the later reading (domain.md §10).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.easter import easter

_MONTHS = (
    "january jan ionawr ion janvier janv januar janner enero ene stycznia styczen styczniu",
    "february feb chwefror chwef fevrier fevr februar febrero lutego luty lutym",
    "march mar mawrth fawrth mars marz maerz marzo marca marzec marcu",
    "april apr ebrill avril avr abril abr kwietnia kwiecien kwietniu",
    "may mai fai mayo maja maj maju",
    "june jun mehefin fehefin juin juni junio czerwca czerwiec czerwcu",
    "july jul gorffennaf orffennaf juillet juil juli julio lipca lipiec lipcu",
    "august aug awst aout agosto ago sierpnia sierpien sierpniu",
    "september sept sep medi fedi septembre septiembre setiembre wrzesnia wrzesien wrzesniu",
    "october oct hydref octobre oktober okt octubre pazdziernika pazdziernik pazdzierniku",
    "november nov tachwedd dachwedd novembre noviembre listopada listopad listopadzie",
    "december dec rhagfyr ragfyr decembre dezember dez diciembre dic grudnia grudzien grudniu",
)
_WEEKDAYS = (
    "monday llun lundi montag lunes poniedziałek poniedziałku",
    "tuesday tues mawrth mardi dienstag martes wtorek wtorku",
    "wednesday weds mercher mercredi mittwoch miercoles sroda srode srody",
    "thursday thurs thur iau jeudi donnerstag jueves czwartek czwartku",
    "friday fri gwener wener vendredi freitag viernes piatek piatku",
    "saturday sadwrn samedi samstag sonnabend sabado sobota sobote soboty",
    "sunday sul dimanche sonntag domingo niedziela niedziele niedzieli",
)
_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_WEEKDAY_OF = {word: number for number, words in enumerate(_WEEKDAYS) for word in words.split()}
_SHORT = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}  # most may be other words; see `_FOUND`
_COUNTS = (
    "a an one un une ein eine einer einem una jeden tydzien",
    "two couple dwy dau deux zwei dos dwa",
    "three tair tri trois drei tres trzy",
    "four pedair pedwar quatre vier cuatro cztery",
    "five pum cinq funf cinco piec",
    "six chwe sechs seis szesc",
)
_COUNT_OF = {word: number for number, words in enumerate(_COUNTS, 1) for word in words.split()}


def _either(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_M = rf"(?:{_either(_MONTH_OF)})"
_W = rf"(?:{_either(_WEEKDAY_OF)})"
_WELSH = {"llun", "mawrth", "mercher", "iau", "gwener", "wener", "sadwrn", "sul"}  # stand behind "dydd"
_PLAIN_W = rf"(?:{_either({word: 0 for word in _WEEKDAY_OF if word not in _WELSH})})"
_ORDINAL = r"(?:st|nd|rd|th|er|fed|ydd|eg|ain|af|il|ed|º|ª|-?go)?"
_OF = r"(?:\s?\.?\s{0,4}(?:of\s|de\s|o\s|mis\s)?\s{0,4})"
_YEAR = r"(?:\.?,?\s{{0,4}}(?:de\s|del\s)?\s{{0,4}}(?P<{0}>20\d\d)(?!\d))?"
_RANGE = r"\s?(?:-|–|—|to|until|till|and|au|et|al|a|y|bis|und|do|i|ac|hyd at)\s?"
_BEFORE = rf"(?:d?dydd\s)?(?:(?P<{{0}}>{_W}|mon|tue|wed|thu|sat|sun)[.,]?\s(?:the\s|le\s|den\s|dem\s|dnia\s)?)?"
# Behind these "Mon" is a day; elsewhere it is French for "my".
_CUED = "|".join(
    rf"(?<={word}\s)" for word in ("back", r"back\son", "until", "till", "return", "returning", r"returning\son")
)
_FOUND = re.compile(
    r"(?<![\w.:/+])(?:"
    r"(?P<iso>20\d\d-\d\d?-\d\d?)(?!\d)"
    rf"|{_BEFORE.format('w1')}(?:(?P<from1>\d{{1,2}}){_ORDINAL}\.?{_RANGE})?(?P<day1>\d{{1,2}}){_ORDINAL}{_OF}(?P<month1>{_M})\b"
    rf"{_YEAR.format('year1')}"
    rf"|{_BEFORE.format('w2')}(?P<month2>{_M})\.?\s(?P<day2>\d{{1,2}})(?![\d:]){_ORDINAL}(?:\s?[-–]\s?(?P<to2>\d{{1,2}}){_ORDINAL}(?!\d))?"
    rf"{_YEAR.format('year2')}"
    rf"|{_BEFORE.format('w3')}(?P<day3>\d{{1,2}})(?:[./]\s?(?P<month3>\d{{1,2}})(?:[./]\s?(?P<year3>20\d\d|\d\d))?|-(?P<month4>\d{{1,2}})-(?P<year4>20\d\d))"
    r"(?![\d:]|\s?(?:am|pm|uhr|h|hrs|%)\b)"
    r"|(?P<next1>next|nachste[nrs]?|kommende[nrs]?|this\scoming|coming|w\sprzyszł[yae]|proxim[oa]|w\snastepn[yae])\s"
    rf"(?:(?P<w4>{_PLAIN_W})|(?P<week4>week|woche|semana|tydzien|tygodniu)|(?P<month5>month|monat|mes))\b"
    rf"|(?:d?dydd\s(?P<w5>{_W})|(?P<w6>{_PLAIN_W}))\b(?P<next2>\s(?:nesaf|prochaine?|que\sviene|proximo|week))?"
    rf"|(?:{_CUED})(?P<w7>mon|tue|wed|thu|fri|sat|sun)\b"
    r"|(?P<week5>wythnos\snesaf|semaine\sprochaine|semana\sque\sviene|przyszłym\stygodniu|przyszłego\stygodnia)\b"
    r"|(?P<end>(?:the\s)?end\sof\s(?:the|this)\s(?P<endof>week|month|year)|(?:the\s)?rest\sof\s(?:the|this)\s(?P<restof>week|month|year)"
    r"|(?P<this>this|all|diese|cette|esta)\s(?P<thisof>week|woche|semaine|semana))\b"
    rf"|(?:(?:for|am|pendant|fur|durante|przez)\s(?:the\snext\s|les\s|die\snachsten\s|las\sproximas\s)?|(?P<in>in|mewn|dans|en|za)\s)"
    rf"(?P<count>\d{{1,2}}|{_either(_COUNT_OF)})\s(?:of\s)?(?P<unit>working\sdays?|days?|weeks?|fortnights?|months?|wythnos|mis|diwrnod|jours?"
    r"|semaines?|mois|tage?n?|wochen?|monate?n?|dias?|semanas?|mes(?:es)?|dni|tydzien|tygodnie|tygodni|miesiac\w*)\b"
    rf"|(?:in|until|till|en|fin|im|w|do|hasta|ym|ym\smis|hyd|bis|early|(?P<monthend>end\sof|ende))\s(?P<month6>{_M})\b(?!\s\d\d?(?!\d))"
    rf"{_YEAR.format('year6')}"
    r"|(?P<tomorrow>tomorrow|yfory|demain|manana|jutro|(?<=bis\s)morgen|(?<=ab\s)morgen)\b"
    r"|(?P<today>today|heddiw|aujourd['’]hui|heute|hoy|dzis(?:iaj)?|this\s(?:morning|afternoon|evening))\b"
    r"|(?P<christmas>christmas|nadolig|noel|weihnachten|navidad|swieta(?:ch)?)\b"
    r"|(?P<newyear>new\syear|flwyddyn\snewydd|nouvel\san|neuen?\sjahre?|ano\snuevo|nowym\sroku)\b"
    r"|(?P<easter>easter|pasg|paques|ostern|pascua|wielkanoc\w?)\b"
    r"|(?:the\s|ar\sy\s)?(?P<bare>\d{1,2})(?:st|nd|rd|th|fed|ydd|eg|ain)\b(?!\s?(?:floor|century|place))"
    r"|(?:(?<=jusqu['’]au\s)|(?<=bis\szum\s)|(?<=hasta\sel\s)|(?<=hasta\sel\sdia\s)|(?<=back\son\sthe\s))(?P<bare2>\d{1,2})\b(?![:/.]\d|\s?h\b)"
    r")"
)
_STALE = 60  # days; a date without a year that passed so short a time ago has passed, an older one is next year's
_MOST = 40  # dates of one text


@dataclass(frozen=True, slots=True)
class Written:
    """
    A date as it stands in a text.

    Args:
        start, end: its place in the text.
        first, last: the days that it means; for most dates the same day.
        lasting: it says by itself how long something lasts ("for two weeks"), and needs no word like "until" before it.
        point: a beginning, such as that of a month or a year: "until January" ends before it.
    """

    start: int
    end: int
    first: date
    last: date
    lasting: bool = False
    point: bool = False


def written(text: str, today: date) -> list[Written]:
    """
    The dates in a text, in its order.

    Args:
        text: folded by `folding.plain`, line by line.
        today: the local day on which it was sent; days without a year or a month are the next ones from then on.
    """
    found = []
    for match in _FOUND.finditer(text):
        if match["day3"] == "24" and match["month3"] == "7":
            continue  # "24/7"
        if (one := _meant(match, today)) is not None:
            found.append(one)
        if len(found) == _MOST:
            break
    return found


def _meant(match: re.Match[str], today: date) -> Written | None:
    start, end = match.span()
    start = max(start, match.start("month6"))  # without its preposition, which says what the month is
    for reading in (_dated, _spanned, _of_week):
        if (days := reading(match, today)) is not None:
            first, last, kind = days
            return Written(start, end, first, last, kind == "lasting", kind == "point") if first <= last else None
    return None


Days = tuple[date, date, Literal["day", "lasting", "point"]]


def _dated(match: re.Match[str], today: date) -> Days | None:
    """A date with its day and month, or with its day alone."""
    group = match.groupdict()
    days: list[date | None] = []
    if group["iso"]:
        year, month, day = map(int, group["iso"].split("-"))
        days = [_made(year, month, day)]
    elif group["day1"]:
        days = [_near(int(group["day1"]), _MONTH_OF[group["month1"]], group["year1"], today)]
        if group["from1"] and days[0]:
            days.insert(0, _first_of_range(int(group["from1"]), days[0]))
    elif group["day2"]:
        month = _MONTH_OF[group["month2"]]
        days = [_near(int(one), month, group["year2"], today) for one in (group["day2"], group["to2"]) if one]
    elif group["day3"]:
        day, month = int(group["day3"]), int(group["month3"] or group["month4"])
        written = group["year3"] or group["year4"] or ""
        days = [_british(day, month, f"20{written}" if len(written) == 2 else written, today)]
    elif bare := group["bare"] or group["bare2"]:
        days = [_next_day(int(bare), today)]
    if not days or None in days:
        return None
    first, last = days[0], days[-1]
    assert first is not None  # noqa: S101 - looked at above
    assert last is not None  # noqa: S101
    weekday = group["w1"] or group["w2"] or group["w3"]
    if weekday and first == last:
        first = last = _agreed(last, weekday)
    return first, last, "day"


def _spanned(match: re.Match[str], today: date) -> Days | None:
    """A length of time, a month, or a feast."""
    group = match.groupdict()
    if group["count"]:
        number = int(group["count"]) if group["count"].isdigit() else _COUNT_OF[group["count"]]
        back = _later(today, number, group["unit"])
        return (back, back, "day") if group["in"] else (today, back - timedelta(days=1), "lasting")
    if group["month6"]:
        first = _near(1, _MONTH_OF[group["month6"]], group["year6"], today, stale=0)
        whole = bool(group["monthend"])
        if first is None:
            return None
        return (_month_end(first), _month_end(first), "day") if whole else (first, first, "point")
    if group["christmas"] and (one := _near(26, 12, "", today, stale=0)):
        return one, one, "day"
    if group["newyear"] and (one := _near(1, 1, "", today, stale=0)):
        return one, one, "point"
    if group["easter"]:
        sunday = next(found for year in (today.year, today.year + 1) if (found := easter(year)) >= today)
        return sunday, sunday + timedelta(days=1), "day"
    return None


def _of_week(match: re.Match[str], today: date) -> Days | None:
    """A weekday, a week, today or tomorrow."""
    group, monday = match.groupdict(), today - timedelta(days=today.weekday())
    if group["today"] or group["tomorrow"]:
        day = today + timedelta(days=1 if group["tomorrow"] else 0)
        return day, day, "day"
    if word := group["w4"] or group["w5"] or group["w6"] or group["w7"]:
        number = _WEEKDAY_OF[word] if word in _WEEKDAY_OF else _SHORT[word]
        # The later reading of "next Friday", said on a Monday, is the one of the following week.
        ahead = (number - today.weekday() - 1) % 7 + 1
        days = 7 + number if group["next1"] in ("next", "nachsten") or group["next2"] else today.weekday() + ahead
        day = monday + timedelta(days=days)
        return day, day, "day"
    if group["week4"] or group["week5"]:
        return monday + timedelta(days=7), monday + timedelta(days=11), "day"
    if group["month5"]:
        first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first, _month_end(first), "day"
    what = group["endof"] or group["restof"] or group["thisof"]
    if what in ("month", "year"):
        last = _month_end(today if what == "month" else date(today.year, 12, 1))
        return (today if group["restof"] else last), last, "lasting" if group["restof"] else "day"
    if what:
        friday = max(monday + timedelta(days=4), today)
        return (friday, friday, "day") if group["endof"] else (today, friday, "lasting")
    return None


def _near(day: int, month: int, year: str | None, today: date, stale: int = _STALE) -> date | None:
    """That day of this year, or of the next if it passed long ago."""
    if year:
        return _made(int(year), month, day)
    this = _made(today.year, month, day)
    if this is not None and this >= today - timedelta(days=stale):
        return this
    return _made(today.year + 1, month, day)


def _british(day: int, month: int, year: str, today: date) -> date | None:
    """Day and month in the British order, unless only the American one is a day that is not long past."""
    british, american = _near(day, month, year, today), _near(month, day, year, today)
    past = british is None or british < today - timedelta(days=_STALE)
    return american if past and american is not None and american >= today else british


def _next_day(day: int, today: date) -> date | None:
    """The next day of a month with that number."""
    for ahead in range(3):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        found = _made(year, month + 1, day)
        if found is not None and found >= today:
            return found
    return None


def _first_of_range(day: int, last: date) -> date | None:
    return last.replace(day=day) if 1 <= day <= last.day else None


def _agreed(day: date, weekday: str) -> date:
    """The day; where its weekday is another one, the later of the two that may be meant ("Monday 6 December", a Sunday)."""
    number = _WEEKDAY_OF.get(weekday, _SHORT.get(weekday, day.weekday()))
    ahead = (number - day.weekday()) % 7
    return day + timedelta(days=ahead) if ahead <= 3 else day


def _later(today: date, number: int, unit: str) -> date:
    if unit.startswith("working"):
        day = today
        while number:
            day += timedelta(days=1)
            number -= day.weekday() < 5
        return day
    if unit.startswith(("month", "mis", "mois", "monat", "mes", "miesi")):
        year, month = divmod(today.year * 12 + today.month - 1 + number, 12)
        return _made(year, month + 1, min(today.day, 28)) or today
    if unit.startswith("fortnight"):
        return today + timedelta(days=14 * number)
    weeks = unit.startswith(("week", "wythnos", "semain", "semana", "woche", "tyd", "tyg"))
    return today + timedelta(days=number * (7 if weeks else 1))


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def between(text: str, found: list[Written]) -> Iterator[tuple[Written, str, str]]:
    """Each date with the words before it and after it, as far as the dates beside it."""
    for number, one in enumerate(found):
        begin = found[number - 1].end if number else 0
        finish = found[number + 1].start if number + 1 < len(found) else len(text)
        yield one, text[begin : one.start], text[one.end : finish]
