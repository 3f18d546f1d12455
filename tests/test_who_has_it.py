"""Who has a case now, what is late, and what of it is told to whom, once (E90)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import Result

from ackbot.config import check
from ackbot.store import status
from tests.support.council import write_config
from tests.support.letters import letter
from tests.support.story import Story, words
from tests.test_absences import away_from

SAM = "sam@northgate.example"


def of(number: int, **fields: str) -> bytes:
    """A letter of another resident."""
    return letter(
        f"R{number} <r{number}@r.example>", subject=f"Matter {number}", text=f"Number {number}.\n", message_id=f"<{number}@r.example>", **fields
    )  # fmt: skip


def listed(story: Story, cli: Callable[..., Result], *options: str) -> str:
    """What `ackbot cases` prints."""
    return cli("-c", str(story.config.path), "cases", *options).output


def test_cases_name_who_has_it_now(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """E90: the cover while the owner is away, under heads; `--owner` finds what somebody covers too; an unknown id is named."""
    story = make_story(
        away_from("priya", "2026-12-08", "2026-12-20"), ('members = ["priya", "sam"]', 'members = ["priya"]')
    )
    story.receive(letter())
    story.at("2026-12-08 10:00")
    shown = listed(story, cli)
    (row,) = [json.loads(line) for line in listed(story, cli, "--json").splitlines()]

    assert shown.splitlines()[0].split() == [
        "CASE",
        "STATE",
        "NEXT",
        "DATE",
        "WHO",
        "HAS",
        "IT",
        "OPENED",
        "INBOX",
        "AND",
        "MATTER",
    ]
    assert f" {story.case()['cover']} for priya " in shown
    assert (row["has_it"], row["owner"]) == (story.case()["cover"], "priya")
    assert "Damp in the bedroom" in listed(story, cli, "--owner", story.case()["cover"])
    done = cli("-c", str(story.config.path), "cases", "--owner", "pria")
    assert (done.exit_code, '"priya"' in done.output) == (2, True)


def test_an_owner_who_is_away_and_has_no_cover(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """E90: nobody stands in: the list says that they are away, from what the file and their own mails tell."""
    now = datetime.now(UTC).date()
    absence = away_from("priya", now.isoformat(), now.replace(year=now.year + 1).isoformat())
    story = make_story(absence)
    story.receive(letter())
    story.db.run("UPDATE cases SET owner = 'priya', cover = ''")

    assert " priya (away) " in listed(story, cli)
    assert json.loads(listed(story, cli, "--json"))["here"] is False


def test_what_is_late_and_given_up(story: Story, cli: Callable[..., Result]) -> None:
    """E90: `cases` says since when; `status` counts late and given-up cases, and is not fine until a person has written."""
    story.at("2026-12-07 15:10")
    assert " late: 2026-12-07 " in listed(story, cli)
    assert status.lateness(story.db, story.now.date()) == {"late": 1, "given_up": 0, "overdue": 0}

    story.at("2026-12-31 16:00")
    assert "given up late: 2026-12-07" in listed(story, cli)
    found = status.status(story.db, {}, story.now)
    assert found["cases"] == {"open": 1, "without_owner": 0, "late": 1, "given_up": 1, "overdue": 0}
    assert found["wrong"] == ["1 cases were given up after three mails without news: a person must write"]
    shown = cli("-c", str(story.config.path), "status").output
    assert "cases: 1 open, 0 without an owner, 1 late (1 given up)" in shown

    story.reply(story.mail("digest"), "PHONED: all is well")
    assert status.lateness(story.db, story.now.date()) == {"late": 0, "given_up": 0, "overdue": 0}


def test_dates_that_passed_are_told_once(story: Story) -> None:
    """E90: the admin hears of each date once, and of new ones alone; `status` shows all that wait for `release`."""
    story.now = story.now.replace(month=12, day=8, hour=9)  # nothing ran on the 7th
    story.rounds.tick()
    assert len(story.outbox("admin")) == 1
    for day in ("2026-12-09", "2026-12-10"):
        story.at(f"{day} 17:30")
    assert [mail["recipient"] for mail in story.outbox("admin")] == ["admins@northgate.example"]
    assert status.lateness(story.db, story.now.date())["overdue"] == 1
    assert any(
        "promised dates have passed without a word" in one for one in status.status(story.db, {}, story.now)["wrong"]
    )

    story.receive(of(2))
    story.now = story.now.replace(day=21, hour=9)
    story.rounds.tick()
    told = [one for one in words(story, "admin") if "passed while" in one]
    assert len(told) == 2
    assert told[1].startswith("1 promised dates have passed")
    assert "With those you know of, 2 wait." in told[1]


def test_one_sheet_for_all_that_somebody_takes_over(make_story: Callable[..., Story]) -> None:
    """E90: whoever covers for three people gets one sheet, in groups by who is away."""
    three = [away_from(who, "2026-12-08", "2026-12-20", cover="sam") for who in ("priya", "kofi", "lena")]
    story = make_story(*three)
    for number, inbox in enumerate(("housing", "streets", "housing", "streets", "streets")):
        story.receive(of(number, to=f"{inbox}@northgate.example"), inbox)
    assert {case["owner"] for case in story.cases()} == {"priya", "sam", "kofi", "lena"}
    story.at("2026-12-08 10:00")
    sheets = words(story, "hand-over", SAM)

    assert len(sheets) == 1
    for who in ("Priya Shah", "Kofi Mensah", "Lena Wolf"):
        assert sheets[0].count(f"{who} is away until Monday 21 December. Until then these are yours:") == 1
    assert "If you reply to a resident, the case becomes yours for good." in sheets[0]


@pytest.mark.parametrize("others", [(), (away_from("kofi", "2026-12-08", "2026-12-20", cover="sam"),)])
def test_a_leavers_cases_are_for_good(make_story: Callable[..., Story], others: tuple[tuple[str, str], ...]) -> None:
    """E90: they are yours now, and not "for now"; also beside those of somebody who is only away."""
    story = make_story(('name = "Priya Shah"', 'name = "Priya Shah"\nleft = 2026-12-08'), *others)
    story.receive(of(0))
    story.receive(of(1, to="streets@northgate.example"), "streets")
    story.receive(of(2))
    story.receive(of(3))
    story.at("2026-12-08 10:00")
    (row,) = story.outbox("hand-over", SAM)
    (sheet,) = words(story, "hand-over", SAM)

    assert "Priya Shah no longer works here. These cases are yours now:" in sheet
    assert ("Cases that are yours now" in str(bytes(row["content"]))) == (not others)
    assert ("becomes yours for good" in sheet) == bool(others)


def test_a_circle_of_covers_is_one_warning(tmp_path: object) -> None:
    """E90: three people who cover for each other make one warning, and two circles two."""
    names = ("Priya Shah", "Sam Jones", "Alex Reid", "Kofi Mensah", "Lena Wolf")
    covers = dict(zip(names, ("sam", "alex", "priya", "lena", "kofi"), strict=True))
    path = write_config(
        tmp_path, *[(f'name = "{name}"', f'name = "{name}"\ncover = "{cover}"') for name, cover in covers.items()]
    )  # type: ignore[arg-type]
    circles = [str(one) for one in check(path) if "round in a circle" in str(one)]

    assert len(circles) == 2
    assert "alex → priya → sam → alex" in circles[1] or "alex → priya → sam → alex" in circles[0]
