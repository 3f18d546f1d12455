"""The residents' own standards are what "settled?" asks about, in turn (behaviour.md §3.5)."""

import json
from collections.abc import Callable

import pytest

from tests.support.letters import by, letter, plain
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")
TWO = ("# end", '[[statement]]\ntext = "You listened to me"\n\n[[statement]]\ntext = "You kept your word"\n')
ANSWER = "Hello,\n\nYour wall was treated today.\n\nPriya"


def asked(story: Story) -> list[str]:
    """The questions of all "settled?" mails, in order."""
    mails = [" ".join(plain(bytes(mail["content"])).split()) for mail in story.outbox("settled")]
    return [mail.partition("just reply. ")[2].partition(" Reply with")[0] for mail in mails]


def settle(story: Story, raw: bytes, day: str, on: str) -> None:
    """A letter that is answered that day and asked about on another."""
    story.at(f"{day} 10:00")
    story.receive(raw)
    story.reply(story.mail("new-case"), ANSWER)
    story.at(f"{on} 09:30")


def test_each_in_turn(make_story: Callable[..., Story]) -> None:
    """Three residents are asked about the first, the second, and the first statement again."""
    story = make_story(TWO)
    for number, (day, on) in enumerate(
        (("2026-11-30", "2026-12-08"), ("2026-12-09", "2026-12-17"), ("2026-12-18", "2026-12-31"))
    ):
        settle(story, by(number), day, on)

    first, second = (
        "How true is this for you: “You listened to me”?",
        "How true is this for you: “You kept your word”?",
    )
    assert asked(story) == [first, second, first]


def test_the_score_is_about_what_was_asked(make_story: Callable[..., Story]) -> None:
    """A number in reply is feedback on that statement, even if the configuration has another by then."""
    story = make_story(TWO)
    settle(story, letter(), "2026-11-30", "2026-12-08")
    story.receive(letter(text="4\n", message_id="<2@r.example>", In_Reply_To=story.mail("settled")["message_id"]))
    rows = story.db.run("SELECT kind, data FROM events WHERE kind IN ('asked', 'feedback') ORDER BY id")

    assert [(row["kind"], json.loads(row["data"])) for row in rows] == [
        ("asked", {"statement": "You listened to me"}),
        ("feedback", {"score": "4"}),
    ]


def test_without_statements(make_story: Callable[..., Story]) -> None:
    """As before: how did we do?"""
    story = make_story()
    settle(story, letter(), "2026-11-30", "2026-12-08")

    assert asked(story) == ["How did we do?"]
