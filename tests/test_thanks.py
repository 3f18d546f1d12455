"""A resident's short answers: those that ask for nothing, and those that only look so (behaviour.md §3.5)."""

from pathlib import Path

import pytest

from ackbot.casework.incoming import thanks
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

PEOPLE = ("Edward Quan", "edward", "Priya Shah")


@pytest.mark.parametrize(
    "words",
    [
        "2 - thanks, the boiler stopped working",
        "5 - thanks. The leak is back",
        "Thanks. The leak is back.",
        "Thanks, is the plumber coming?",
        "Thanks for nothing",
        "No thanks",
        "Thanks again, no water",
        "Help! Thanks",
        "Thanks\nUrgent",
        "12 Acacia Avenue is where it leaks",
        "great",
    ],
)
def test_a_letter_that_thanks_is_a_letter(words: str) -> None:
    """behaviour.md §3.5, P1: somebody reads every word besides the thanks."""
    assert thanks.short_answer(words, PEOPLE) is None


@pytest.mark.parametrize(
    ("words", "score"),
    [
        ("Thanks", 0),
        ("Thank you so much for your quick reply!\n\nKind regards\nEdward Quan", 0),
        ("Hi Priya,\n\nthat's great, many thanks for letting me know.\n\nEd", 0),
        ("Diolch yn fawr", 0),
        ("5", 5),
        ("4.", 4),
        ("4/5, thanks Priya", 4),
        ("3 out of 5\nEdward", 3),
    ],
)
def test_bare_thanks_and_scores(words: str, score: int) -> None:
    """behaviour.md §3.5: names and pleasantries take nothing from it."""
    found = thanks.short_answer(words, PEOPLE)

    assert found is not None
    assert found.score == score


@pytest.mark.parametrize(
    ("words", "score"),
    [
        ("2 – the leak is back", 2),
        ("5 - thanks. The leak is back", 5),
        ("4 thanks", 4),
        ("12 Acacia Avenue", 0),
        ("3pm on Friday suits me", 0),
        ("3.30 is fine", 0),
        ("3 - 5 people can come", 0),
        ("2 men came", 0),
        ("1. The leak is back\n2. The door too", 0),
    ],
)
def test_scores_that_letters_begin_with(words: str, score: int) -> None:
    """A house number, a time or a list at the beginning of a letter is not a score."""
    assert thanks.score_of(words) == score


@pytest.mark.parametrize("words", ["2 - thanks, the boiler stopped working", "Thanks. The leak is back."])
def test_thanks_with_a_letter_reopen(tmp_path: Path, words: str) -> None:
    """behaviour.md §3.5, P1: the whole way; bare thanks to a closed case reach whoever had it, and open nothing."""
    story = Story(tmp_path, ('members = ["priya", "sam"]', 'members = ["priya"]'))
    story.receive(letter())
    story.reply(story.mail("new-case"), "DONE\n\nA surveyor comes on Thursday between 9 and 12.")
    answered = parsed(bytes(story.mail("human")["content"]))["Message-ID"]
    story.at("2026-12-01 10:00")
    about = {"subject": "Re: Damp in the bedroom", "In_Reply_To": answered}
    story.receive(letter(text="Many thanks\nEdward", message_id="<t1@resident.example>", **about))
    assert story.case()["state"] == "closed"
    assert story.outbox("resident-wrote") == []
    story.at("2026-12-02 09:00")
    assert "Many thanks" in plain(bytes(story.mail("digest", "priya@northgate.example")["content"]))
    story.receive(letter(text=words, message_id="<t2@resident.example>", **about))

    assert story.case()["state"] == "open"
    assert words in plain(bytes(story.mail("resident-wrote", "priya@northgate.example")["content"]))
