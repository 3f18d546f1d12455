"""The clocks of law that config.example.toml has ready-made: each loads, and its dates are those of the law (domain.md §7)."""

import re
from datetime import date
from pathlib import Path

import pytest

from ackbot import resources
from ackbot.casework.council import Council
from ackbot.casework.standards import opening_clocks
from ackbot.config import load
from tests.support.council import write_config
from tests.support.story import LONDON, instant

EXAMPLE = resources.example_config().read_text()
SECTION = re.search(r"^# ---- clocks of law.*?\n(.*?)^# ---- ", EXAMPLE, re.MULTILINE | re.DOTALL)
assert SECTION is not None
READY = re.sub(r"^# ", "", SECTION[1], flags=re.MULTILINE)
NAMES = re.findall(r'^name = "([^"]+)"', READY, re.MULTILINE)

# Standard, arrival in London, and the date of the answer (with the hour where it counts).
DATES = [
    ("complaint stage 1", "2026-11-30 10:00", "2026-12-14"),
    ("complaint stage 1", "2026-12-18 16:00", "2027-01-07"),  # Christmas, its Monday, two closed days, New Year
    ("complaint stage 2", "2026-11-30 10:00", "2026-12-31"),
    ("foi", "2026-11-30 10:00", "2026-12-30"),  # the closed 29th counts, the 28th is a bank holiday
    (
        "foi",
        "2027-02-26 10:00",
        "2027-03-31",
    ),  # 17 March is free in Northern Ireland, Good Friday and Easter Monday elsewhere
    ("foi", "2027-07-26 10:00", "2027-08-24"),  # 2 August is free in Scotland
    ("foi", "2026-12-31 10:00", "2027-02-01"),  # 1 January, and the Monday for 2 January in Scotland
    ("foi", "2026-05-02 10:00", "2026-06-02"),  # received on a Saturday; two bank holidays in May (D68)
    ("eir", "2027-02-26 10:00", "2027-03-31"),
    ("subject access", "2027-01-31 10:00", "2027-03-01"),  # there is no 31 February, and the 28th is a Sunday
    ("subject access", "2026-08-31 10:00", "2026-09-30"),
    ("subject access", "2026-11-25 10:00", "2026-12-30"),  # Christmas Day, Boxing Day, their Monday, a closed day
    ("data protection complaint", "2026-11-30 10:00", "2026-12-31"),
    ("councillor", "2026-11-29 10:00", "2026-12-11"),  # a Sunday: day one is Monday (D68)
    ("emergency hazard", "2026-12-24 18:00", "2026-12-25 18:00"),
    ("emergency hazard", "2027-03-27 18:00", "2027-03-28 19:00"),  # the clock goes forward: 24 hours are 24 hours
    ("emergency hazard", "2026-10-24 18:00", "2026-10-25 17:00"),  # and back
    ("damp and mould", "2026-11-30 10:00", "2026-12-14"),
]


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Council:
    """The test council with the ready-made standards behind its own."""
    return load(write_config(tmp_path_factory.mktemp("law"), ("# end", READY))).council


def test_each_is_there_and_used(council: Council) -> None:
    """Issue 17.4: enquiry, both stages, FOI, EIR, subject access, data protection, councillor, hazards; each has a date below."""
    assert [*council.standards] == ["enquiry", *NAMES]
    assert {name for name, _, _ in DATES} == {*NAMES}


@pytest.mark.parametrize(("name", "arrived", "expected"), DATES)
def test_dates_of_the_law(council: Council, name: str, arrived: str, expected: str) -> None:
    """Issue 17.4, D68: month's ends, bank holidays of all four nations for FOI, both clock changes."""
    at = instant(arrived)
    clocks = opening_clocks(council.standards[name], council.first_inbox, council, at, at, owned=True)
    answer = next(clock for clock in clocks if clock.kind == "answer")

    assert f"{answer.promised_on:%Y-%m-%d}" == expected[:10]
    if len(expected) > 10:
        assert f"{answer.due_at.astimezone(LONDON):%Y-%m-%d %H:%M}" == expected


def test_stages_count_from_the_acknowledgement(council: Council) -> None:
    """domain.md §7: an outage before the acknowledgement moves the date of a complaint, and not that of a request for information."""
    arrived, acknowledged = instant("2026-11-30 10:00"), instant("2026-12-02 10:00")
    due = {
        name: next(
            clock.promised_on
            for clock in opening_clocks(
                council.standards[name], council.first_inbox, council, arrived, acknowledged, owned=True
            )
            if clock.kind == "answer"
        )
        for name in ("complaint stage 1", "foi")
    }

    assert due == {"complaint stage 1": date(2026, 12, 16), "foi": date(2026, 12, 30)}


def test_the_law_does_not_wait(council: Council, tmp_path: Path) -> None:
    """domain.md §7: a question to the resident stops the council's own clocks, and none of the law's; no survey follows those."""
    lawful = {"foi", "eir", "subject access", "emergency hazard", "damp and mould"}

    assert {name for name in NAMES if not council.standards[name].pausable} == lawful
    assert council.standards["enquiry"].feedback
    assert {name for name in NAMES if council.standards[name].feedback} == {"emergency hazard", "damp and mould"}
