"""Whoever writes in somebody's name uses up nothing of theirs: caps, the test for machines, the brake (E12, P2)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")

PROVEN = "mx.northgate.example; dmarc=pass header.from=resident.example"
GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"


def writes(
    story: Story, number: int, results: str = "", text: str = "", inbox: str = "housing", sender: str = ""
) -> bool:
    """A letter in a matter of its own. Whether it is acknowledged at once."""
    before = len([one for one in story.outbox("acknowledgement") if one["state"] != "held"])
    fields = {"Authentication_Results": results} if results else {}
    raw = letter(
        sender or "Edward Quan <edward@resident.example>",
        f"{inbox}@northgate.example",
        f"Matter {number}",
        text or f"Words {number}.",
        f"<{number}@resident.example>",
        **fields,
    )
    story.receive(raw, inbox=inbox)
    return len([one for one in story.outbox("acknowledgement") if one["state"] != "held"]) > before


@pytest.mark.parametrize("inbox", ["housing", "streets"])
@pytest.mark.parametrize("pause", [2, 30, 120], ids="{} s".format)
def test_unproven_letters_use_up_nothing(make_story: Callable[..., Story], inbox: str, pause: int) -> None:
    """E12: five in Edward's name, quickly or slowly, over either inbox; his own is acknowledged, thrice in that hour."""
    story = make_story()
    for number in range(5):
        writes(story, number, inbox=inbox)
        story.after(seconds=pause)

    own = []
    for number in range(10, 14):
        own.append(writes(story, number, PROVEN))
        story.after(seconds=120)
    assert own == [True, True, True, False]


def test_unproven_letters_use_up_what_is_theirs(make_story: Callable[..., Story]) -> None:
    """E12: against each other they count as ever, and proven ones count against them."""
    story = make_story()
    found = []
    for number, results in enumerate(["", PROVEN, "", "", PROVEN]):
        found.append(writes(story, number, results))
        story.after(seconds=120)

    assert found == [True, True, True, False, True]


def test_a_proven_machine_is_one_all_the_same(make_story: Callable[..., Story]) -> None:
    """D35, P2: whatever answers each of our mails within a minute is a machine, and its own server vouches for it."""
    story = make_story()
    found = []
    for number in range(4):
        found.append(writes(story, number, PROVEN))
        story.after(seconds=5)

    assert found == [True, True, False, False]


@pytest.mark.parametrize(("results", "text", "goes"), [(PROVEN, "", True), (PROVEN, GAS, True), ("", "", False)])
def test_unproven_letters_do_not_brake_proven_ones(
    make_story: Callable[..., Story], results: str, text: str, goes: bool
) -> None:
    """E12, behaviour.md §2: the brake holds the likes of what brought it on."""
    story = make_story(("# brake", 'brake = "2 per hour"'))
    for number in range(3):
        writes(story, number, sender=f"Mo <mo{number}@else.example>")

    assert writes(story, 10, results, text) is goes


@pytest.mark.parametrize(("results", "text", "goes"), [(PROVEN, GAS, True), (PROVEN, "", False), ("", GAS, False)])
def test_the_brake_holds_no_proven_cry_for_help(
    make_story: Callable[..., Story], results: str, text: str, goes: bool
) -> None:
    """behaviour.md §3.9: the safety block does not wait for the admin, whoever brought the brake on."""
    story = make_story(("# brake", 'brake = "2 per hour"'))
    proven = "mx.northgate.example; dmarc=pass header.from=else.example"
    for number in range(3):
        writes(story, number, proven, sender=f"Mo <mo{number}@else.example>")

    assert writes(story, 10, results, text) is goes
