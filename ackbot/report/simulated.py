"""A rehearsal as sentences and tables: for the terminal, as JSON, and as a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ackbot.report import words
from ackbot.report.page import Section
from ackbot.report.render import render
from ackbot.report.words import word

_REASONS = 20  # reasons for not answering that are listed


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """
    What would have been.

    Args:
        mails: how many were replayed; `undated` had no date, and were left out.
        answered: how many got an automatic answer; `not_answered`: the reasons of the others, the most frequent first.
        alarms, promised: by the Monday of their week; of `promised`, how many a person kept as far as the Sent folder tells.
        load: by policy, how many cases each person got.
        per_day: mails to each person on a working day, as mean and most.
        unasked: mails that residents would have got as the days passed, by kind; empty unless answers are known.
    """

    first: date | None
    last: date | None
    mails: int
    undated: int
    unreadable: int
    outcomes: Mapping[str, int]
    answered: int
    not_answered: Mapping[str, int]
    alarms: Mapping[date, int]
    promised: Mapping[date, tuple[int, int]]
    load: Mapping[str, Mapping[str, int]]
    per_day: Mapping[str, tuple[float, int]]
    unasked: Mapping[str, int]
    answers_known: bool


def sentences(found: Rehearsed) -> list[str]:
    """What it comes to, and what it cannot know."""
    if found.first is None or found.last is None:
        said = [word("simulate", "nothing")]
    else:
        span = {"first": words.day(found.first), "last": words.day(found.last)}
        other = sum(found.not_answered.values())
        said = [
            word("simulate", "span", mails=found.mails, **span),
            word("simulate", "answered", answered=found.answered, other=other),
        ]
    for name, count in (("undated", found.undated), ("unreadable", found.unreadable)):
        if count:
            said.append(word("simulate", name, count=count))
    return said if found.answers_known else [*said, word("simulate", "unknown")]


def sections(found: Rehearsed) -> list[Section]:
    """The tables; those with nothing in them are left out."""
    count = word("simulate", "columns", "count")
    people = dict.fromkeys(person for load in found.load.values() for person in load)
    policies = tuple(word("simulate", "columns", policy) for policy in found.load)
    reasons = list(found.not_answered.items())[:_REASONS]
    tables = (
        ("outcomes", (count,), [(word("simulate", "became", name), str(n)) for name, n in found.outcomes.items()]),
        ("not_answered", (count,), [(why, str(n)) for why, n in reasons]),
        ("alarms", (count,), [(words.day(week), str(n)) for week, n in sorted(found.alarms.items())]),
        (
            "promised",
            (count, word("simulate", "columns", "kept")),
            [(words.day(week), str(n), str(kept)) for week, (n, kept) in sorted(found.promised.items())],
        ),
        ("unasked", (count,), [(word("simulate", "kinds", kind), str(n)) for kind, n in found.unasked.items()]),
        (
            "load",
            policies,
            [(one or word("nobody"), *(str(load.get(one, 0)) for load in found.load.values())) for one in people],
        ),
        (
            "per_day",
            (word("simulate", "columns", "mean"), word("simulate", "columns", "most")),
            [(person, f"{mean:.1f}", str(most)) for person, (mean, most) in found.per_day.items()],
        ),
    )
    return [
        Section(name, word("simulate", name), (), columns, tuple(rows), first=word("simulate", "first", name))
        for name, columns, rows in tables
        if rows
    ]


def as_text(found: Rehearsed) -> str:
    """For a terminal."""
    lines = [f"- {one}" for one in sentences(found)]
    for section in sections(found):
        lines += ["", f"{section.title} ({', '.join(section.columns)})"]
        width = max(len(row[0]) for row in section.rows)
        lines += [f"  {row[0]:{width}}  {'  '.join(f'{cell:>6}' for cell in row[1:])}" for row in section.rows]
    return "\n".join(lines)


def as_json(found: Rehearsed) -> str:
    """One object. Weeks go by their Monday."""
    plain: dict[str, Any] = {
        "from": found.first.isoformat() if found.first else None,
        "to": found.last.isoformat() if found.last else None,
        "mails": found.mails,
        "undated": found.undated,
        "unreadable": found.unreadable,
        "outcomes": dict(found.outcomes),
        "answered": found.answered,
        "not_answered": dict(found.not_answered),
        "alarms": {week.isoformat(): n for week, n in sorted(found.alarms.items())},
        "promised": {
            week.isoformat(): {"count": n, "kept": kept} for week, (n, kept) in sorted(found.promised.items())
        },
        "load": {policy: dict(load) for policy, load in found.load.items()},
        "per_day": {person: {"mean": round(mean, 2), "most": most} for person, (mean, most) in found.per_day.items()},
        "unasked": dict(found.unasked),
        "answers_known": found.answers_known,
    }
    return json.dumps(plain, ensure_ascii=False, indent=1)


def page(found: Rehearsed, council: str) -> str:
    """As HTML."""
    return render("simulate.html", word=word, council=council, sentences=sentences(found), sections=sections(found))
