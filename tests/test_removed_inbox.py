"""A case whose inbox the configuration no longer has: everybody looks it up one way, and nobody is lost (P4, P5, P10)."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from ackbot.casework.council import Council, Mode
from ackbot.config import sample
from tests.support.letters import letter, parsed
from tests.support.story import Story, words

ANSWER = "Dear Edward,\n\na surveyor comes on Thursday between 9 and 12.\n\nKind regards\nPriya"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """One letter, and then its inbox is taken out of the file; the first that is left is housing."""
    made = Story(tmp_path)
    made.receive(letter())
    made.db.run("UPDATE cases SET inbox = 'closed-long-ago'")
    return made


def _council(mode: Mode) -> Council:
    council = sample().office.council
    first = replace(council.first_inbox, mode=mode)
    return replace(council, inboxes=MappingProxyType({**council.inboxes, first.name: first}))


@pytest.mark.parametrize(
    ("mode", "stands_in"),
    [("shadow", "shadow"), ("staff", "staff"), ("acknowledge", "acknowledge"), ("live", "acknowledge")],
)
def test_the_first_inbox_stands_in(mode: Mode, stands_in: Mode) -> None:
    """behaviour.md §5.1: it sends no more than the first inbox may, and nothing by a timer to residents."""
    council = _council(mode)

    assert council.inbox_of("closed-long-ago") == replace(council.first_inbox, mode=stands_in)
    assert council.inbox_of(council.first_inbox.name) is council.first_inbox


def test_words_of_staff_go_out(story: Story) -> None:
    """P6: the owner answers the mail they have, and the resident reads it, from the inbox that stands in."""
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), ANSWER)

    assert words(story, "human")[0].startswith("Dear Edward,")
    assert parsed(bytes(story.mail("human")["content"]))["From"].endswith("<housing@northgate.example>")
    assert story.case()["state"] == "answered"


def test_a_line_of_a_digest_goes_out_too(story: Story) -> None:
    """The same in a digest: no line of it is taken for one of an inbox on trial."""
    story.receive(letter(subject="Lift", text="The lift is broken.", message_id="<2@resident.example>"))
    story.at("2026-12-07 09:00")
    code = story.db.run("SELECT code FROM cases WHERE inbox = 'closed-long-ago'")[0]["code"]
    reference = story.office.council.reference_of(code)
    story.reply(story.mail("digest", "priya@northgate.example"), f"{reference} UPDATE: the part is ordered, Edward.")

    assert "The part is ordered, Edward." in words(story, "human")[0]


def test_its_promise_is_withheld_and_staff_hear_of_it(story: Story) -> None:
    """P5: nothing goes to the resident by a timer, and the owner reads why."""
    story.at("2026-12-07 15:30")

    assert story.outbox("no-news") == []
    assert "the inbox sends residents no automatic mail yet" in words(story, "digest", "priya@northgate.example")[-1]
    assert ("update", "2026-12-07", "withheld") in story.clocks()


def test_an_answered_case_of_it_closes(story: Story) -> None:
    """P5: its time to settle ends like any other, without a mail."""
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), ANSWER)
    story.at("2026-12-10 10:00")

    assert story.outbox("settled") == []
    assert story.case()["state"] == "closed"
