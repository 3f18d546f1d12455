"""Who gets a new case: by hours, presence, skill and turn; and who was passed over, and why (behaviour.md §4.5, issue 17.3)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ackbot.casework.council import Absence, Council
from ackbot.casework.incoming.routing import Chosen, Routed, choose_owner
from ackbot.casework.model import Facts, Load
from ackbot.casework.worktime import Week
from ackbot.work.explain import as_json, explain
from tests.support.council import MONDAY, World
from tests.support.letters import letter
from tests.support.story import Story

UNTIL = date(2026, 12, 7)


def chosen(council: Council, facts: Facts, skill: str = "") -> Chosen:
    return choose_owner(Routed("housing", "", council.default_standard, skill, ""), facts, council, MONDAY, UNTIL)


def with_staff(council: Council, **changes: dict[str, object]) -> Council:
    """The council with changed values of some of its staff."""
    staff = {name: replace(person, **changes.get(name, {})) for name, person in council.staff.items()}  # type: ignore[arg-type]
    return replace(council, staff=staff)


def test_shares_go_by_hours(world: World) -> None:
    """Issue 17.3: of eight cases somebody at work three days a week gets three, and a colleague of five days five."""
    council = with_staff(world.office.council, priya={"week": Week.parse("Mon-Wed 09:00-17:00")})
    loads: Counter[str] = Counter()
    for _ in range(8):
        loads[chosen(council, Facts(loads={one: Load(count) for one, count in loads.items()})).staff] += 1

    assert loads == {"priya": 3, "sam": 5}


@pytest.mark.parametrize(
    ("changes", "loads", "absences", "skill", "over"),
    [
        ({}, {"sam": 2}, (), "", "Sam Jones (2 open cases in 40 hours a week)"),
        ({}, {}, (("sam", 0, 7),), "", "Sam Jones (away until 2026-12-07)"),
        ({}, {}, (("sam", 1, 3),), "", "Sam Jones (away on 2 working days before the date promised)"),
        ({"sam": {"max_cases": 3}}, {"sam": 3, "priya": 9}, (), "", "Sam Jones (has 3 cases, and max_cases is 3)"),
        ({"priya": {"skills": frozenset({"damp"})}}, {"priya": 9}, (), "damp", "Sam Jones (has not the skill damp)"),
        ({"sam": {"left": date(2026, 11, 1)}}, {}, (), "", "Sam Jones (no longer works here)"),
    ],
    ids=["load", "away", "soon away", "full", "skill", "left"],
)
def test_who_was_passed_over(
    world: World,
    changes: dict[str, dict[str, object]],
    loads: dict[str, int],
    absences: tuple[tuple[str, int, int], ...],
    skill: str,
    over: str,
) -> None:
    """Issue 17.3: each colleague of the team who did not get it, with the reason."""
    away = tuple(
        Absence(one, MONDAY + timedelta(days=a, hours=-11), MONDAY + timedelta(days=b, hours=-11))
        for one, a, b in absences
    )
    council = replace(with_staff(world.office.council, **changes), absences=away)
    found = chosen(council, Facts(loads={one: Load(count) for one, count in loads.items()}), skill)

    assert (found.staff, found.passed_over) == ("priya", over)


def test_explain_says_so(world: World) -> None:
    """design.md §4: `explain` says why this person, and who was passed over and why."""
    found = as_json("-", explain(letter(), world.config, at=MONDAY, db=world.db), world.office)

    assert found["owner"]["why"].startswith("Priya Shah has the fewest open cases in housing; ")
    assert "passed over: Sam Jones (0 open cases in 40 hours a week)" in found["owner"]["why"]


@pytest.mark.usefixtures("store")
def test_turns_survive_a_restart(make_story: Callable[..., Story]) -> None:
    """Issue 17.3: whose turn it is stands in rows, so a new process, or another one, goes on where the last one was."""
    story = make_story(('members = ["priya", "sam"]', 'members = ["priya", "sam"]\nassign = "round-robin"'))
    for number in range(4):
        story.receive(
            letter(
                sender=f"P <p{number}@resident.example>", message_id=f"<{number}@r.example>", text=f"Matter {number}"
            )
        )
        story.now += timedelta(minutes=1)
        story.restart()

    assert [case["owner"] for case in story.cases()] == ["priya", "sam", "priya", "sam"]
