"""A stranger has an officer answer a mail of the stranger's own to a reply address of ours: nothing is done (P7)."""

from collections.abc import Callable
from email.utils import parseaddr

import pytest

from ackbot.casework.staff import steered
from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story, words

BOB = "Bob <bob@evil.example>"
GMAIL = "On Mon, 30 Nov 2026 at 10:50, {writer} wrote:\n> Hello, can we meet on Tuesday?\n"
OUTLOOK = (
    "From: {writer}\nSent: 30 November 2026 10:50\nTo: Priya Shah <priya@northgate.example>\n"
    "Cc: Housing <housing@northgate.example>\nSubject: Tuesday\n\n"
)
FENCE = "--- Only what you write above this line goes to Edward ---\n"
STEERED = [
    "Yes, that is fine with me. You can come on Tuesday.",
    "CLOSE: no longer needed",
    "DONE: all is done.",
    "TAKE",
]


@pytest.fixture
def alarmed(make_story: Callable[..., Story]) -> Story:
    """Edward smells gas; Priya has the case, and Priya is the duty officer, too."""
    story = make_story(('to = ["duty"]', 'to = ["priya"]'))
    story.receive(letter(text="I smell gas in the hall.\n"))
    story.after(minutes=40)
    return story


def steer(story: Story, text: str, quote: str = "", *, kind: str = "new-case", **fields: str) -> dict[str, object]:
    """What Priya writes in answer to a mail that came from Bob, with the reply address of our mail in its Reply-To."""
    ours = parsed(bytes(story.mail(kind, "priya@northgate.example")["content"]))
    head = {"In_Reply_To": "<bob@evil.example>", "References": "<bob@evil.example>", "subject": "Re: Tuesday"} | fields
    return story.receive(
        letter(
            sender="Priya Shah <priya@northgate.example>",
            to=parseaddr(str(ours["Reply-To"]))[1],
            text=f"{text}\n\n{quote}",
            message_id="<priya-1@northgate.example>",
            date="Mon, 30 Nov 2026 10:52:00 +0000",
            Authentication_Results=PASSED,
            **{name: value.replace("{ours}", str(ours["Message-ID"])) for name, value in head.items() if value},
        )
    )


def nothing_done(story: Story) -> bool:
    """Whether the case and its alarm are as they were, nothing went to Edward, and Priya was asked."""
    taken = [row["taken_by"] for row in story.db.run("SELECT taken_by FROM alarms")]
    asked = words(story, "ask-back", "priya@northgate.example")
    quiet = not story.outbox("human") and not story.db.run("SELECT id FROM absences")
    return (
        story.case()["state"] == "open" and taken == [""] and quiet and "answers a mail that is not ours" in asked[-1]
    )


@pytest.mark.parametrize("kind", ["new-case", "urgent"])
@pytest.mark.parametrize("text", STEERED)
def test_an_answer_to_a_strangers_mail(alarmed: Story, text: str, kind: str) -> None:
    """P7: no words go out, and neither case nor alarm end, whichever of our reply addresses the stranger had."""
    steer(alarmed, text, GMAIL.format(writer=BOB), kind=kind)

    assert nothing_done(alarmed)


@pytest.mark.parametrize("text", ["AWAY until 4 January", "NOTE seen, all is well"])
def test_what_is_about_no_resident(alarmed: Story, text: str) -> None:
    """P7: nor is an absence or a note made of it."""
    steer(alarmed, text, GMAIL.format(writer=BOB))

    assert nothing_done(alarmed)
    assert alarmed.db.run("SELECT id FROM words") == []


@pytest.mark.parametrize(
    ("quote", "fields"),
    [
        ("", {}),
        (OUTLOOK.format(writer=BOB), {}),
        (GMAIL.format(writer=BOB), {"In_Reply_To": "", "References": ""}),
        ("", {"In_Reply_To": "", "References": ""}),
        (GMAIL.format(writer=BOB), {"References": "{ours} <bob@evil.example>"}),
        (GMAIL.format(writer=BOB), {"In_Reply_To": "{ours}", "References": "{ours}"}),
        (GMAIL.format(writer=BOB) + f"> {FENCE}", {}),
        (GMAIL.format(writer='"Edward Quan via Housing" <bob@evil.example>'), {}),
        (GMAIL.format(writer='"housing@northgate.example" <bob@evil.example>'), {}),
        (OUTLOOK.format(writer='"Edward Quan via Housing" <bob@evil.example>'), {"In_Reply_To": "", "References": ""}),
    ],
    ids=[
        "no quotation",
        "Outlook",
        "no Message-ID",
        "neither of them",
        "our id in its thread",
        "our id as its own",
        "our mail pasted into it",
        "called as we are",
        "called by our address",
        "called as we are, in Outlook",
    ],
)
def test_however_the_stranger_writes(alarmed: Story, quote: str, fields: dict[str, str]) -> None:
    """P7: ids and words of our mail can be put into any mail; the head over the quotation is the officer's own client's."""
    steer(alarmed, STEERED[0], quote, **fields)

    assert nothing_done(alarmed)


@pytest.mark.parametrize(
    ("quote", "fields"),
    [
        (GMAIL.format(writer="Edward Quan via Housing <housing@northgate.example>"), {}),
        (GMAIL.format(writer="Housing <Repairs@Northgate.example>"), {"In_Reply_To": "", "References": ""}),
        ("", {"In_Reply_To": "{ours}"}),
        ("", {"In_Reply_To": "", "References": "", "subject": "RBN"}),
        ("", {"In_Reply_To": "<first@resident.example>"}),
    ],
    ids=["id replaced", "id lost", "by its id, from a phone", "a link", "to his letter"],
)
def test_an_answer_to_us(alarmed: Story, quote: str, fields: dict[str, str]) -> None:
    """behaviour.md §4.2: an answer to our mail goes out as before, also where a server replaces our ids."""
    steer(alarmed, "Hello Edward, we come to you on Tuesday and look at it.", quote, **fields)

    (sent,) = alarmed.outbox("human")
    assert sent["recipient"] == "edward@resident.example"
    assert "we come to you on Tuesday" in plain(bytes(sent["content"]))


def test_a_name_alone_in_outlooks_head(alarmed: Story) -> None:
    """Outlook leaves the address out for people it knows. Such words are asked about, but not as an answer to a stranger."""
    steer(alarmed, "Hello Edward, we come on Tuesday.", OUTLOOK.format(writer="Edward Quan via Housing") + FENCE)

    assert "a mail that is not ours" not in words(alarmed, "ask-back")[-1]
    assert [row["kind"] for row in alarmed.db.run("SELECT kind FROM words")] == ["held"]


def test_without_the_rule(alarmed: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above see the rule: without it the officer's words to the stranger reach Edward."""
    monkeypatch.setattr(steered, "is_steered", lambda _: False)
    steer(alarmed, STEERED[0], GMAIL.format(writer=BOB))

    assert [mail["recipient"] for mail in alarmed.outbox("human")] == ["edward@resident.example"]
