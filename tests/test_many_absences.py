"""Weeks in which everybody comes and goes, and nobody writes: what one resident reads of names and dates, from the mails alone."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from ackbot.casework.cover import is_at_work, works_on
from ackbot.store.database import instant_of
from tests.support.letters import letter, plain
from tests.support.story import Story

TEAM = ("priya", "sam", "kofi", "lena")
NAMES = {"Priya Shah": "priya", "Sam Jones": "sam", "Kofi Mensah": "kofi", "Lena Wolf": "lena", "Alex Reid": "alex"}
WEEKS = ("Mon-Wed 09:00-17:00", "Wed-Fri 09:00-17:00", "Mon, Thu 09:00-17:00")
FIRST, LAST = date(2026, 11, 30), date(2026, 12, 24)
_NAME = r"(\w+ \w+)"
# Every sentence in which a mail says who has the letter; those of the second line tell of a change.
_HAS = re.compile(rf"{_NAME} in Housing has your email")
_CHANGED = re.compile(
    rf"{_NAME} in Housing now has your email|and {_NAME} now has your email|{_NAME} is back and has|{_NAME} now has your"
)
_ASKED = re.compile(r"We have asked (\w+) again")
_BY = re.compile(r"(?:write to you|hear from us again) by \w+ (\d+ \w+)")


@dataclass(frozen=True)
class Read:
    """One mail as the resident reads it: when, the person who has it by then, whether it says that this is new, the date it tells."""

    kind: str
    at: datetime
    name: str
    said: bool
    asked: str
    by: date | None


def council(seed: int) -> tuple[list[tuple[str, str]], int]:
    """Changes of the file: part-timers, a leaver, absences that overlap, with covers who cover each other; and how many there are."""
    dice = random.Random(seed)
    changes = [
        ('members = ["priya", "sam"]', f"members = {list(TEAM)!r}".replace("'", '"')),
        ('members = ["kofi", "lena"]', "members = []"),
    ]
    for staff in dice.sample(TEAM, dice.randint(0, 2)):
        changes.append((f'id = "{staff}"\n', f'id = "{staff}"\nworking_hours = "{dice.choice(WEEKS)}"\n'))
    leaver = dice.choice(TEAM) if dice.random() < 0.4 else ""
    tables = []
    for staff in dice.sample(TEAM, dice.randint(2, 4)):
        for _ in range(dice.randint(1, 2)):
            start = FIRST + timedelta(days=dice.randint(1, 22))
            until = start + timedelta(days=dice.randint(1, 9))
            cover = dice.choice([one for one in TEAM if one != staff])
            tables.append(f'\n[[absence]]\nstaff = "{staff}"\nfrom = {start}\nuntil = {until}\ncover = "{cover}"\n')
    changes.append(("# end", "# end\n" + "".join(tables)))
    if leaver:
        day = FIRST + timedelta(days=dice.randint(3, 20))
        old = (
            next(new for old, new in changes if new.startswith(f'id = "{leaver}"'))
            if any(new.startswith(f'id = "{leaver}"') for _, new in changes)
            else f'id = "{leaver}"\n'
        )
        changes = [one for one in changes if one[1] != old]
        changes.append((f'id = "{leaver}"\n', f"{old}left = {day}\n"))
    return changes, len(tables) + bool(leaver)


def read(story: Story) -> Iterator[Read]:
    """What the resident reads, mail by mail."""
    name = ""
    for row in story.outbox(to="edward@resident.example"):
        if row["state"] == "cancelled":
            continue
        text = " ".join(plain(bytes(row["content"])).split())
        changed = _CHANGED.search(text)
        found = changed or _HAS.search(text)
        name = next(filter(None, found.groups())) if found else name
        asked, by = _ASKED.search(text), _BY.search(text)
        day = datetime.strptime(f"{by[1]} 2026", "%d %B %Y").date() if by else None  # noqa: DTZ007 - only its date is used
        at = max(instant_of(row["created_at"]), instant_of(row["not_before"]))
        yield Read(row["kind"], at, name, changed is not None, asked[1] if asked else "", day)


@pytest.mark.parametrize("seed", [*range(11), 57])
def test_names_and_dates_whoever_comes_and_goes(make_story: Callable[..., Story], seed: int) -> None:
    """
    E53, E76, E77, E81, E85: at most one change of name for each going and each return, each said; a cover who could be at work
    on the day is; no absence moves a date; every date that was told brings its mail on its day.
    """
    changes, absences = council(seed)
    story = make_story(*changes)
    story.receive(letter())
    story.at(f"{LAST} 18:00")
    mails = list(read(story))
    known = story.office.council

    assert mails[0].kind == "acknowledgement"
    assert sum(one.said for one in mails) <= 2 * absences
    told = mails[0].by
    for before, one in pairwise(mails):
        assert one.said == (one.name != before.name), f"a new name says so, and an old one does not: {one}"
        assert not one.asked or one.name.startswith(one.asked), f"another was asked than is named: {one}"
        if one.kind == "cover":
            assert one.by == told, f"an absence moved the date: {one}"
            here = [staff for staff in TEAM if is_at_work(known, staff, one.at)]
            kept = [staff for staff in here if one.by and works_on(known, staff, one.by)]
            assert not kept or works_on(known, NAMES[one.name], one.by or told or LAST), f"{kept} could keep it: {one}"
        else:
            assert one.at.date() == told, f"the date passed, or its mail came early: {one}"
            told = one.by
    assert told is None or told > LAST, "a date that was told brought nothing"
