"""Makes reports from the store, and mails them at the end of each of their periods to those whom the council names."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Council
from ackbot.casework.drafts import to_admin
from ackbot.casework.office import Office
from ackbot.mail.addresses import key_of
from ackbot.report import figures, page, periods, words
from ackbot.report.figures import Report
from ackbot.report.periods import Period
from ackbot.store import Database, daily, measures
from ackbot.work.apply import apply, office_at

_ROUND = "report"
_APRIL = 4  # financial years begin with it, and so do reports about several months


def made(
    db: Database,
    office: Office,
    period: Period,
    now: datetime,
    *,
    service: str = "",
    names: bool = False,
    teams: Sequence[str] = (),
) -> Report:
    """A report of a period, as things stand at `now`; see `figures.report`."""
    council = office_at(office, db, now).council
    rows = measures.read(db, *figures.bounds(figures.span(period), council))
    load = measures.load(db)
    return figures.report(rows, load, council, period, now, service=service, names=names, teams=teams)


class Reporting:
    """Mails a report about the last whole months to the admin and to those in [report] to, once for each of its periods."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office

    def run(self, now: datetime) -> int:
        """Mail the report that is due now, if one is. Returns how many mails were put into the outbox."""
        council = self._office.council
        first = council.calendar.local_day(now).replace(day=1)
        if not council.report.to or (first.month - _APRIL) % council.report.months:
            return 0
        opens = council.calendar.at(council.calendar.first_working_day(first), council.digest_at)
        if now < opens or daily.was_done(self._db, _ROUND, first):
            return 0
        period = periods.months(first, council.report.months)
        # It is counted before the transaction, which nobody else could write in meanwhile.
        values = {teams: self._values(period, teams, now) for _, teams in readers(council)}
        with self._db.transaction():
            if not daily.begin(self._db, _ROUND, first, now) or not values[()]["counted"]:
                return 0
            desk = self._office.desk(now)
            sends = [
                to_admin.about(
                    desk,
                    _ROUND,
                    keys.report(key_of(address), first),
                    {**values[()], "teams": values[teams]["teams"]},
                    why="the report of the last months",
                    recipient=address,
                )
                for address, teams in readers(council)
            ]
            return apply(self._db, sends, desk)

    def _values(self, period: Period, teams: tuple[str, ...], now: datetime) -> dict[str, Any]:
        """What a mail says: of all, or for a manager of each of their teams."""

        def counted(*some: str) -> Report:
            return made(self._db, self._office, period, now, names=True, teams=some)

        if teams:
            return {"teams": [{"name": team, "short": page.in_short(counted(team))} for team in teams]}
        report = counted()
        letters = report.figure("", figures.ALL, figures.LETTERS.name)
        return {
            "counted": letters is not None and letters.count,
            "period": words.days(period),
            "short": page.in_short(report),
            "changes_title": page.changes_title(report),
            "changes": page.changes(report),
            "teams": [],
            "first": _text(period.first),
            "last": _text(period.last),
        }


def _text(day: date) -> str:
    return day.isoformat()


def readers(council: Council) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The address of everybody who gets the report, once each, the admin first, with the teams that they manage."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {key_of(council.admin): (council.admin, ())}
    for reader in council.report.to:
        person = council.staff.get(reader) or council.staff_at(key_of(reader))
        address = person.email if person else reader
        teams = tuple(team.name for team in council.teams.values() if person and team.manager == person.id)
        found.setdefault(key_of(address), (address, teams))
    yield from found.values()
