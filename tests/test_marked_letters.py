"""What staff read of letters that may be somebody else's, and of contact forms (behaviour.md §4.1, E4)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

FAILED = "mx.northgate.example; dmarc=fail header.from=resident.example"
MARK = "This may not be from Edward Quan: the mail system could not confirm the sender."


@pytest.mark.parametrize("hour", ["09:00", "13:00"])
@pytest.mark.parametrize("letters", [1, 2])
def test_the_mark_stays_in_digests(make_story: Callable[..., Story], hour: str, letters: int) -> None:
    """E4: whoever reads of the case on its day reads that the letter may be somebody else's; in lists too."""
    story = make_story()
    for number in range(letters):
        story.receive(
            letter(
                subject=f"Damp {number}",
                text=f"There is damp in room {number}.",
                message_id=f"<{number}@resident.example>",
                Authentication_Results=FAILED,
            )
        )
    story.at(f"2026-12-07 {hour}")

    assert MARK in words(story, "digest", "priya@northgate.example")[-1]


def test_no_mark_once_a_letter_is_proven(make_story: Callable[..., Story]) -> None:
    """E7: a letter that nobody condemns ends the doubt."""
    story = make_story()
    story.receive(letter(Authentication_Results=FAILED))
    story.after(minutes=5)
    story.receive(letter())
    story.at("2026-12-07 09:00")

    assert MARK not in words(story, "digest", "priya@northgate.example")[-1]


def test_a_list_at_one_promises_nothing_that_is_not_told(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.6: what nobody was promised is not called promised, and nobody reads that it will be told at 3pm."""
    story = make_story()
    for number in range(2):
        story.receive(
            letter(
                subject=f"Damp {number}",
                text=f"There is damp in room {number}.",
                message_id=f"<{number}@resident.example>",
                Authentication_Results=FAILED,
            )
        )
    story.at("2026-12-07 13:00")

    told = words(story, "digest", "priya@northgate.example")[-1]
    assert "this is due today, and nobody has written" in told
    assert "Edward Quan is not told anything automatically: no date was promised." in told
    assert "Promised for today" not in told
    assert "3pm" not in told


@pytest.mark.parametrize("subject", ["Damp", "Bins", ""])
def test_the_owner_reads_that_it_came_by_a_form(make_story: Callable[..., Story], subject: str) -> None:
    """P7: anybody can fill in a form in any name."""
    story = make_story()
    story.receive(
        letter(sender="forms@northgate.example", subject=subject, Reply_To="Edward Quan <edward@resident.example>")
    )

    assert "it came by a contact form, and nobody has checked the name and the address" in words(story, "new-case")[-1]
