"""
Replays the mails of some months with their own dates, through the daemon's own path and into a throw-away store.

Nothing is sent, and the council's store is not touched. What it cannot know is what staff did. Unless their Sent folder is
given, nobody answers, so it counts the dates that would have been promised, and not what would have become of them. With it
the days between the mails are gone through too: digests, reminders, "no news", "settled?", cover for those who were away.
"""

import mailbox
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ackbot.casework.clocks import due
from ackbot.casework.council import Council
from ackbot.casework.model import Arrival
from ackbot.casework.office import Office
from ackbot.mail.message import Message
from ackbot.report.simulated import Rehearsed
from ackbot.store import Database, open_database, rehearsed
from ackbot.store.database import instant_of
from ackbot.work.absences import Absences
from ackbot.work.intake import Intake
from ackbot.work.promises import OVERDUE_AT, Promises

Policy = Literal["least-loaded", "round-robin"]
POLICIES: tuple[Policy, ...] = ("least-loaded", "round-robin")
_HEAD = 256_000  # octets that are read of a mail to find its date
_EVENING = time(16, 30)  # near the end of a working day, for what waits for a free hour of its resident
_SENT = "Sent"  # the folder of staff's answers, where the configuration names none


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A mail of the past: when it came, whether it lay in a Sent folder, and where it lies now. It is read when its turn comes."""

    at: datetime
    sent: bool
    path: str
    key: int = -1  # of a mail in an mbox file

    def read(self, boxes: Mapping[str, mailbox.mbox]) -> bytes:
        """Its bytes."""
        if self.path in boxes:
            return bytes(boxes[self.path].get_bytes(self.key))  # type: ignore[arg-type]
        return Path(self.path).read_bytes()


def rehearse(
    place: Path, office: Office, since: date | None, sent: Path | None, policies: Sequence[Policy]
) -> Rehearsed:
    """
    Replay what lies at a place: a Maildir, an mbox file, or a folder of mails, one in each file.

    Args:
        since: leave out what came before this day of the council; None for nothing.
        sent: the Sent folder of staff, in any of these forms; None if it is not known.
        policies: how cases are given to people: the mails are replayed once with each. The first one is told of.

    Raises:
        OSError: a mail cannot be read.
    """
    boxes: dict[str, mailbox.mbox] = {}
    try:
        dated = [*_found(place, boxes, sent=False), *(_found(sent, boxes, sent=True) if sent else ())]
        calendar = office.council.calendar
        some = sorted(
            one for one in dated if one is not None and (since is None or calendar.local_day(one.at) >= since)
        )
        replays = {policy: _replayed(some, boxes, _with(office, policy), days=bool(sent)) for policy in policies}
    finally:
        for box in boxes.values():
            box.close()
    told = replays[policies[0]]
    dates = [calendar.local_day(one.at) for one in some]
    load: dict[str, Mapping[str, int]] = {policy: one["owners"] for policy, one in replays.items()}
    return Rehearsed(
        first=min(dates, default=None),
        last=max(dates, default=None),
        mails=len(some),
        undated=sum(one is None for one in dated),
        load=load,
        answers_known=sent is not None,
        **{name: value for name, value in told.items() if name != "owners"},
    )


def _found(place: Path, boxes: dict[str, mailbox.mbox], *, sent: bool) -> Iterator[Found | None]:
    """Every mail at a place; None for each without a date."""
    if place.is_file():
        boxes[str(place)] = box = mailbox.mbox(place, create=False)
        for key in box.iterkeys():
            at = _came(box.get_bytes(key)[:_HEAD])
            yield Found(at, sent, str(place), int(key)) if at else None
        return
    folders = [place / name for name in ("cur", "new")] if (place / "cur").is_dir() else [place]
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as file:
                at = _came(file.read(_HEAD))
            yield Found(at, sent, str(path)) if at else None


def _came(head: bytes) -> datetime | None:
    """When a mail came, as its own header fields tell, UTC."""
    message = Message.unreadable(head)
    at = message.received_at or message.sent_at
    return at.astimezone(UTC) if at else None


def _with(office: Office, policy: Policy) -> Office:
    """The office with all inboxes live, each with a Sent folder, and with one way to give out cases."""
    council: Council = office.council
    inboxes = {
        name: replace(one, mode="live", sent_folder=one.sent_folder or _SENT) for name, one in council.inboxes.items()
    }
    teams = {name: replace(one, assign=policy) for name, one in council.teams.items()}
    rehearsing = replace(council, inboxes=MappingProxyType(inboxes), teams=MappingProxyType(teams))
    return replace(office, council=rehearsing)


def _replayed(
    some: Sequence[Found], boxes: Mapping[str, mailbox.mbox], office: Office, *, days: bool
) -> dict[str, Any]:
    """Replay the mails with one configuration; with `days`, what falls due between them too."""
    with tempfile.TemporaryDirectory(prefix="ackbot-simulate-") as folder:
        db = open_database(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
        try:
            db.migrate()
            intake, rounds = Intake(db, office), (Absences(db, office), Promises(db, office))
            before = some[0].at if some else None
            for uid, one in enumerate(some, 1):
                for now in _hours(before, one.at, office.council) if days and before else ():
                    for round_ in rounds:
                        round_.run(now)
                    rehearsed.gone_out(db)
                before = one.at
                raw = one.read(boxes)
                inbox = _inbox(raw, office)
                name = inbox if not one.sent else _sender_inbox(raw, office)
                at_folder = office.council.inboxes[name].sent_folder if one.sent else "INBOX"
                intake.take(raw, Arrival(name, one.at, at_folder, uidvalidity=1, uid=uid, size=len(raw)), one.at)
                rehearsed.gone_out(db)
            return _counted(db, office.council)
        finally:
            db.close()


def _hours(after: datetime, until: datetime, council: Council) -> Iterator[datetime]:
    """When rounds have something to do, after one instant and until another: a few times on each day of the council, UTC."""
    calendar = council.calendar
    hours = sorted({time(0, 1), time(9, 1), council.digest_at, OVERDUE_AT, due.AT, _EVENING})
    for n in range((calendar.local_day(until) - calendar.local_day(after)).days + 1):
        day = calendar.local_day(after) + timedelta(days=n)
        yield from (now for hour in hours if after < (now := calendar.at(day, hour)) <= until)


def _inbox(raw: bytes, office: Office) -> str:
    message = Message.unreadable(raw[:_HEAD])
    for one in (*message.to, *message.cc):
        if found := office.council.inbox_at(one.key):
            return found.name
    return office.council.first_inbox.name


def _sender_inbox(raw: bytes, office: Office) -> str:
    """The inbox in whose Sent folder a mail lay: its author's own, or one that its author answers."""
    author = Message.unreadable(raw[:_HEAD]).author
    council = office.council
    if author is not None and (own := council.inbox_at(author.key)):
        return own.name
    person = council.staff_at(author.key) if author is not None else None
    return council.inboxes_of(person)[0].name if person else council.first_inbox.name


