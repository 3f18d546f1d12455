"""A council for the laboratory of weeks: its configuration, its residents' letters, and what its staff do with what they get."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.support.letters import letter, parsed, plain
from tests.support.story import answer

LONDON = ZoneInfo("Europe/London")
WEEK = {"all": range(5), "Mon-Wed": range(3), "Tue-Thu": range(1, 4), "Wed-Fri": range(2, 5)}
DAYS = {"all": "Mon-Fri", "Mon-Wed": "Mon-Wed", "Tue-Thu": "Tue-Thu", "Wed-Fri": "Wed-Fri"}


@dataclass(frozen=True)
class Officer:
    """A member of staff: when they work, who covers them, how they are."""

    id: str
    name: str
    team: str
    week: str = "all"
    cover: str = ""
    manager: str = ""
    left: date | None = None
    prompt: float = 0.7  # how likely they write before the date


@dataclass
class Town:
    """One run: who works there, who is away, what is closed, and what residents wrote."""

    first: date
    last: date
    closed: frozenset[date]  # bank holidays and days of the council
    away: list[tuple[str, date, date]]  # staff id, first day, first day back: in the configuration
    officers: tuple[Officer, ...]
    count: int
    seed: int
    said_away: list[tuple[str, date, date]] = field(default_factory=list)  # by AWAY, as it was sent

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.by_id = {one.id: one for one in self.officers}
        self.by_name = {one.name: one for one in self.officers}

    def is_open(self, day: date) -> bool:
        """Whether the council works on a day."""
        return day.weekday() < 5 and day not in self.closed

    def works(self, person: str, day: date) -> bool:
        """Whether somebody is at work on a day, as far as anybody was told."""
        one = self.by_id[person]
        return (
            self.is_open(day)
            and day.weekday() in WEEK[one.week]
            and not (one.left and day >= one.left)
            and not any(who == person and begin <= day < back for who, begin, back in (*self.away, *self.said_away))
        )

    def configuration(self, folder: Path, imap: int, smtp: int) -> Path:
        """Write it, and return its path."""
        staff = "".join(
            f'[[staff]]\nid = "{one.id}"\nname = "{one.name}"\nemail = "{one.id}@northgate.example"\n'
            f'working_hours = "{DAYS[one.week]} 09:00-17:00"\n'
            + (f'cover = "{one.cover}"\n' if one.cover else "")
            + (f'manager = "{one.manager}"\n' if one.manager else "")
            + (f"left = {one.left}\n" if one.left else "")
            for one in self.officers
        )
        absences = "".join(
            f'[[absence]]\nstaff = "{who}"\nfrom = {begin}\nuntil = {back}\n' for who, begin, back in self.away
        )
        teams = sorted({one.team for one in self.officers if one.team})
        inboxes = "".join(_INBOX.format(name=name, title=name.title(), imap=imap) for name in teams)
        members = "".join(
            f'[[team]]\nname = "{name}"\nmembers = {[one.id for one in self.officers if one.team == name]}\nmanager = "{_MANAGERS[name]}"\n'
            for name in teams
        )
        closed = ", ".join(str(day) for day in sorted(self.closed) if day.weekday() < 5)
        (folder / "secret").write_text("a secret of the weeks, long enough for everybody here\n")
        (folder / "secret").chmod(0o600)
        path = folder / "ackbot.toml"
        path.write_text(_COUNCIL.format(closed=closed, smtp=smtp) + inboxes + members + staff + absences)
        return path


_MANAGERS = {"housing": "alex", "streets": "beth", "planning": "alex"}
_COUNCIL = """
[council]
name = "Royal Borough of Northgate"
domains = ["northgate.example"]
admin = "admins@northgate.example"
head_of_service = "director@northgate.example"
secret_file = "secret"
[calendar]
closed_on = [{closed}]
[store]
url = "sqlite:///ackbot.db"
[limits]
brake = ""
[urgent]
to = ["duty"]
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
per_minute = 0
per_day = 0
[[standard]]
name = "enquiry"
name_owner_within = "1 working day"
update_every = "5 working days"
answer_within = "10 working days"
"""
_INBOX = """
[[inbox]]
name = "{name}"
address = "{name}@northgate.example"
service = "{title}"
phone = "020 7946 0001"
team = "{name}"
mode = "live"
plus_addressing = true
authserv_id = "mx.northgate.example"
host = "127.0.0.1"
port = {imap}
security = "none"
username = "{name}"
password_env = "ACKBOT_TEST_PASSWORD"
watch = "poll"
poll_every = "200 ms"
"""

OFFICERS = (
    Officer("priya", "Priya Shah", "housing", cover="sam", manager="alex"),
    Officer("sam", "Sam Jones", "housing", week="Mon-Wed", cover="priya", manager="alex"),
    Officer("nora", "Nora Quinn", "housing", manager="alex", prompt=0.3),
    Officer("kofi", "Kofi Mensah", "streets", cover="lena", manager="beth"),
    Officer("lena", "Lena Wolf", "streets", week="Tue-Thu", cover="kofi", manager="beth"),
    Officer("omar", "Omar Haddad", "streets", manager="beth", prompt=0.5),
    Officer("eva", "Eva Novak", "planning", cover="finn", manager="alex"),
    Officer("finn", "Finn Doyle", "planning", week="Wed-Fri", manager="alex", prompt=0.4),
    Officer("gita", "Gita Rao", "planning", manager="alex"),
    Officer("alex", "Alex Reid", "", manager=""),
    Officer("beth", "Beth Moore", "", cover="alex"),
    Officer("duty", "Duty Officer", ""),
)
_FIRST = [
    "Anna",
    "Bela",
    "Cato",
    "Dora",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jill",
    "Karl",
    "Lea",
    "Max",
    "Nell",
    "Otto",
    "Pia",
    "Rosa",
    "Stan",
    "Tess",
    "Uma",
    "Vic",
    "Wen",
    "Yara",
    "Zoe",
]
_LAST = [
    "Ash",
    "Birch",
    "Cole",
    "Dean",
    "Elm",
    "Ford",
    "Gray",
    "Hale",
    "Ives",
    "Kerr",
    "Lane",
    "Marsh",
    "Nash",
    "Oak",
    "Pole",
    "Reed",
    "Stone",
    "Vale",
    "Wood",
    "York",
]
_MATTERS = {
    "housing": [
        "Damp in the bedroom",
        "Front door key",
        "Rent statement",
        "Window will not shut",
        "Swapping flats",
        "Lift stops",
    ],
    "streets": [
        "Missed bin",
        "Pothole in Mill Lane",
        "Street light out",
        "Blocked drain",
        "Dog mess",
        "Parking permit",
    ],
    "planning": ["Extension next door", "Tree in our garden", "Shop sign", "Plans of the new school", "Garage height"],
}
_ANSWERS = (
    "We looked at this today and it is now in hand. The work was finished this morning, and I checked it myself.",
    "I have been through your file, and you are right. The corrected letter is in the post to you today.",
    "A colleague came out yesterday and put it right. Please tell me if you see anything else.",
)


@dataclass(frozen=True)
class Letter:
    """What a resident wrote, and when."""

    at: datetime
    inbox: str
    address: str
    name: str
    message_id: str
    raw: bytes
    opens: bool  # a first letter, which is acknowledged
    quiet: bool = False  # only stored: thanks


def letters(town: Town) -> list[Letter]:
    """The first letters, in the order of their writing: most in working hours, some at night, at weekends and on holidays."""
    rng, found = town.random, []
    span = (town.last - town.first).days - 11  # the last ones still have time for their dates
    for number in range(town.count):
        day = town.first + timedelta(days=rng.randrange(span))
        hour = rng.choice((7, 9, 10, 11, 12, 14, 16, 17, 19, 22))
        at = datetime.combine(day, time(hour, rng.randrange(60)), LONDON)
        inbox = rng.choice(sorted(_MATTERS))
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}"
        address = f"r{number}@resident.example"
        matter = rng.choice(_MATTERS[inbox])
        words = f"Please could somebody look at this: {matter.lower()}, at number {number + 3}. It has been so for a week.\n\n{name}\n"
        found.append(
            written(at, inbox, name, address, f"{matter}, number {number + 3}", words, f"l{number}", opens=True)
        )
    return sorted(found, key=lambda one: one.at)


def written(
    at: datetime,
    inbox: str,
    name: str,
    address: str,
    subject: str,
    words: str,
    mark: str,
    *,
    opens: bool,
    to: str = "",
    **headers: str,
) -> Letter:
    """A resident's mail."""
    message_id = f"<{mark}@resident.example>"
    raw = letter(
        sender=f"{name} <{address}>",
        to=to or f"{inbox}@northgate.example",
        subject=subject,
        text=words,
        message_id=message_id,
        date=f"{at.astimezone(LONDON):%a, %d %b %Y %H:%M:%S %z}",
        Authentication_Results="mx.northgate.example; dmarc=pass header.from=resident.example",
        **headers,
    )
    return Letter(at, inbox, address, name, message_id, raw, opens)


