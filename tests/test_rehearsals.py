"""A case in shadow is a rehearsal: no letter to an inbox that is not in shadow ends up in one (behaviour.md §5.1)."""

from collections.abc import Callable

import pytest

from ackbot.casework import decide
from tests.support.letters import letter
from tests.support.story import Story

STREETS_IN_SHADOW = ('team = "streets"\nmode = "live"', 'team = "streets"\nmode = "shadow"')
HOUSING, STREETS = "housing@northgate.example", "streets@northgate.example"
GAS = "I smell gas in the hall, please help.\n"


def went_out(story: Story) -> list[tuple[str, str]]:
    """Kind and recipient, without its domain, of all mails that go out, but that the other service is told of the letter."""
    gone = [mail for mail in story.outbox() if mail["state"] == "queued" and mail["kind"] != "hand-over"]
    return [(mail["kind"], mail["recipient"].partition("@")[0]) for mail in gone]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("order", [("streets", "housing"), ("housing", "streets"), ("housing",)], ids=" ".join)
def test_the_inbox_in_shadow_is_first_in_to(make_story: Callable[..., Story], order: tuple[str, ...]) -> None:
    """P3, P12: whichever copy comes first, the inbox that is not in shadow has the letter, answers it, and alarms."""
    story = make_story(STREETS_IN_SHADOW)
    for inbox in order:
        story.receive(letter(to=f"{STREETS}, {HOUSING}", text=GAS), inbox=inbox)

    assert [case["inbox"] for case in story.cases()] == ["housing"]
    assert went_out(story) == [("urgent", "duty"), ("acknowledgement", "edward"), ("new-case", "priya")]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("to", [STREETS, f"{STREETS}, x@else.example", "x@else.example"])
@pytest.mark.parametrize("copied", [True, False], ids=["a copy came there before", "no copy came there"])
def test_to_names_none_but_the_inbox_in_shadow(make_story: Callable[..., Story], to: str, *, copied: bool) -> None:
    """P3: anybody can write a To field, and servers forward; what comes to an inbox that is not in shadow is heard of."""
    story = make_story(STREETS_IN_SHADOW)
    if copied:
        story.receive(letter(to=to, text=GAS), inbox="streets")
        assert went_out(story) == []
    story.receive(letter(to=to, text=GAS))
    story.receive(letter(to=to, text=GAS), inbox="streets")

    assert went_out(story) == [("urgent", "duty"), ("acknowledgement", "edward"), ("new-case", "priya")]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "further",
    [
        {"text": "The same once more.\n", "In_Reply_To": "<first@resident.example>"},
        {},
        {"subject": "{reference} please", "text": "It still smells.\n"},
    ],
    ids=["in its thread", "the same text", "with its reference"],
)
def test_a_further_letter_joins_no_case_in_shadow(make_story: Callable[..., Story], further: dict[str, str]) -> None:
    """P3: a letter to an inbox that is not in shadow opens a case there, whatever connects it to a case in shadow."""
    story = make_story(STREETS_IN_SHADOW)
    story.receive(letter(to=STREETS), inbox="streets")
    story.after(hours=2)
    reference = story.office.council.reference_of(story.case()["code"])
    fields = {name: value.replace("{reference}", reference) for name, value in further.items()}
    story.receive(letter(message_id="<second@resident.example>", **fields))

    assert [case["inbox"] for case in story.cases()] == ["streets", "housing"]
    assert went_out(story) == [("acknowledgement", "edward"), ("new-case", "priya")]


def test_a_rehearsal_goes_on(make_story: Callable[..., Story]) -> None:
    """behaviour.md §5.1: letters to the inbox in shadow alone join their cases there, and send nothing."""
    story = make_story(STREETS_IN_SHADOW)
    story.receive(letter(to=STREETS), inbox="streets")
    story.after(hours=2)
    story.receive(
        letter(to=STREETS, message_id="<second@resident.example>", In_Reply_To="<first@resident.example>"),
        inbox="streets",
    )

    assert [case["inbox"] for case in story.cases()] == ["streets"]
    assert went_out(story) == []


def test_without_the_rule(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above see the rule: without it a further letter is swallowed."""
    monkeypatch.setattr(decide.rehearsals, "left_out", lambda _seen, facts, _council: facts)
    story = make_story(STREETS_IN_SHADOW)
    story.receive(letter(to=STREETS), inbox="streets")
    story.receive(letter(message_id="<second@resident.example>"))

    assert went_out(story) == []
