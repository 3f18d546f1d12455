"""Names in staff mails: PASS, SPLIT and AWAY know the same people by the same names (behaviour.md §4.3)."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest

from ackbot.casework.council import Council
from ackbot.casework.staff.people import called, team_called
from ackbot.config import sample
from tests.support.letters import letter
from tests.support.story import Story, words

SIAN = ('id = "sam"\nname = "Sam Jones"', 'id = "sj"\nname = "Siân O’Brien"')
TEAM = ('members = ["priya", "sam"]', 'members = ["priya", "sj"]')
TWO = ('name = "Kofi Mensah"', 'name = "Siân Mensah"')


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """One letter, Priya's; her colleague of the team is Siân O'Brien, known by the address sam@northgate.example."""
    made = make_story(SIAN, TEAM)
    made.receive(letter())
    made.after(minutes=5)
    return made


NAMES = [
    "sj",
    "SJ.",
    "Siân O’Brien",
    "sian o'brien",
    "SIAN",
    "siân",
    "Sian!",
    "@sian",
    "sam@northgate.example",
    "Sam@Northgate.example.",
    "<sam@northgate.example>",
    "Siân O'Brien <sam@northgate.example>",
    "sam@northgate.example<mailto:sam@northgate.example>",
]


@pytest.mark.parametrize("name", NAMES)
def test_passed_by_any_name(story: Story, name: str) -> None:
    """behaviour.md §4.3 PASS: id, full name, first name or address, however it is written."""
    story.reply(story.mail("new-case"), f"PASS {name}: she knows that boiler")

    assert story.case()["offered_to"] == "sj"
    assert "she knows that boiler" in words(story, "hand-over")[-1]


@pytest.mark.parametrize("name", NAMES)
def test_cover_by_any_name(story: Story, name: str) -> None:
    """behaviour.md §4.3 AWAY: the same names say who stands in."""
    story.reply(story.mail("new-case"), f"AWAY 2 Dec to 11 Dec, cover {name}")

    assert [row["cover"] for row in story.db.run("SELECT cover FROM absences")] == ["sj"]
    assert "Siân O’Brien stands in for you." in words(story, "ask-back")[-1]


@pytest.mark.parametrize("name", [name for name in NAMES if "<" not in name])
def test_absent_by_any_name(story: Story, name: str) -> None:
    """behaviour.md §4.3 AWAY of somebody else, by their manager: the same names again."""
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", "alex@northgate.example"), f"AWAY {name} 9 Dec to 11 Dec")

    assert [row["staff"] for row in story.db.run("SELECT staff FROM absences")] == ["sj"]


@pytest.mark.parametrize(
    "name", ["streets", "Streets", "the Streets team", "STREETS TEAM.", "streets and waste", "the Strèets team"]
)
def test_teams_by_any_name(story: Story, name: str) -> None:
    """behaviour.md §4.3 PASS, SPLIT: a team by its name or its service, with "the" and "team" or without."""
    story.reply(story.mail("new-case"), f"SPLIT {name}: the bins in front")
    story.after(minutes=5)
    story.reply(story.mail("new-case", "priya@northgate.example"), f"PASS {name}: all of it")

    assert [case["team"] for case in story.cases()] == ["housing", "streets"]
    assert story.case()["offered_to"] in ("kofi", "lena")


@pytest.mark.parametrize("text", ["PASS sian: please", "AWAY 2 Dec to 11 Dec, cover sian"])
def test_two_who_share_a_name(make_story: Callable[..., Story], text: str) -> None:
    """A name that two people have is asked about, with both, wherever it stands; nothing is done meanwhile."""
    story = make_story(SIAN, TEAM, TWO)
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), text)

    assert "There is more than one “sian”: Siân O’Brien, Siân Mensah." in words(story, "ask-back")[-1]
    assert story.db.run("SELECT 1 FROM absences") == []
    assert story.case()["offered_to"] == ""


@pytest.mark.parametrize("text", ["AWAY sian 9 Dec to 11 Dec", "BACK sian"])
def test_a_manager_who_names_two(make_story: Callable[..., Story], text: str) -> None:
    """P4: an absence of one of two people is nobody's until it is clear whose; never the manager's who wrote it."""
    story = make_story(SIAN, TEAM, TWO)
    story.receive(letter())
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", "alex@northgate.example"), text)

    assert "There is more than one “sian”: Siân O’Brien, Siân Mensah." in words(story, "ask-back")[-1]
    assert story.db.run("SELECT 1 FROM absences") == []


def test_nobody_covers_for_themselves(make_story: Callable[..., Story]) -> None:
    """Of two who share a name, one who names the other as cover means the other."""
    story = make_story(SIAN, TEAM, TWO, ('members = ["priya", "sj"]', 'members = ["sj"]'))
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case", "sam@northgate.example"), "AWAY 2 Dec to 11 Dec, cover Siân")

    assert [(row["staff"], row["cover"]) for row in story.db.run("SELECT * FROM absences")] == [("sj", "kofi")]


def _council(*names: str, teams: tuple[str, ...] = ()) -> Council:
    council = sample().office.council
    anybody, any_team = next(iter(council.staff.values())), next(iter(council.teams.values()))
    staff = {
        f"id{n}": replace(
            anybody,
            id=f"id{n}",
            name=name,
            email=f"{n}@northgate.example",
            addresses=(f"{n}@northgate.example",),
            public_name=name,
        )
        for n, name in enumerate(names)
    }
    named = {name: replace(any_team, name=name, members=tuple(staff)) for name in teams}
    return replace(council, staff=MappingProxyType(staff), teams=MappingProxyType(named))


def test_a_whole_name_comes_before_a_first_name() -> None:
    """Somebody whose whole name is Sam is meant by it, although others begin with it."""
    council = _council("Sam", "Sam Jones", "Samuel Jones")

    assert called("sam", council).person == council.staff["id0"]
    assert called("Sam Jones", council).person == council.staff["id1"]
    assert called("jones", council).several == ()


@pytest.mark.parametrize("name", ["", " ", ".", "@", "the", "team", "the team"])
def test_no_name_is_nobody(name: str) -> None:
    """What says no name means nobody, and no team."""
    council = _council("Sam Jones", teams=("housing",))

    assert called(name, council).person is None
    assert team_called(name, council) is None


def test_a_team_that_is_called_a_team() -> None:
    """ "Team" in the name of one counts no more than behind it."""
    council = _council("Sam Jones", teams=("The Repairs Team",))

    assert (
        team_called("repairs", council) == team_called("the repairs team", council) == council.teams["The Repairs Team"]
    )