@dataclass(frozen=True)
class Reply:
    """What a member of staff is going to write: `text` in answer to the mail, at that instant, if they are at work then."""

    at: datetime
    person: str
    mail: bytes
    text: str


class Staff:
    """What staff do with their mails: most answer, some put it off, some say nothing until somebody else has to."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.plans: list[Reply] = []

    def got(self, person: str, content: bytes, at: datetime) -> None:
        """A mail reached somebody: plan what they do."""
        subject, text, rng = str(parsed(content)["Subject"]), plain(content), self.town.random
        if "this is yours" in text.replace("\n", " "):
            resident = self._resident(content)
            if rng.random() > self.town.by_id[person].prompt:
                return
            when = self._own_day(person, at, rng.choice((0, 1, 1, 2, 3)))
            kind = rng.random()
            if kind < 0.65:
                self._plan(
                    when,
                    person,
                    content,
                    f"Dear {resident},\n\n{rng.choice(_ANSWERS)}\n\nKind regards\n{person.title()}",
                )
            elif kind < 0.8:
                self._plan(
                    when, person, content, f"UPDATE Dear {resident}, we have asked the contractor, and wait for a day."
                )
            elif kind < 0.9:
                later = self._own_day(person, when, 6).date()
                self._plan(when, person, content, f"MORE {later:%-d %B}: the part has to be ordered")
            else:
                self._plan(when, person, content, "NOTE the contractor has it")
        elif (
            subject.startswith(("Overdue", "Due today"))
            and "RESIDENT" in str(parsed(content)["Reply-To"])
            and rng.random() < 0.5
        ):
            when = self._own_day(person, at, 0)
            self._plan(
                when, person, content, f"Dear {self._resident(content)},\n\n{rng.choice(_ANSWERS)}\n\n{person.title()}"
            )

    def _resident(self, content: bytes) -> str:
        """The first name of the resident, from the subject or sender of the mail."""
        return re.split(r" via | ", parseaddr(str(parsed(content)["From"]))[0].strip('"'))[0]

    def _own_day(self, person: str, after: datetime, days: int) -> datetime:
        """At half past eleven or two of the so-manieth own working day."""
        day = after.astimezone(LONDON).date()
        late = after.astimezone(LONDON).time() > time(11, 30)
        left = days + (1 if days == 0 and late else 0)
        while left or not self.town.works(person, day):
            day += timedelta(days=1)
            if self.town.works(person, day):
                left = max(0, left - 1)
            if day > self.town.last + timedelta(days=60):
                break
        return datetime.combine(day, time(11, 30), LONDON)

    def _plan(self, when: datetime, person: str, content: bytes, text: str) -> None:
        self.plans.append(Reply(when, person, content, text))

    def due(self, until: datetime) -> list[tuple[str, bytes, datetime]]:
        """The replies that are written up to an instant: inbox, bytes, when. Whoever is away by then does not write."""
        now = [one for one in self.plans if one.at <= until]
        self.plans = [one for one in self.plans if one.at > until]
        found = []
        for one in now:
            if self.town.works(one.person, one.at.astimezone(LONDON).date()):
                raw = answer(
                    one.mail,
                    one.text,
                    f"{self.town.by_id[one.person].name} <{one.person}@northgate.example>",
                    when=one.at,
                )
                to = parseaddr(str(parsed(raw)["To"]))[1]
                found.append((re.split(r"[+@]", to)[0], raw, one.at))
        return found


EASTER: Mapping[str, frozenset[date]] = {
    "Christmas": frozenset(
        {
            date(2026, 12, 25),
            date(2026, 12, 28),
            date(2026, 12, 29),
            date(2026, 12, 30),
            date(2026, 12, 31),
            date(2027, 1, 1),
        }
    ),
    "Easter": frozenset({date(2027, 3, 26), date(2027, 3, 29)}),
}


def instant(day: date, at: str) -> datetime:
    """A day and a time of day in London, UTC."""
    return datetime.combine(day, time.fromisoformat(at), LONDON).astimezone(UTC)
