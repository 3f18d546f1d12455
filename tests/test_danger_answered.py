"""Danger: what the resident reads first, by when somebody writes, and who hears if nobody does (behaviour.md §3.9)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

CHRISTMAS_EVE = "2026-12-24 17:30"
AT_ONCE = (
    "I can smell gas in the hallway of my flat.",
    "There is a fire in the flat next door.",
    "The ceiling has collapsed.",
)
SENSITIVE = ("I want to kill myself tonight.", "My husband hits me every night.")


@pytest.mark.parametrize("text", AT_ONCE)
def test_what_to_do_comes_first_and_the_date_is_near(make_story: Callable[..., Story], text: str) -> None:
    """E49: not "you will hear by 6 January" to a smell of gas on Christmas Eve, and no number of a closed office."""
    story = make_story(now=CHRISTMAS_EVE)
    story.receive(letter(text=text))
    told = plain(bytes(story.mail("acknowledgement")["content"]))

    assert told.startswith("If someone is in danger, call 999. If you smell gas, call 0800 111 999.")
    assert told.count("999") == 2  # said once, first
    assert "Priya or a colleague will write to you by Wednesday 30 December." in " ".join(told.split())
    assert "We are closed now and will open again on Wednesday 30 December." in " ".join(told.split())
    assert "020 7946" not in told
    assert "Please phone or write yourself today." in words(story, "new-case")[0]


@pytest.mark.parametrize("text", SENSITIVE)
def test_sensitive_letters_are_answered_as_any_letter_of_that_hour(make_story: Callable[..., Story], text: str) -> None:
    """E49, E50: somebody else may read that mailbox: no subject, no date; closed is said; help stands behind who has it."""
    story = make_story(now=CHRISTMAS_EVE)
    story.receive(letter(subject="He hit me", text=text))
    mail = bytes(story.mail("acknowledgement")["content"])
    told = " ".join(plain(mail).split())

    assert "has your email. If someone is in danger, call 999." in told
    assert "We are closed now and will open again on Wednesday 30 December." in told
    assert " by " not in told.partition("Royal Borough")[0]
    assert "020 7946" not in told
    assert parsed(mail)["Subject"] == "Re: your email of Thursday 24 December"
    owner = words(story, "new-case")[0]
    assert "Please phone or write yourself today." in owner
    assert "No date was promised" in owner
    assert "was promised" not in owner.replace("No date was promised", "")


def test_a_second_letter_says_it_again(story: Story) -> None:
    """E50: "Did anyone read this?" brings its owner the same first line, and the resident a receipt."""
    story.receive(letter(text=SENSITIVE[0]))
    story.after(minutes=90)
    story.receive(
        letter(text="Did anyone read this?", message_id="<2@resident.example>", In_Reply_To="<first@resident.example>")
    )

    assert words(story, "resident-wrote")[-1].startswith("Please phone or write yourself today.")


@pytest.mark.parametrize(
    ("until", "readers"), [("2026-12-01", {"priya", "alex"}), ("2026-12-03", {"priya", "alex", "dana"})]
)
def test_who_hears_if_nobody_writes(story: Story, until: str, readers: set[str]) -> None:
    """E74: the manager hears on the next working day, not after six days, and the next one above on the days after."""
    story.receive(letter(text=SENSITIVE[0]))
    story.at(f"{until} 09:00")

    assert {mail["staff"] for mail in story.outbox("digest") if mail["staff"]} <= readers
    assert "alex" in {mail["staff"] for mail in story.outbox("digest")}
    assert "Please phone or write yourself" in words(story, "digest", "alex@northgate.example")[-1]


def test_nobody_is_told_once_somebody_wrote(story: Story) -> None:
    """E74: words of a person end it."""
    story.receive(letter(text=SENSITIVE[0]))
    story.after(minutes=20)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nI am Priya. May I phone you now?\n\nPriya")
    story.at("2026-12-02 09:00")

    assert [mail for mail in story.outbox("digest") if mail["staff"] == "alex"] == []
