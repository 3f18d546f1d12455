"""
Reads the mails of some weeks in order, as residents and staff do, and counts what held and what did not.

It knows the configuration, who said that they are away, and the mails. It knows nothing of the store or of the code.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.labs.weeks_town import LONDON, Letter, Town
from tests.support.letters import parsed, plain

_DATE = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday) (\d{1,2}) (\w+)(?: (\d{4}))?"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
)  # fmt: skip
# A sentence that promises: "Priya or a colleague will write to you by Monday 7 December."
_PROMISE = re.compile(rf"[^.!?“”]*?\b(?:will|hear)\b[^.!?“”]*?\bby {_DATE}")
_LATER = ("now has", "is back", "not answered yet", "wrote to you", "We said you")  # words that no first answer has
_ALONE = re.compile(rf"\b([A-Z]\w+) will write to you by {_DATE}")
_PAST = re.compile(r"\b(?:said|was|were)\b")
_HAS = re.compile(r"([A-Z]\w+ [A-Z]\w+) in \w+ (?:now )?has (?:your email|what)")
_EXPLAINS = ("is away", "no longer", "again", "now has", "passed", "is back")
_WORDS = (
    "We said you",
    "is away",
    "If that has sorted it",
    "no longer dealing",
    "now has your email",
    "asked you a question",
)
_MOST = 8  # mails to a person in a day
_LINE = re.compile(r"RBN-[0-9A-Z]{3}-[0-9A-Z]{3}")


@dataclass(frozen=True)
class Mail:
    """A mail as somebody got it: when, who, and what it says."""

    at: datetime
    to: str
    content: bytes

    @property
    def day(self) -> date:
        return self.at.astimezone(LONDON).date()

    def text(self) -> str:
        return " ".join(plain(self.content).split())

    def header(self, name: str) -> str:
        return str(parsed(self.content)[name] or "")

    @property
    def automatic(self) -> bool:
        """Whether no person wrote it."""
        return self.header("Auto-Submitted").startswith("auto-")


@dataclass
class Counts:
    """What a run came to."""

    table: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def check(
    town: Town, mails: Sequence[Mail], letters: Sequence[Letter], outages: Sequence[tuple[datetime, datetime]]
) -> Counts:
    """
    Read everything.

    Args:
        mails: in the order in which they were delivered.
        letters: that residents wrote.
        outages: spans in which nothing could go out; what was due in one may come later, with a sorry.
    """
    found = Counts()
    to_resident: dict[str, list[Mail]] = defaultdict(list)
    to_staff: dict[str, list[Mail]] = defaultdict(list)
    for one in mails:
        person, _, domain = one.to.partition("@")
        if domain == "resident.example":
            to_resident[one.to].append(one)
        elif person in town.by_id:
            to_staff[person].append(one)
    _acknowledged(found, to_resident, letters)
    _kept(found, town, to_resident, letters, outages)
    _one_a_day(found, town, to_resident, letters)
    _named(found, to_resident)
    _staff(found, town, to_staff, outages)
    return found


def _acknowledged(found: Counts, to_resident: dict[str, list[Mail]], letters: Sequence[Letter]) -> None:
    opened = [one for one in letters if one.opens]
    times = []
    for letter in opened:
        answers = [
            one
            for one in to_resident[letter.address]
            if one.automatic and one.header("In-Reply-To") == letter.message_id
        ]
        first = [
            one
            for one in answers
            if "has your email" in one.text() and not any(words in one.text() for words in _LATER)
        ]
        if len(first) != 1:
            found.faults.append(f"{letter.address}: {len(first)} acknowledgements of {letter.message_id}")
        else:
            times.append(first[0].at - letter.at)
    usual = sorted(one.total_seconds() for one in times if one < timedelta(hours=1))
    found.table["letters"] = len(letters)
    found.table["acknowledged within the hour"] = (
        f"{len(usual)}, the slowest after {usual[-1]:.0f} s" if usual else "none"
    )
    found.table["first letters, each acknowledged once"] = f"{len(times)} of {len(opened)}"


def _told(text: str, on: date) -> list[date]:
    """The dates that a text promises."""
    found = []
    for match in _PROMISE.finditer(text):
        if not _PAST.search(match[0]):
            found.append(_date(match, on))
    return found


def _date(match: re.Match[str], on: date) -> date:
    return _date_of(match[1], match[2], match[3], on)


def _date_of(day: str, month: str, year: str | None, on: date) -> date:
    number = _MONTHS.index(month) + 1
    return date(int(year) if year else on.year + (number < on.month - 6), number, int(day))


def _kept(
    found: Counts,
    town: Town,
    to_resident: dict[str, list[Mail]],
    letters: Sequence[Letter],
    outages: Sequence[tuple[datetime, datetime]],
) -> None:
    """Every date that a resident was told: a person wrote by then, or we told the truth on it, or an honest later date came before."""
    ends: Counter[str] = Counter()
    single = {one for one, n in Counter(letter.address for letter in letters if letter.opens).items() if n == 1}
    for address, mails in to_resident.items():
        if address not in single:
            continue
        promised: date | None = None
        for mail in mails:
            text, day = mail.text(), mail.day
            told = _told(text, day)
            for one in told:
                if not town.is_open(one):
                    found.faults.append(f"{address}: {day} told {one}, a closed day")
            for match in _ALONE.finditer(text) if mail.automatic else ():
                person = next((one.id for one in town.officers if one.name.startswith(match[1])), "")
                on = _date_of(match[2], match[3], match[4], day)
                if person and not town.works(person, on):
                    found.faults.append(f"{address}: {day} told that {person} writes by {on}, when they do not work")
            sorry = "sorry" in text
            if (
                promised
                and day > promised
                and not _in_outage(promised, day, outages)
                and not (mail.automatic and sorry and told)
            ):
                ends["silent"] += 1
                found.faults.append(f"{address}: told {promised}, and nothing came before {day}: {text[:160]}")
                promised = None
            if not mail.automatic:
                if promised:
                    ends["kept"] += 1
                promised = max(told) if told else None
            elif "We said you" in text:
                if promised:
                    ends["honest"] += 1
                promised = max(told) if told else None
            elif told:
                new = max(told)
                if promised and new > promised:
                    ends["replaced"] += 1
                    if not sorry:
                        found.faults.append(f"{address}: {day} {promised} became {new} without a sorry: {text[:200]}")
                promised = new if promised is None or new > promised else promised
        if promised and promised < town.last:
            ends["silent"] += 1
            found.faults.append(f"{address}: told {promised}, and nothing came until the end")
        elif promised:
            ends["still ahead"] += 1
    found.table["dates told"] = sum(ends.values())
    for name in ("kept", "honest", "replaced", "still ahead", "silent"):
        found.table[f"dates {name}"] = ends[name]


def _in_outage(promised: date, day: date, outages: Sequence[tuple[datetime, datetime]]) -> bool:
    """Whether something between a date and a later day kept mails back."""
    return any(begin.date() <= day and end.date() >= promised for begin, end in outages)


def _one_a_day(found: Counts, town: Town, to_resident: dict[str, list[Mail]], letters: Sequence[Letter]) -> None:
    """Of mails that answer no letter of that hour at most one a day, on open days only."""
    ids = {one.message_id: one.at for one in letters}
    unasked = 0
    for address, mails in to_resident.items():
        days: Counter[date] = Counter()
        for mail in mails:
            asked_at = ids.get(mail.header("In-Reply-To"))
            if not mail.automatic or not any(words in mail.text() for words in _WORDS):
                continue
            if asked_at and mail.at - asked_at < timedelta(hours=1):
                continue
            unasked += 1
            days[mail.day] += 1
            if not town.is_open(mail.day):
                found.faults.append(f"{address}: a mail that nobody asked for on {mail.day}, a closed day")
        found.faults += [f"{address}: {n} mails on {day} that nobody asked for" for day, n in days.items() if n > 1]
    found.table["mails to residents"] = sum(map(len, to_resident.values()))
    found.table["of them by people"] = sum(not one.automatic for mails in to_resident.values() for one in mails)
    found.table["that nobody asked for, at most one a day and on open days"] = unasked


def _named(found: Counts, to_resident: dict[str, list[Mail]]) -> None:
    """Who has a resident's email changes only in a mail that says why."""
    names: list[int] = []
    for address, mails in to_resident.items():
        known: list[str] = []
        by_case: dict[str, str] = {}
        for mail in mails:
            text = mail.text()
            references = _LINE.findall(text)
            for name in _HAS.findall(text) if len(set(references)) == 1 else ():
                before = by_case.get(references[0])
                if before and before != name and not any(words in text for words in _EXPLAINS):
                    found.faults.append(f"{address}: {mail.day} {before} became {name} without a word: {text[:200]}")
                by_case[references[0]] = name
                if name not in known:
                    known.append(name)
        names.append(len(known))
    found.table["names a resident read: mean, most"] = f"{sum(names) / max(1, len(names)):.1f}, {max(names, default=0)}"


def _staff(
    found: Counts, town: Town, to_staff: dict[str, list[Mail]], outages: Sequence[tuple[datetime, datetime]]
) -> None:
    """Mails a person and working day; digests and sheets come on days when their reader works."""
    per_day: Counter[tuple[str, date]] = Counter()
    at_home = 0
    for person, mails in to_staff.items():
        for mail in mails:
            per_day[person, mail.day] += 1
            listed = mail.text().startswith(("Good morning",)) or "good morning." in mail.text()[:60]
            if listed and not town.works(person, mail.day):
                at_home += 1
                found.faults.append(f"{person}: a digest on {mail.day}, when they do not work")
    # What came while the machine was off comes in one hour after it.
    late = {end.date() - timedelta(days=1) for _, end in outages}
    found.faults += [
        f"{person}: {n} mails on {day}"
        for (person, day), n in per_day.items()
        if n > (_MOST if day not in late else 2 * _MOST)
    ]
    days = sum(town.is_open(town.first + timedelta(days=n)) for n in range((town.last - town.first).days + 1))
    total = sum(per_day.values())
    found.table["mails to staff"] = total
    found.table["a person and working day: mean, most"] = (
        f"{total / days / len(town.officers):.1f}, {max(per_day.values(), default=0)}"
    )
