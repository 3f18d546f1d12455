"""Words that go out on purpose or not at all: attacks and accidents in staff mails (docs/words-that-go-out.md)."""

from datetime import date
from pathlib import Path

import pytest

from ackbot.casework import dates
from tests.support.letters import letter, plain
from tests.support.story import Story

P1 = ('members = ["priya", "sam"]', 'members = ["priya"]')
ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya"
MONDAY = date(2026, 11, 30)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """One letter, one case, Priya's."""
    made = Story(tmp_path, P1)
    made.receive(letter())
    return made


def sent(story: Story) -> list[str]:
    """What residents read of staff, above the footer."""
    return [plain(bytes(mail["content"])).partition("\n\nPriya Shah, ")[0] for mail in story.outbox("human")]


def asked(story: Story) -> str:
    """The latest question to a member of staff, in one line."""
    return " ".join(plain(bytes(story.mail("ask-back")["content"])).split())


def notes(story: Story) -> list[str]:
    """What is kept with cases."""
    return [row["words"] for row in story.db.run("SELECT words FROM words WHERE kind = 'note' ORDER BY id")]


def reference(story: Story, number: int = 0) -> str:
    """Of the case with that number."""
    code = story.cases()[number]["code"]
    return f"RBN-{code[:3]}-{code[3:]}"


@pytest.mark.parametrize(
    "written",
    [
        "30 Nov: we wait",
        "27 Nov: we wait",
        "12/11: we wait",
        "Monday week: we wait",
        "Friday or Monday: we wait",
        "Fri, or Monday: we wait",
        "Mon-Wed: we wait",
        "Fri - Mon: we wait",
        "Friday 3pm: we wait",
        "Fri we wait for the plumber",
        "31 Feb: we wait",
        "after Christmas: we wait",
    ],
)
def test_dates_that_are_not_sure_are_no_promise(written: str) -> None:
    """P5, behaviour.md §4.3: a slip or a choice of days is asked back, never rounded to a date."""
    assert dates.promised(written, MONDAY) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Fri: we wait", "2026-12-04"),
        ("5 Jan: we wait", "2027-01-05"),
        ("18 December 2026, we wait", "2026-12-18"),
        ("next week. We wait for the plumber.", "2026-12-11"),
        ("by Friday - the plumber is ill", "2026-12-04"),
        ("Friday\nthe plumber is ill: sorry", "2026-12-04"),
        ("18/12", "2026-12-18"),
    ],
)
def test_dates_that_are_sure(written: str, day: str) -> None:
    """A date ends with its line or a mark."""
    found = dates.promised(written, MONDAY)

    assert found is not None
    assert found[0].isoformat() == day


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("next week", "2026-12-07", "2026-12-11"),
        ("30 Nov to 4 Dec", "2026-11-30", "2026-12-04"),
        ("30 Nov", "2026-11-30", "2026-11-30"),
        ("21 Dec to 1 Jan, cover Sam", "2026-12-21", "2027-01-01"),
        ("3-7 Dec cover Sam", "2026-12-03", "2026-12-07"),
        ("until Friday", "2026-11-30", "2026-12-04"),
        ("3 Dec and 5 Dec", "", ""),
        ("3 Dec, 5 Dec", "", ""),
        ("27 Nov", "", ""),
        ("tomorrow afternoon", "", ""),
    ],
)
def test_days_away(written: str, first: str, last: str) -> None:
    """behaviour.md §4.3: a week is a week, today is this year, and what is left over of the line is asked back."""
    found = dates.find_range(written, MONDAY)

    assert ((found and found[0].isoformat()) or "", (found and found[1].isoformat()) or "") == (first, last)


def test_a_date_that_passed_while_words_waited(story: Story) -> None:
    """P5: SEND of a MORE whose date is over promises nothing; the words wait for a new one."""
    story.reply(story.mail("new-case"), "MORE Fri: FYI the part is ordered")
    held = story.mail("ask-back")
    story.at("2026-12-05 10:00")
    story.follow(held, "SEND", "", "")

    assert sent(story) == []
    assert "Their date has passed" in asked(story)
    assert ("update", "2026-12-07", "running") in story.clocks()
