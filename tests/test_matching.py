"""Which case a letter belongs to if the case is closed, or the letter forwarded or a machine's (D28, D41, D43, D53, D54, D62)."""

from pathlib import Path

import pytest

from tests.support.letters import html, letter, parsed, plain
from tests.support.story import Story

DONE = "DONE\n\nDear Edward,\n\nThe wall was treated this morning.\n\nPriya"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """One letter, answered and closed on the first of December."""
    made = Story(tmp_path)
    made.receive(letter())
    made.at("2026-12-01 11:00")
    made.reply(made.mail("new-case"), DONE)
    return made


def again(story: Story, number: int = 2, **fields: str) -> dict[str, object]:
    """The resident answers the words that closed the case."""
    sent = parsed(bytes(story.mail("human")["content"]))["Message-ID"]
    wanted = {
        "subject": "Re: Damp in the bedroom",
        "text": "It is back.",
        "message_id": f"<{number}@r.example>",
        "In_Reply_To": sent,
    }
    return story.receive(letter(**wanted | fields))


def test_a_reply_within_the_time_reopens(story: Story) -> None:
    """D53, `reopen_within`: the same case, open again, with dates counted from this letter."""
    story.at("2026-12-20 10:00")
    again(story)

    assert [case["state"] for case in story.cases()] == ["open"]
    assert ("update", "2026-12-30", "running") in story.clocks()


def test_a_reply_after_the_time_is_a_linked_new_case(story: Story) -> None:
    """D53: a new case; its owner reads which one it goes on with."""
    story.at("2027-01-15 10:00")
    again(story)
    old, new = story.cases()

    assert (old["state"], new["state"]) == ("closed", "open")
    assert f"it goes on with RBN-{old['code'][:3]}-{old['code'][3:]}" in " ".join(
        plain(bytes(story.mail("new-case")["content"])).split()
    )


def test_the_same_subject_to_another_inbox_is_another_matter(tmp_path: Path) -> None:
    """behaviour.md §3.3: "Complaint" to Housing and "Complaint" to Streets, on one day, are two cases."""
    story = Story(tmp_path)
    story.receive(letter(subject="Complaint"))
    other = letter(
        to="streets@northgate.example", subject="Complaint", text="The bins.", message_id="<bins@resident.example>"
    )
    story.receive(other, inbox="streets")

    assert [case["inbox"] for case in story.cases()] == ["housing", "streets"]


def test_a_forward_to_another_team_starts_a_case_there(story: Story) -> None:
    """D54: the resident forwards our mail to another inbox: theirs to deal with, and linked."""
    sent = parsed(bytes(story.mail("human")["content"]))["Message-ID"]
    raw = letter(
        to="streets@northgate.example",
        subject="Fw: Damp in the bedroom",
        text="And the drain outside?",
        message_id="<f@r.example>",
        References=sent,
    )
    row = story.receive(raw, inbox="streets")

    assert row["outcome"] == "case"
    assert [case["inbox"] for case in story.cases()] == ["housing", "streets"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied", "subject": "Automatic reply: Damp in the bedroom"},
        {
            "content_type": "multipart/report; report-type=disposition-notification; boundary=b",
            "text": "--b\n\nread\n--b\nContent-Type: message/disposition-notification\n\nDisposition: automatic-action/MDN-sent-automatically; displayed\n--b--",
        },
        {"content_type": 'text/calendar; method="REPLY"', "text": "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n"},
        {
            "Content_Class": "urn:content-classes:message",
            "X_MS_Exchange_Calendar": "x",
            "content_type": "text/calendar; method=CANCEL",
            "text": "BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR\n",
        },
    ],
    ids=["automatic reply", "read receipt", "calendar reply", "calendar cancel"],
)
def test_machines_of_a_resident_change_nothing(story: Story, headers: dict[str, str]) -> None:
    """D41, D62: no acknowledgement, no reopening, no new owner, no contact counted."""
    before = story.case()
    row = again(story, **headers)

    assert row["acknowledged"] == 0
    assert story.case() == before
    assert len(story.cases()) == 1


def test_a_colleague_who_forwards_is_no_resident(tmp_path: Path) -> None:
    """D43: acknowledged as a colleague; the resident in the forwarded words is not guessed."""
    story = Story(tmp_path)
    text = "Yours, I think.\n\n---------- Forwarded message ---------\nFrom: Edward Quan <edward@resident.example>\nSubject: Damp\n\nThere is damp.\n"
    story.receive(letter(sender="Jo Bell <jo.bell@northgate.example>", subject="Fwd: Damp", text=text))

    assert [mail["recipient"] for mail in story.outbox("acknowledgement")] == ["jo.bell@northgate.example"]
    assert "complain" not in plain(bytes(story.mail("acknowledgement")["content"]))
    assert story.case()["resident_address"] == "jo.bell@northgate.example"


def test_html_of_a_letter_is_never_mailed_on(tmp_path: Path) -> None:
    """D28: what the owner gets is text; no element, script or remote picture of a stranger's goes on, in any of our mails."""
    story = Story(tmp_path)
    page = '<html><body><p onclick="x()">Damp</p><script>alert(1)</script><img src="https://spy.example/p.gif"><style>p{}</style></body></html>'
    story.receive(letter(text=page, content_type="text/html; charset=utf-8", subject="<script>alert(2)</script>"))
    story.at("2026-12-07 16:00")
    contents = [bytes(mail["content"]) for mail in story.outbox()]
    pages = [html(content) for content in contents if parsed(content).get_body(("html",))]

    assert len(pages) > 2
    assert [page for page in pages if "<script" in page or "spy.example" in page or "onclick" in page] == []
    assert "Damp" in plain(bytes(story.mail("new-case")["content"]))
