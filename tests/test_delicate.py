"""Who is not asked how we did (behaviour.md §3.10)."""

import pytest

from ackbot.casework.incoming import delicate
from tests.support.letters import letter, plain
from tests.support.story import Story

ASKED = "How did we do?"


def settled(story: Story, **fields: str) -> str:
    """The mail "settled?" to a resident who wrote this, in a council that asks for feedback."""
    story.receive(letter(**fields))
    story.after(minutes=30)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nWe have changed the name on the account for you.\n\nPriya")
    story.at("2026-12-09 12:00")
    return plain(bytes(story.mail("settled")["content"]))


@pytest.fixture
def story(make_story: object) -> Story:
    return make_story(("# end", "feedback = true\n"))  # type: ignore[operator, no-any-return]


def test_others_are_asked(story: Story) -> None:
    """E54: what the tests below compare with."""
    assert ASKED in settled(story, text="Please change the name on our account.")


@pytest.mark.parametrize(
    "text",
    [
        "My husband died in November. Please take him off the account.",
        "I write about my late mother's flat.",
        "Dad passed away last week and the funeral is on Friday.",
        "Bu farw fy ngŵr ym mis Tachwedd.",
        "Mi marido ha muerto. ¿Qué debo hacer?",
        "Mój mąż zmarł w listopadzie.",
        "توفي زوجي الشهر الماضي.",
    ],
)
def test_the_bereaved_are_not(story: Story, text: str) -> None:
    """E54: "settled?" comes, and asks no number of somebody who told us of a death."""
    assert ASKED not in settled(story, text=text)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Cllr Ann Vale", "ann@vale.example"),
        ("Ann Vale MP", "ann@vale.example"),
        ("Ann Vale", "ann.vale.mp@parliament.uk"),
    ],
)
def test_elected_members_are_not(name: str, address: str) -> None:
    """E54: whoever speaks for residents is known by title or by their parliament's domain."""
    assert delicate.is_councillor(name, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [("Ann Campbell", "ann@vale.example"), ("Lee", "lee@parliament.uk.example"), ("Mo Smp", "mp@mp.example")],
)
def test_who_is_no_elected_member(name: str, address: str) -> None:
    """E54: letters in a name or address that only look like it."""
    assert not delicate.is_councillor(name, address)


@pytest.mark.parametrize(
    "text", ["I am dying to know when you come.", "The tree has died.", "Dead leaves block the drain.", "My late rent"]
)
def test_what_is_no_bereavement(text: str) -> None:
    """E54: words of death that mourn nobody; a tree may cost a survey, a person must not."""
    assert delicate.is_bereaved(text) == (text == "The tree has died.")
