"""Mails to staff have room for so many cases; whoever is proven stands first, and how many there are besides is said (P3, P7)."""

from collections.abc import Callable

import pytest

from ackbot.casework.drafts import shown
from tests.support.letters import letter, plain
from tests.support.story import Story

FORGED = "mx.northgate.example; dmarc=fail header.from=resident.example"
PASS = "mx.northgate.example; dmarc=pass header.from=resident.example"
FLOOD = 140


def flooded(make_story: Callable[..., Story]) -> Story:
    """Many forged letters, then Edward's own."""
    story = make_story()
    for number in range(FLOOD):
        story.receive(
            letter(
                sender=f"Person <p{number}@resident.example>",
                subject=f"Damp in flat {number}",
                text=f"Damp {number}.\n",
                message_id=f"<m{number}@resident.example>",
                Authentication_Results=FORGED,
            )
        )
    story.receive(letter(Authentication_Results=PASS))
    return story


def test_a_flood_hides_no_resident(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.1, §5: of many forged cases that are due a mail shows sixty, a proven resident's first, and counts the rest."""
    story = flooded(make_story)
    owner = next(case["owner"] for case in story.cases() if case["resident_address"] == "edward@resident.example")
    story.at("2026-12-07 14:00")
    mails = story.outbox("digest", story.office.council.staff[owner].email)
    texts = [" ".join(plain(bytes(mail["content"])).split()) for mail in mails]

    assert any("good morning" in text for text in texts)
    assert any("at 3pm" in text for text in texts)
    for mail, text in zip(mails, texts, strict=True):
        assert text.count("(RBN-") == shown.MOST_CASES
        assert "Edward Quan" in text.split("(RBN-")[0]
        assert f"There are {having(story, owner) - shown.MOST_CASES} more" in text
        assert f"ackbot cases --owner {owner}" in text
        assert len(bytes(mail["content"])) < 120_000


def having(story: Story, owner: str) -> int:
    """How many open cases somebody has."""
    return sum(case["owner"] == owner and case["state"] == "open" for case in story.cases())


def test_whoever_takes_over(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: the table of cases taken over is bounded, too."""
    story = flooded(make_story)
    story.reply(story.mail("new-case", "priya@northgate.example"), "AWAY until 4 January")
    story.at("2026-12-01 09:00")
    sheets = [" ".join(plain(bytes(one["content"])).split()) for one in story.outbox("hand-over")]

    assert max(text.count("(RBN-") for text in sheets) == shown.MOST_CASES
    assert any("more. Residents whom we could check" in text for text in sheets)


def test_a_short_list_keeps_its_order() -> None:
    """A list with room for all is not sorted anew, and says nothing of more."""
    assert shown.shown(["b", "a"], lambda _: pytest.fail("nobody is asked for a rank")) == ["b", "a"]
    assert shown.beyond(shown.MOST_CASES)["more"] == 0
