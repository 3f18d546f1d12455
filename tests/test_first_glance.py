"""What a member of staff sees of a mail in a list of mails: its subject and its first line (E57, E58; behaviour.md §4.1)."""

import re

import pytest

from ackbot.mail import replies
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

FENCE = "only what you write above this line goes to"
STAFF_WITH_WORDS_OUT = ("new-case", "resident-wrote", "digest")


def first_line(content: bytes) -> str:
    return next(line for line in plain(content).split("\n") if line.strip())


def subject(content: bytes) -> str:
    return str(parsed(content)["Subject"])


@pytest.mark.parametrize(
    ("when", "head"),
    [
        ("2026-12-04 09:00", "Due by Monday 7 December: "),
        ("2026-12-07 09:00", "Due today: "),
        ("2026-12-07 13:00", "Overdue today: "),
        ("2026-12-08 09:00", "Overdue: "),
    ],
)
def test_a_reminder_of_one_case_says_first_what_it_is(story: Story, when: str, head: str) -> None:
    """E57: the subject of the case comes after it, and does not read as if the resident wrote once more."""
    story.receive(letter())
    story.at(when)

    found = subject(story.mail("digest", "priya@northgate.example")["content"])
    assert found.startswith(f"{head}Damp in the bedroom ["), found


def test_the_first_line_says_what_the_mail_is(story: Story) -> None:
    """E58: no preview of a mail to staff is filled by the line above which they write; it stands under the first words."""
    story.receive(letter())
    story.receive(
        letter(message_id="<2@resident.example>", text="It is worse now.", In_Reply_To="<first@resident.example>")
    )
    story.at("2026-12-07 13:00")

    for kind in STAFF_WITH_WORDS_OUT:
        content = bytes(story.mail(kind, "priya@northgate.example")["content"])
        assert re.search(r"this is yours|wrote again|was promised for", first_line(content)), first_line(content)
        assert plain(content).index("Only what you write") > plain(content).index(first_line(content))


def test_words_between_our_first_line_and_the_fence_are_asked_about() -> None:
    """P6: whoever writes within our mail, above the line, is asked before a resident reads our own first line."""
    ours = "Priya, this is yours: RBN-AAA-AAA. Why you: you are of the team."
    original = f"{ours}\n\n-- {FENCE} Edward\n\nEdward knows that you have it."
    within = replies.read(f"{ours}\n\nDear Edward,\n\nwe come on Friday.\n\n-- {FENCE} Edward\n", [FENCE], original)
    above = replies.read(f"Dear Edward,\n\nwe come on Friday.\n\n{original}", [FENCE], original)

    assert within.doubtful
    assert (above.doubtful, above.words) == (False, "Dear Edward,\n\nwe come on Friday.")


@pytest.mark.parametrize("sign_off", ["Priya", "Priya, this is", "P"])
def test_a_sign_off_is_not_the_beginning_of_our_mail(story: Story, sign_off: str) -> None:
    """P6: our mails to Priya begin with her name, and so may what she ends hers with."""
    story.receive(letter())
    story.reply(story.mail("new-case"), f"Dear Edward,\n\nwe come on Friday.\n\n{sign_off}")

    assert f"\n{sign_off}\n" in plain(bytes(story.mail("human")["content"]))
