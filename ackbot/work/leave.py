"""Calendars of leave become absences: fetched every half hour beside the rounds, the last good copy kept (domain.md §10)."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ackbot.casework import keys
from ackbot.casework.council import CALENDAR, Absence
from ackbot.casework.drafts import to_admin
from ackbot.casework.office import Desk, Office
from ackbot.store import Database, calendars, told_absences
from ackbot.store.calendars import Copy
from ackbot.wires import ical
from ackbot.wires.ical import CalendarProblem, Fetched
from ackbot.work.apply import apply

EVERY = timedelta(minutes=30)
_AHEAD = timedelta(days=400)  # further leave is read when it is nearer
_BEHIND = timedelta(days=31)  # leave that runs has begun earlier


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one attempt; `problem` is "" for success."""

    fetched: Fetched | None
    problem: str = ""


class Leave:
    """
    Fetches the calendars in a thread of its own, so that no round waits for a server, and records what they say.

    A round starts the thread, and a later round takes what it brought.
    """

    def __init__(self, db: Database, office: Office, places: Mapping[str, str]) -> None:
        """
        Args:
            places: by staff id, an https address or the path of a file.
        """
        self._db = db
        self._office = office
        self._places = places
        self._thread: threading.Thread | None = None
        self._results: dict[str, _Result] = {}
        self._begun_at: datetime | None = None  # when the thread was started
        self._cleared = False  # calendars that are no longer configured were forgotten

    def run(self, now: datetime) -> int:
        """
        Record what the thread brought, and start it again for what is due.

        Returns:
            How many mails were put into the outbox to go out.
        """
        if not self._cleared:
            with self._db.transaction():
                calendars.only(self._db, self._places, now)
            self._cleared = True
        if not self._places or (self._thread is not None and self._thread.is_alive()):
            return 0
        results, self._results, self._thread = self._results, {}, None
        queued = self._record(results, self._begun_at or now, now) if results else 0
        copies = calendars.copies(self._db)
        due = {staff: place for staff, place in self._places.items() if _due(copies.get(staff), place, now)}
        if due:
            etags = {one: copies[one].etag for one in due if one in copies and copies[one].place == due[one]}
            self._begun_at = now
            self._thread = threading.Thread(target=self._fetch, args=(due, etags), name="calendars", daemon=True)
            self._thread.start()
        return queued

    def wait(self, seconds: float) -> None:
        """Wait until what was started is fetched; for tests and `check`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _fetch(self, due: Mapping[str, str], etags: Mapping[str, str]) -> None:
        for staff, place in due.items():
            try:
                self._results[staff] = _Result(ical.fetch(place, etags.get(staff, "")))
            except CalendarProblem as problem:
                self._results[staff] = _Result(None, str(problem))

    def _record(self, results: Mapping[str, _Result], tried_at: datetime, now: datetime) -> int:
        desk = self._office.desk(now)
        failing: dict[str, list[tuple[str, str]]] = {}
        for staff, result in results.items():
            with self._db.transaction():
                before = calendars.copies(self._db).get(staff)
                place = self._places[staff]
                old = before if before and before.place == place else Copy(place, "", "", tried_at, "")
                copy = _copied(old, result, tried_at)
                try:
                    self._said(staff, copy, desk)
                except CalendarProblem as problem:
                    copy = replace(old, tried_at=tried_at, failing=str(problem))  # the last good copy still holds
                calendars.keep(self._db, staff, copy)
            if copy.failing and not (before and before.failing):
                failing.setdefault(_host(copy.place), []).append((staff, copy.failing))
        return sum(self._told(host, some, desk) for host, some in failing.items())

    def _said(self, staff: str, copy: Copy, desk: Desk) -> None:
        """Record what the copy says of the days ahead. While there is no copy, nothing is known and nothing changes."""
        if not copy.content:
            return
        zone = desk.council.calendar.timezone
        found = ical.periods(copy.content.encode(), zone, desk.today - _BEHIND, desk.today + _AHEAD)
        absences = [Absence(staff, start, end, source=CALENDAR) for start, end in found if end > desk.now]
        told_absences.of_calendar(self._db, staff, absences, desk.now)

    def _told(self, host: str, some: list[tuple[str, str]], desk: Desk) -> int:
        """Tell the admin of calendars that have begun to fail, those of one server in one mail."""
        people = [(desk.council.staff[staff].name, reason) for staff, reason in some if staff in desk.council.staff]
        values = {"where": host, "people": people}
        key = keys.trouble("calendar", host, desk.today)
        with self._db.transaction():
            return apply(self._db, [to_admin.about(desk, "calendar", key, values, why="a calendar fails")], desk)


def _copied(old: Copy, result: _Result, tried_at: datetime) -> Copy:
    copy = replace(old, tried_at=tried_at, failing=result.problem)
    if result.fetched is None or result.fetched.content is None:
        return copy
    return replace(copy, content=result.fetched.content.decode("utf-8", "replace"), etag=result.fetched.etag)


def _due(copy: Copy | None, place: str, now: datetime) -> bool:
    # A clock that was set back must not keep us waiting.
    return copy is None or copy.place != place or not now - EVERY < copy.tried_at <= now


def _host(place: str) -> str:
    """Where a calendar is, without what may be secret in its address."""
    return urlsplit(place).hostname or place if place.startswith("https://") else place
