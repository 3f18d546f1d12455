"""An officer's own signed mail to somebody else, sent to us again: it speaks for nobody here, ends nothing, closes nothing (P7)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story

pytestmark = pytest.mark.usefixtures("store")

GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"
MO = "Mo <mo@else.example>"
US = "Housing <housing@northgate.example>"
EARLIER = "Sat, 28 Nov 2026 09:00:00 +0000"
WORDS = [
    "Hello, your claim is refused.",
    "DONE Hello, your case is closed.",
    "MORE 18 December: late",
    "CLOSE: a duplicate",
    "PHONED he is fine",
]


def again(story: Story, kind: str, sender: str, text: str, *, to: str, date: str = "") -> None:
    """That mail, with the id of ours as what it answers: from a forward, or because its first writer gave theirs that id."""
    ours = str(parsed(bytes(story.mail(kind)["content"]))["Message-ID"])
    story.receive(
        letter(
            sender=sender,
            to=to,
            subject="Re: parking",
            text=text,
            message_id="<private@northgate.example>",
            date=date or f"{story.now:%a, %d %b %Y %H:%M:%S +0000}",
            In_Reply_To=ours,
            References=ours,
            Authentication_Results=PASSED,
        )
    )


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize(
    ("to", "date"), [(MO, ""), (MO, EARLIER), (US, EARLIER)], ids=["to another", "both", "before ours"]
)
def test_a_private_mail_answers_nothing_of_ours(
    make_story: Callable[..., Story], text: str, to: str, date: str
) -> None:
    """It names none of our inboxes, or is older than what it seems to answer: its writer is asked, and nothing is done."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=30)
    before = [dict(row) for row in story.db.run("SELECT code, state, owner, human_words_at FROM cases")]
    again(story, "new-case", "Priya Shah <priya@northgate.example>", text, to=to, date=date)

    assert [dict(row) for row in story.db.run("SELECT code, state, owner, human_words_at FROM cases")] == before
    assert story.outbox("human") == []
    assert len(story.outbox("ask-back", "priya@northgate.example")) == 1


@pytest.mark.parametrize("text", ["TAKE", "Taken.\n\nDuty Officer", "Yes, taken, thanks"])
def test_a_private_mail_ends_no_alarm(make_story: Callable[..., Story], text: str) -> None:
    """E5: "Taken" of two days ago, or to somebody else, leaves the alarm running."""
    story = make_story()
    story.receive(letter(text=GAS))
    story.after(minutes=2)
    again(story, "urgent", "Duty Officer <duty@northgate.example>", text, to=MO, date=EARLIER)
    again(story, "urgent", "Duty Officer <duty@northgate.example>", text + " ", to=MO)
    story.at("2026-11-30 10:40")

    assert story.db.run("SELECT taken_by FROM alarms")[0]["taken_by"] == ""
    assert len(story.outbox("urgent")) >= 2


def test_a_clock_that_is_wrong_by_minutes(make_story: Callable[..., Story]) -> None:
    """Clocks differ: an answer that seems to be some minutes older than our mail is an answer."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=1)
    again(
        story,
        "new-case",
        "Priya Shah <priya@northgate.example>",
        "Dear Edward,\n\nwe come on Friday to mend it.\n\nPriya",
        to=US,
        date="Mon, 30 Nov 2026 09:50:00 +0000",
    )

    assert "we come on Friday" in plain(bytes(story.mail("human")["content"]))
