"""A call or a visit that a member of staff writes down: NEW, PHONE, VISIT (behaviour.md §4.8)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ackbot.casework.staff import calls
from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story

SAM = "Sam Jones <sam@northgate.example>"
DAMP = "damp in the bedroom since October, the baby coughs."


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path)
    yield made
    made.close()


def written_down(text: str, sender: str = SAM, passed: str | None = PASSED, **fields: Any) -> bytes:
    """A mail to an inbox in which a colleague writes down a call; the council's server vouches for them."""
    fields.setdefault("subject", "a call")
    fields.setdefault("message_id", "<call@northgate.example>")
    return letter(sender, text=f"{text}\n\nSam\n", Authentication_Results=passed, **fields)


def words(row: dict[str, Any]) -> str:
    return " ".join(plain(bytes(row["content"])).split())


@pytest.mark.parametrize(
    ("words", "way", "name", "address"),
    [
        ("NEW Edward Quan <edward@resident.example>: damp", "call", "Edward Quan", "edward@resident.example"),
        ("NEW edward@resident.example: damp", "call", "", "edward@resident.example"),
        ("PHONE Mrs Quan, 14 Mill Lane, 0161 496 0000: damp", "call", "Mrs Quan", ""),
        ("VISIT Nora Quan 0161 496 0000 nora@resident.example: damp", "visit", "Nora Quan", "nora@resident.example"),
        ("*NEW* Edward Quan: damp", "", "", ""),
        ("  NEW Edward Quan: damp\nand more", "call", "Edward Quan", ""),
        ("NEW Edward Quan:", "", "", ""),
        ("NEW: Edward Quan, damp", "", "", ""),
        ("New Edward Quan: damp", "", "", ""),
        ("NEW bins when do they come: Monday?", "", "", ""),
        ("PHONE called him, no answer: will try again", "", "", ""),
        ("NEWS Edward Quan: damp", "", "", ""),
        ("Hello\nNEW Edward Quan: damp", "", "", ""),
    ],
)
def test_what_is_written_down(words: str, way: str, name: str, address: str) -> None:
    """§4.8: the word in capitals, a name or an address, a colon, and what they said; anything else is no call."""
    found = calls.heard(words)

    assert (found.way if found else "") == way
    assert ((found.caller.name, found.caller.addr) if found else ("", "")) == (name, address)
    if found:
        assert "damp" in found.text
        assert found.text.startswith(words.split(" ", 1)[1].split(":", maxsplit=1)[0].strip()) or "  NEW" in words


def test_a_call_with_an_address(story: Story) -> None:
    """§4.8: the caller is thanked, hears who has it and by when, and reads none of the colleague's words."""
    row = story.receive(written_down(f"NEW Edward Quan edward@resident.example: {DAMP}"))
    (case,) = story.cases()
    (ack,) = story.outbox("acknowledgement")
    (told,) = story.outbox("ask-back", "sam@northgate.example")
    said = words(ack)

    assert (row["kind"], row["outcome"], row["why"]) == ("staff", "event", "Sam Jones wrote down a call or a visit")
    assert (case["way"], case["resident_name"], case["subject"]) == ("call", "Edward Quan", DAMP)
    assert "Hello Edward Quan, Thank you for calling. " in said
    assert "in Housing has what you told us on Monday 30 November." in said
    assert "by Monday 7 December" in said
    assert "damp" not in said
    assert "passed your email" not in said
    assert parsed(bytes(ack["content"]))["Subject"] == "Your call of Monday 30 November"
    assert "In-Reply-To" not in parsed(bytes(ack["content"]))
    assert "Edward Quan has been told." in words(told)
    owners = words(story.mail("new-case"))
    assert "took a call on Monday 30 November at 10:12am" in owners
    assert DAMP in owners


def test_a_visit(story: Story) -> None:
    """§4.8: a visit is thanked for as one."""
    story.receive(written_down(f"VISIT Edward Quan edward@resident.example: {DAMP}"))
    (ack,) = story.outbox("acknowledgement")

    assert "Thank you for your visit." in words(ack)
    assert parsed(bytes(ack["content"]))["Subject"] == "Your visit of Monday 30 November"
    assert [case["way"] for case in story.cases()] == ["visit"]


def test_a_call_without_an_address(story: Story) -> None:
    """§4.8: nobody is mailed. The promise stands with the owner, who is told to ring, and reminded, until PHONED keeps it."""
    story.receive(written_down(f"PHONE Mrs Quan, 0161 496 0000: {DAMP}"))
    (case,) = story.cases()
    owner = f"{case['owner']}@northgate.example"
    new_case = words(story.mail("new-case"))

    assert case["resident_address"] == ""
    assert "Please ring or visit Mrs Quan by Monday 7 December, and reply PHONED and what you said." in new_case
    assert "0161 496 0000" in new_case
    assert "has not been told: they gave no email address" in words(story.mail("ask-back"))

    story.at("2026-12-07 16:00")  # the promised day passes
    reminders = [words(one) for one in story.outbox("digest", owner)]
    assert len(reminders) > 1
    assert all(
        "There is no email address of Mrs Quan: please ring or visit by Monday 7 December" in one for one in reminders
    )
    assert any(
        "Please ring or visit, and reply PHONED." in words(one)
        for one in story.outbox("digest", "alex@northgate.example")
    )
    assert [one["recipient"] for one in story.outbox() if "northgate.example" not in one["recipient"]] == []

    story.reply(story.mail("new-case"), "PHONED: she has an appointment on Thursday.", Authentication_Results=PASSED)
    story.at("2026-12-18 10:00")
    (case,) = story.cases()
    assert case["answered_by"] == "phone"
    assert case["state"] in ("answered", "closed")
    assert [one["recipient"] for one in story.outbox() if "northgate.example" not in one["recipient"]] == []


