"""Wishes and scores count only in a resident's own words to us, not in what they forward or say to a stranger (P7)."""

from collections.abc import Callable
from email.utils import parseaddr

import pytest

from ackbot.casework.incoming import own_words
from tests.support.letters import letter, parsed
from tests.support.story import PASSED, Story

BOB = "Bob <bob@evil.example>"
US = "Northgate Housing <housing@northgate.example>"
PASS = "mx.northgate.example; dmarc=pass header.from=resident.example"
WISHES = ["No more emails please", "Large print please", "Reply in Polish please", "Please do not phone me"]
GMAIL = "On Mon, 30 Nov 2026 at 10:50, {writer} wrote:\n> Shall I write to you again?\n"
OUTLOOK = "From: {writer}\nSent: 30 November 2026 10:50\nTo: Edward Quan <edward@resident.example>\nSubject: Letters\n\nShall I?\n"
FORWARDS = [
    "---------- Forwarded message ---------\nFrom: Anna <anna@else.example>\nDate: Mon, 30 Nov 2026\nSubject: My flat\n"
    "To: Edward <edward@resident.example>\n\n{wish}.\n",
    "Begin forwarded message:\n\nFrom: Anna <anna@else.example>\nSubject: My flat\nDate: 30 November 2026\n\n{wish}.\n",
    "Von: Anna <anna@else.example>\nGesendet: Montag\nAn: Edward <edward@resident.example>\nBetreff: My flat\n\n{wish}.\n",
    "-----Original Message-----\nFrom: Anna\nSubject: My flat\n\n{wish}.\n",
]


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """Edward has a case and its acknowledgement; an hour has passed."""
    found = make_story()
    found.receive(letter(Authentication_Results=PASS))
    found.after(minutes=60)
    return found


def says(story: Story, text: str, to: str = "", subject: str = "Re: Letters", **fields: str) -> None:
    """What Edward writes, by default to the reply address of our acknowledgement; {ours} is its Message-ID."""
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    story.receive(
        letter(
            to=to or parseaddr(str(ours["Reply-To"]))[1],
            subject=subject,
            text=text,
            message_id="<edward-2@resident.example>",
            date="Mon, 30 Nov 2026 11:15:00 +0000",
            Authentication_Results=PASS,
            **{name: value.replace("{ours}", str(ours["Message-ID"])) for name, value in fields.items()},
        )
    )


def wished(story: Story) -> list[dict[str, object]]:
    """What is remembered of anybody."""
    people = [dict(row) for row in story.db.run("SELECT * FROM people")]
    return [one for one in people if one["quiet"] or one["formats"] or one["language"]]


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(
    ("quote", "fields"),
    [
        (GMAIL.format(writer=BOB), {"In_Reply_To": "<bob@evil.example>"}),
        ("", {"In_Reply_To": "<bob@evil.example>"}),
        (OUTLOOK.format(writer=BOB), {}),
        (GMAIL.format(writer=BOB), {"In_Reply_To": "<bob@evil.example>", "References": "{ours} <bob@evil.example>"}),
        (GMAIL.format(writer=BOB), {"In_Reply_To": "{ours}", "References": "{ours}"}),
        (GMAIL.format(writer='"housing@northgate.example" <bob@evil.example>'), {"In_Reply_To": "{ours}"}),
        (OUTLOOK.format(writer="Bob") + "\n" + OUTLOOK.format(writer=US), {"In_Reply_To": "<bob@evil.example>"}),
    ],
    ids=[
        "Gmail",
        "no quotation",
        "Outlook without an id",
        "our id in its thread",
        "our id as its own",
        "our address as the name",
        "our mail below",
    ],
)
def test_an_answer_to_a_strangers_mail(story: Story, wish: str, quote: str, fields: dict[str, str]) -> None:
    """P7, §3.13: a stranger has our reply address in Reply-To, and asks; the resident's answer is attached, and no wish."""
    says(story, f"{wish}.\n\n{quote}", **fields)

    assert wished(story) == []
    assert len(story.cases()) == 1  # attached, and read by its owner
    assert "resident-wrote" in [row["kind"] for row in story.outbox(to="priya@northgate.example")]


@pytest.mark.parametrize("wish", WISHES)
def test_an_inbox_in_copy(story: Story, wish: str) -> None:
    """P7, §3.13: what is said to the landlord, an inbox of ours in Cc, is not said to us."""
    says(story, f"{wish}.\n", to=BOB, Cc="housing@northgate.example", In_Reply_To="{ours}")

    assert wished(story) == []


@pytest.mark.parametrize("settled", ["1", "5 stars", "Very good"])
def test_a_score_for_somebody_else(story: Story, settled: str) -> None:
    """P7, §3.5: a number in answer to a stranger's mail is no score, though the thread has our question."""
    story.reply(story.mail("new-case"), "Hello Edward, the damp is mended.")
    story.at("2026-12-08 10:00")
    asked = parsed(bytes(story.mail("settled")["content"]))
    says(
        story,
        f"{settled}\n\n{GMAIL.format(writer=BOB)}",
        In_Reply_To="<bob@evil.example>",
        References=f"{asked['Message-ID']} <bob@evil.example>",
    )

    assert story.db.run("SELECT id FROM events WHERE kind = 'feedback'") == []


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("forward", FORWARDS, ids=["Gmail", "Apple", "Outlook in German", "Outlook's label"])
@pytest.mark.parametrize("first", [True, False], ids=["first letter", "further letter"])
def test_a_forwarded_mail(make_story: Callable[..., Story], wish: str, forward: str, *, first: bool) -> None:
    """P7, §3.13: a wish in a mail that is forwarded to us is its writer's, not the forwarder's."""
    story = make_story()
    if not first:
        story.receive(letter(Authentication_Results=PASS))
    story.receive(
        letter(
            subject="Fwd: My flat" if first else "Fwd: Damp in the bedroom",
            text=f"Please see what Anna wrote.\n\n{forward.format(wish=wish)}",
            message_id="<edward-2@resident.example>",
            Authentication_Results=PASS,
        )
    )

    assert wished(story) == []


