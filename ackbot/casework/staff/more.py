"""The date behind MORE, which the resident is promised, and the words that come with it (behaviour.md §4.3, E88)."""

from datetime import date, timedelta

from ackbot.casework import dates
from ackbot.casework.intents import Intent
from ackbot.casework.staff.request import Request, ask_for_line


def read(request: Request) -> tuple[date, str] | list[Intent]:
    """
    The date that was named, and the words behind it, "" for none.

    Returns:
        The question to the writer instead, with the one line to write, if the date cannot be read for sure; or if it is a day on
        which nobody works, so that the resident is promised the next one, and the words point at the day that was named.
    """
    text, today, calendar = request.reading.text, request.desk.today, request.inbox.calendar
    found = dates.promised(text, today)
    if found is None:
        example = calendar.first_working_day(today + timedelta(days=7))
        return ask_for_line(request, "The date behind MORE could not be read with certainty.", _line(example))
    named, words = found[0], text[found[1] :].lstrip(" \t\n:.,;-–—").rstrip()
    told = calendar.first_working_day(named)
    if told != named and (leaning := dates.leans_on(words, named)):
        moved = f"Nobody works on {_day(named)}, so {_day(told)} would be promised, and your words say “{leaning}”."
        return ask_for_line(request, moved, _line(told))
    return named, words


def _line(day: date) -> str:
    return f"MORE {day.day} {day:%B}: and why"


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"