def _counted(db: Database, council: Council) -> dict[str, Any]:
    outcomes: Counter[str] = Counter()
    not_answered: Counter[str] = Counter()
    answered = 0
    for row in rehearsed.answers(db):
        outcomes[row["outcome"]] += row["n"]
        if row["acknowledged"]:
            answered += row["n"]
        else:
            not_answered[row["why"]] += row["n"]
    day = council.calendar.local_day
    promised: dict[date, tuple[int, int]] = {}
    for row in rehearsed.promises(db):
        week = _monday(date.fromisoformat(row["promised_on"]))
        n, kept = promised.get(week, (0, 0))
        promised[week] = (n + row["n"], kept + row["kept"])
    # What comes at a weekend is read on Monday.
    read_on = council.calendar.first_working_day
    mails = Counter((row["staff"], read_on(day(instant_of(row["created_at"])))) for row in rehearsed.staff_mails(db))
    days = {on for _, on in mails}
    working = sum(council.calendar.is_working_day(on) for on in _span(days)) or 1
    per_day = {
        person: (
            sum(n for (who, _), n in mails.items() if who == person) / working,
            max(n for (who, _), n in mails.items() if who == person),
        )
        for person in sorted({person for person, _ in mails})
    }
    return {
        "unreadable": rehearsed.unreadable(db),
        "outcomes": dict(outcomes),
        "answered": answered,
        "not_answered": dict(not_answered.most_common()),
        "alarms": dict(Counter(_monday(day(instant_of(row["started_at"]))) for row in rehearsed.alarms(db))),
        "promised": promised,
        "owners": {row["owner"]: row["n"] for row in rehearsed.owners(db)},
        "per_day": per_day,
        "unasked": {row["kind"]: row["n"] for row in rehearsed.unasked(db)},
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _span(days: set[date]) -> Iterator[date]:
    if days:
        for n in range((max(days) - min(days)).days + 1):
            yield min(days) + timedelta(days=n)