def test_own_words_above_a_forward(make_story: Callable[..., Story]) -> None:
    """§3.13: what somebody writes above a mail that they forward to us is their own wish."""
    story = make_story()
    text = f"Large print please.\n\n{FORWARDS[0].format(wish='Braille please')}"
    story.receive(letter(subject="Fwd: My flat", text=text, Authentication_Results=PASS))

    assert [row["formats"] for row in wished(story)] == ["large print"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Large print please.\n\n" + GMAIL.format(writer=US), {"In_Reply_To": "{ours}"}),
        ("Large print please.\n", {"In_Reply_To": "{ours}"}),
        ("Large print please.\n\n" + GMAIL.format(writer=US), {"In_Reply_To": "<0100@ses.example>"}),
        ("Large print please.\n\n" + OUTLOOK.format(writer="Northgate Housing"), {"In_Reply_To": "{ours}"}),
        ("Large print please.\n\n" + GMAIL.format(writer="Priya <priya@northgate.example>"), {"In_Reply_To": "<p@x>"}),
        ("Large print please.\n\n" + GMAIL.format(writer="Edward <edward@resident.example>"), {}),
        (GMAIL.format(writer=US) + "\nLarge print please.\n", {"In_Reply_To": "{ours}"}),
    ],
    ids=["by id and head", "by id", "id replaced", "a name alone", "to an officer", "to his own letter", "below"],
)
def test_an_answer_to_us(story: Story, text: str, fields: dict[str, str]) -> None:
    """§3.13: a wish in an answer to our mail, to a colleague's, or to the resident's own letter counts."""
    says(story, text, **fields)

    assert [row["formats"] for row in wished(story)] == ["large print"]


def test_without_the_rule(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above see the rule: without it the resident is silenced by what they said to Bob."""
    monkeypatch.setattr(own_words, "to_us", lambda *_: True)
    says(story, f"No more emails please.\n\n{GMAIL.format(writer=BOB)}", In_Reply_To="<bob@evil.example>")

    assert [bool(row["quiet"]) for row in wished(story)] == [True]


STEERED = {
    "the case's ids in References": {"References": "<first@resident.example> <bob@evil.example>"},
    "the case's id as its own": {"In_Reply_To": "<first@resident.example>"},
    "under the subject": {"subject": "Re: Damp in the bedroom"},
    "the reference in the subject": {"subject": "Re: {reference}"},
    "our reply address in Cc": {"Cc": "{reply}"},
}


def officer_writes(story: Story, text: str, fields: dict[str, str]) -> None:
    """What Priya answers to Bob, who put Edward into Reply-To and an inbox of ours into Cc."""
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    known = {"{reply}": str(ours["Reply-To"]), "{reference}": story.office.council.reference_of(story.case()["code"])}
    head = {"subject": "Re: Letters", "Cc": "housing@northgate.example", "In_Reply_To": "<bob@evil.example>"} | fields
    for name, value in known.items():
        head = {field: one.replace(name, value) for field, one in head.items()}
    story.receive(
        letter(
            sender="Priya Shah <priya@northgate.example>",
            to="Edward Quan <edward@resident.example>",
            text=text,
            message_id="<priya-1@northgate.example>",
            date="Mon, 30 Nov 2026 11:15:00 +0000",
            Authentication_Results=PASSED,
            **head,
        )
    )


@pytest.mark.parametrize("fields", STEERED.values(), ids=STEERED.keys())
def test_an_officers_answer_to_a_stranger_ends_no_promise(story: Story, fields: dict[str, str]) -> None:
    """E5, P7: the officer's server vouches, the resident has the mail, and it answers Bob: the owner is asked, nothing ends."""
    before = story.clocks("running")
    officer_writes(story, f"Yes, that is fine with me.\n\n{GMAIL.format(writer=BOB)}", fields)

    assert story.case()["state"] == "open"
    assert story.clocks("running") == before
    assert story.outbox("ask-back", "priya@northgate.example")


@pytest.mark.parametrize(
    "text",
    [
        "Hello Edward, we come on Tuesday.\n\n" + GMAIL.format(writer="Edward <edward@resident.example>"),
        "Hello Edward, we come on Tuesday.\n\n" + OUTLOOK.format(writer="Edward Quan"),
        "Hello Edward, we come on Tuesday.\n",
    ],
    ids=["head", "a name alone", "no quotation"],
)
def test_an_officers_answer_to_the_resident_ends_it(story: Story, text: str) -> None:
    """behaviour.md §3.4: with the resident in the head, or their letter's id, it is human words, as ever."""
    officer_writes(story, text, {"In_Reply_To": "<first@resident.example>", "subject": "Re: Damp in the bedroom"})

    assert story.case()["state"] == "answered"