def test_in_reply_to_a_mail_of_ours(story: Story) -> None:
    """§4.8: below any staff mail, too; the case that it answers is left as it is."""
    story.receive(letter())
    (first,) = story.cases()
    row = story.reply(
        story.mail("new-case"), f"NEW Nora Quan nora@resident.example: {DAMP}", Authentication_Results=PASSED
    )
    cases = story.cases()

    assert row["kind"] == "staff"
    assert [case["resident_address"] for case in cases] == ["edward@resident.example", "nora@resident.example"]
    assert cases[0] == first
    assert story.outbox("human") == []
    assert "Damp" not in cases[1]["subject"]


def test_a_reply_in_an_inbox_that_believes_no_server(story: Story) -> None:
    """§4.4: a token and From suffice there, as for every command; without a token nothing is proven."""
    story.receive(letter(to="streets@northgate.example", subject="Bin"), inbox="streets")
    mail = story.mail("new-case")
    story.receive(
        written_down(f"NEW Nora Quan nora@resident.example: {DAMP}", to="streets@northgate.example"), "streets"
    )
    from tests.support.story import answer

    raw = answer(bytes(mail["content"]), f"NEW Ann Lee ann@resident.example: {DAMP}", mail["recipient"], when=story.now)
    story.receive(raw, inbox="streets")

    assert [case["resident_address"] for case in story.cases() if case["way"] == "call"] == ["ann@resident.example"]


STRANGERS = {
    "a stranger": {"sender": "Mallory <mallory@evil.example>", "passed": "mx.northgate.example; dmarc=pass header.from=evil.example"},
    "no pass": {"passed": None},
    "a colleague who is no staff": {"sender": "Jo <jo@northgate.example>"},
    "sent elsewhere": {"to": "landlord@evil.example"},
    "an old one, sent again": {"date": "Mon, 16 Nov 2026 10:00:00 +0000"},
}  # fmt: skip


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_not(story: Story, who: str) -> None:
    """P7: nobody but a proven member of staff has us write to somebody who never wrote to us."""
    story.receive(written_down(f"NEW Edward Quan edward@resident.example: {DAMP}", **STRANGERS[who]))

    assert [one for one in story.outbox() if one["recipient"] == "edward@resident.example"] == []
    assert [case["way"] for case in story.cases()] == ["mail"]


def test_addresses_that_are_not_written_to(story: Story) -> None:
    """P3, §2: an address that nobody reads, and one of our own inboxes, get no answer in a call either."""
    for number, address in enumerate(("noreply@shop.example", "streets@northgate.example")):
        story.receive(written_down(f"NEW Ann Lee {address}: {DAMP}", message_id=f"<c{number}@northgate.example>"))

    assert len(story.cases()) == 2
    assert story.outbox("acknowledgement") == []


def test_the_same_mail_twice(story: Story) -> None:
    """P2: found again, or resent with another id, it is the same call."""
    for message_id in ("<call@northgate.example>", "<call@northgate.example>", "<other@northgate.example>"):
        story.receive(written_down(f"NEW Edward Quan edward@resident.example: {DAMP}", message_id=message_id))

    assert len(story.cases()) == 1
    assert len(story.outbox("acknowledgement")) == 1


def test_danger_in_a_call(story: Story) -> None:
    """§3.9: what a caller said alarms like a letter."""
    story.receive(written_down("PHONE Mrs Quan 0161 496 0000: she can smell gas in the hall"))

    assert len(story.outbox("urgent")) == 1


def test_later_mails_to_a_caller(story: Story) -> None:
    """§4.8: no later mail repeats a colleague's words, or speaks of an email."""
    story.receive(written_down(f"NEW Edward Quan edward@resident.example: {DAMP}"))
    story.at("2026-12-08 10:00")
    later = [words(one) for one in story.outbox("", "edward@resident.example")]

    assert len(later) > 1
    assert all("damp" not in one and "your email" not in one for one in later)


def test_the_callers_answer_joins_the_case(story: Story) -> None:
    """§3.2: whoever answers our mail about their call writes into its case."""
    story.receive(written_down(f"NEW Edward Quan edward@resident.example: {DAMP}"))
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    story.receive(
        letter(subject=f"Re: {ours['Subject']}", to=str(ours["Reply-To"]), In_Reply_To=str(ours["Message-ID"]))
    )

    assert len(story.cases()) == 1
