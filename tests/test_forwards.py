"""The mails inside a mail, as every client forwards them (behaviour.md §4.7)."""

from datetime import UTC, datetime

import pytest

from ackbot.mail import forwards, mime
from ackbot.mail.forwards import written_at
from ackbot.mail.message import Message
from ackbot.mail.plain import MOST_ENCLOSED, Enclosed
from tests.support.letters import letter

EDWARD = "edward@resident.example"
ABOVE = "Hi both, this came to me.\n\nSam Jones\nStreets\n"
WORDS = "There is damp in the bedroom.\n\nRegards\nEdward Quan"

# What each client puts over the mail that it forwards: subject of the forward, head, and the date as that head tells it.
HEADS = {
    "Outlook": (
        "FW: Damp in the bedroom",
        "From: Edward Quan <edward@resident.example>\nSent: Monday, November 23, 2026 4:07 PM\n"
        "To: Sam Jones <sam@northgate.example>\nSubject: Damp in the bedroom\n\n",
    ),
    "Outlook with a link and a copy": (
        "FW: Damp in the bedroom",
        "________________________________\nFrom: Edward Quan <edward@resident.example<mailto:edward@resident.example>>\n"
        "Sent: 23 November 2026 16:07\nTo: Sam Jones <sam@northgate.example>; Priya Shah <priya@northgate.example>\n"
        "Cc: Nora Quan <nora@resident.example>\nSubject: Damp in the bedroom\n\n",
    ),
    "Outlook 2003": (
        "FW: Damp in the bedroom",
        "-----Original Message-----\nFrom: Edward Quan [mailto:edward@resident.example]\nSent: 23 November 2026 16:07\n"
        "To: Sam Jones\nSubject: Damp in the bedroom\n\n",
    ),
    "Outlook in bold, as Gmail shows it": (
        "Fwd: FW: Damp in the bedroom",
        "*From:* Edward Quan <edward@resident.example>\n*Sent:* 23 November 2026 16:07\n*To:* Sam Jones\n"
        "*Subject:* Damp in the bedroom\n\n",
    ),
    "Outlook, a paragraph each line": (
        "FW: Damp in the bedroom",
        "From: Edward Quan <edward@resident.example>\n\nSent: 23 November 2026 16:07\n\nTo: Sam Jones\n\n"
        "Subject: Damp in the bedroom\n\n",
    ),
    "Outlook, its subject rewritten": (
        "One for you",
        "From: Edward Quan <edward@resident.example>\nSent: 23 November 2026 16:07\nTo: Sam Jones\n"
        "Subject: Damp in the bedroom\n\n",
    ),
    "Gmail": (
        "Fwd: Damp in the bedroom",
        "---------- Forwarded message ---------\nFrom: Edward Quan <edward@resident.example>\n"
        "Date: Mon, 23 Nov 2026 at 16:07\nSubject: Damp in the bedroom\nTo: <sam@northgate.example>\n\n\n",
    ),
    "Thunderbird": (
        "Fwd: Damp in the bedroom",
        "-------- Forwarded Message --------\nSubject: \tDamp in the bedroom\nDate: \tMon, 23 Nov 2026 16:07:00 +0000\n"
        "From: \tEdward Quan <edward@resident.example>\nTo: \tsam@northgate.example\n\n\n\n",
    ),
    "Yahoo": (
        "Fw: Damp in the bedroom",
        "----- Forwarded message -----\nFrom: Edward Quan <edward@resident.example>\nTo: Sam <sam@northgate.example>\n"
        "Sent: Monday 23 November 2026 at 16:07:00 GMT\nSubject: Damp in the bedroom\n\n",
    ),
    "Samsung": (
        "Fwd: Damp in the bedroom",
        "-------- Original message --------\nFrom: Edward Quan <edward@resident.example>\n"
        "Date: 23/11/2026 16:07 (GMT+00:00)\nTo: Sam <sam@northgate.example>\nSubject: Damp in the bedroom\n\n",
    ),
    "Lotus Notes": (
        "Fw: Damp in the bedroom",
        "----- Forwarded by Sam Jones/Northgate on 23/11/2026 17:00 -----\n\n"
        'From: "Edward Quan" <edward@resident.example>\nTo: sam@northgate.example\nDate: 23/11/2026 16:07\n'
        "Subject: Damp in the bedroom\n\n",
    ),
    "Outlook, German": (
        "WG: Damp in the bedroom",
        "Von: Edward Quan <edward@resident.example>\nGesendet: Montag, 23. November 2026 16:07\nAn: Sam Jones\n"
        "Betreff: Damp in the bedroom\n\n",
    ),
    "Outlook, French": (
        "TR: Damp in the bedroom",
        "De\xa0: Edward Quan <edward@resident.example>\nEnvoyé\xa0: lundi 23 novembre 2026 16:07\nÀ\xa0: Sam Jones\n"
        "Objet\xa0: Damp in the bedroom\n\n",
    ),
    "Outlook, Welsh": (
        "Ymlaen: Damp in the bedroom",
        "Oddi wrth: Edward Quan <edward@resident.example>\nAnfonwyd: Dydd Llun, 23 Tachwedd 2026 16:07\nAt: Sam Jones\n"
        "Pwnc: Damp in the bedroom\n\n",
    ),
    "Outlook, Polish": (
        "FW: Damp in the bedroom",
        "Od: Edward Quan <edward@resident.example>\nWysłano: poniedziałek, 23 listopada 2026 16:07\nDo: Sam Jones\n"
        "Temat: Damp in the bedroom\n\n",
    ),
    "one line": (
        "Fwd: Damp in the bedroom",
        "On Mon, 23 Nov 2026 at 16:07, Edward Quan <edward@resident.example> wrote:\n\n",
    ),
}


def forwarded(subject: str, text: str) -> tuple[Enclosed, ...]:
    raw = letter("Sam Jones <sam@northgate.example>", subject=subject, text=text, message_id="<fw@northgate.example>")
    return Message.parse(raw).enclosed


def attached(*mails: bytes, text: str = ABOVE, kind: str = "message/rfc822", more: str = "") -> bytes:
    """A forward with mails attached."""
    parts = "".join(f"--b\r\nContent-Type: {kind}\r\n{more}\r\n{one.decode('latin-1')}\r\n" for one in mails)
    body = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n{parts}--b--\r\n"
    return letter(
        "Sam Jones <sam@northgate.example>",
        subject="FW: Damp in the bedroom",
        text=body.replace("\r\n", "\n"),
        message_id="<fw@northgate.example>",
        content_type="multipart/mixed; boundary=b",
    )


@pytest.mark.parametrize("client", HEADS)
def test_a_forward_in_the_text(client: str) -> None:
    """§4.7: whatever client forwarded it, writer, subject, day and words are theirs, and the words above it are the officer's."""
    subject, head = HEADS[client]
    (one,) = forwarded(subject, f"{ABOVE}\n{head}{WORDS}\n")

    assert [(author.name, author.addr) for author in one.mail.from_] == [("Edward Quan", EDWARD)]
    assert one.mail.text.strip() == WORDS
    assert one.mail.subject == ("" if client == "one line" else "Damp in the bedroom")
    assert one.mail.sent_at == datetime(2026, 11, 23, 16, 7, tzinfo=UTC)
    assert one.above == "Hi both, this came to me.\n\nSam Jones\nStreets"
    assert one.inline
    assert one.within == 0


def test_a_forward_that_is_quoted() -> None:
    """§4.7: Apple Mail marks the lines with `>`; what stands below them is the officer's own."""
    lines = (
        f"From: Edward Quan <{EDWARD}>\nSubject: Damp\nDate: 23 November 2026 at 16:07:00 GMT\n\nDamp.\n> older\nBye"
    )
    marked = "\n".join(f"> {line}" for line in lines.split("\n"))
    (one,) = forwarded("Fwd: Damp", f"Begin forwarded message:\n\n{marked}\n\nSent from my iPhone\n")

    assert one.mail.text == "Damp.\n> older\nBye"
    assert one.above == ""
    assert not one.local


def test_a_forward_of_a_forward() -> None:
    """§4.7: each mail is known with the one that holds it, and with what was said above it."""
    text = (
        "And to you.\n\nFrom: Priya Shah <priya@northgate.example>\nSent: 24 November 2026 10:00\nTo: Sam Jones\n"
        "Subject: FW: Damp\n\nSam, yours?\n\n"
        f"From: Edward Quan <{EDWARD}>\nSent: 23 November 2026 16:07\nTo: Priya Shah\nSubject: Damp\n\nThere is damp.\n"
    )
    priya, edward = forwarded("FW: FW: Damp", text)

    assert (priya.within, edward.within) == (0, 1)
    assert (priya.above, edward.above) == ("And to you.", "Sam, yours?")
    assert edward.mail.text == "There is damp."


def test_attached_mails() -> None:
    """§4.7: an attached mail is read like one that came by itself, with its ids, its date, and its files by their sections."""
    body = "--c\nContent-Type: text/plain\n\nDamp.\n--c\nContent-Type: image/png; name=a.png\n\nx\n--c--\n"
    inner = letter(text=body, content_type="multipart/mixed; boundary=c")
    first, second = Message.parse(attached(inner, letter(subject="Roof", message_id="<2@r.example>"))).enclosed

    assert first.mail.message_id == "<first@resident.example>"
    assert first.mail.fingerprint == Message.parse(inner).fingerprint
    assert [(one.name, one.section) for one in first.mail.attachments] == [("a.png", "2.2")]
    assert second.mail.subject == "Roof"
    assert first.above == second.above == "Hi both, this came to me.\n\nSam Jones\nStreets"
    assert not first.inline


def test_files_of_attached_mails_are_found_by_their_section() -> None:
    """§4.7: a forward that was delivered to us lies in no mailbox, so its files are taken from its bytes."""
    body = "--c\nContent-Type: text/plain\n\nDamp.\n--c\nContent-Type: image/png; name=a.png\n\nits content\n--c--\n"
    root = mime.parse(attached(letter(text=body, content_type="multipart/mixed; boundary=c")), files=True)

    assert b"its content" in (mime.part_bytes(root, "2.2") or b"")
    assert mime.part_bytes(root, "2.3") is None


def test_an_attached_mail_that_is_one_file() -> None:
    """RFC 3501 §6.4.5: the only part of an attached mail has a number of its own below that of the mail."""
    inner = letter(text="JVBERi0=\n", content_type="application/pdf; name=scan.pdf", Content_Transfer_Encoding="base64")
    (one,) = Message.parse(attached(inner)).enclosed

    assert [(file.name, file.section) for file in one.mail.attachments] == [("scan.pdf", "2.1")]


def test_a_mail_that_was_saved_as_a_file() -> None:
    """§4.7: officers drag mails to their desktop and attach them; no server knows the parts of such a file, so it goes along whole."""
    import base64

    body = "--c\nContent-Type: text/plain\n\nDamp.\n--c\nContent-Type: image/png; name=a.png\n\nx\n--c--\n"
    saved = base64.encodebytes(letter(text=body + "filler\n" * 900, content_type="multipart/mixed; boundary=c"))
    more = (
        'Content-Disposition: attachment; filename="Damp in the bedroom.eml"\r\nContent-Transfer-Encoding: base64\r\n'
    )
    (one,) = Message.parse(attached(saved, kind="application/octet-stream", more=more)).enclosed

    assert one.mail.text.strip() == "Damp."
    assert [(file.name, file.section) for file in one.mail.attachments] == [("Damp in the bedroom.eml", "2")]


def test_an_attached_forward() -> None:
    """§4.7: a forward inside a forward is opened too, attached or in its text."""
    _, head = HEADS["Outlook"]
    inner = letter("Priya <priya@northgate.example>", subject="FW: Damp", text=f"Yours?\n\n{head}{WORDS}\n")
    priya, edward = Message.parse(attached(attached(inner).replace(b"=b", b"=d").replace(b"--b", b"--d"))).enclosed[1:]

    assert (priya.within, edward.within) == (1, 2)
    assert edward.mail.from_[0].addr == EDWARD


def test_a_mail_that_its_writer_attached() -> None:
    """§4.7: what is attached to a forward in the text came with the forwarded mail, and is inside that."""
    _, head = HEADS["Outlook"]
    landlord = letter("Landlord <l@landlord.example>", subject="Notice", message_id="<n@landlord.example>")
    inline, mail = Message.parse(attached(landlord, text=f"{ABOVE}\n{head}{WORDS}\n")).enclosed

    assert inline.inline
    assert (mail.within, mail.above) == (1, "")
    assert [one.section for one in inline.mail.attachments] == ["2"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "RE: Damp",
            "Yes.\n\nFrom: Priya Shah <priya@northgate.example>\nSent: 23 November 2026\nTo: Sam\nSubject: Damp\n\nDamp.\n",
        ),
        ("RE: Damp", "Yes.\n\nFrom: Edward Quan\nSent: 23 November 2026\nTo: Sam\nSubject: Damp\n\nDamp.\n"),
        ("Damp", "From: the window to the door it is wet.\nTo: be clear, it is bad.\n"),
        ("FW: Damp", "There is nothing below.\n"),
        ("Rent", f"My details\n\nFrom: Edward Quan, {EDWARD}\nI pay on Fridays.\n"),
    ],
)
def test_no_forward(subject: str, text: str) -> None:
    """§4.7: a reply quotes what it answers, and words that begin like a field are words."""
    assert forwarded(subject, text) == ()


@pytest.mark.parametrize("subject", ["RE: Damp", "AW: Damp", "Ynt: Damp", "Re: [EXTERNAL] Damp"])
def test_a_reply_that_goes_to_another(subject: str) -> None:
    """§4.7: whoever presses "Reply" and writes our address over the resident's passes the letter on."""
    _, head = HEADS["Outlook"]
    (one,) = forwarded(subject, f"{ABOVE}\n{head}{WORDS}\n")

    assert one.mail.from_[0].addr == EDWARD
    assert one.above == "Hi both, this came to me.\n\nSam Jones\nStreets"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": EDWARD, "Cc": "housing@northgate.example"},
        {"to": "housing@northgate.example", "Cc": EDWARD},
        {"to": "housing@northgate.example, Nora <nora@elsewhere.example>"},
        {"sender": "Sam Jones <sam@resident.example>"},
    ],
)
def test_a_reply_to_them_is_an_answer(fields: dict[str, str]) -> None:
    """§4.7, §4.2: with the resident, or anybody outside, among its recipients, or from outside, it passes nothing on."""
    _, head = HEADS["Outlook"]
    fields = {"sender": "Sam Jones <sam@northgate.example>", **fields}

    assert Message.parse(letter(subject="RE: Damp", text=f"{ABOVE}\n{head}{WORDS}\n", **fields)).enclosed == ()


def test_a_report_holds_no_letter() -> None:
    """§4.7: the mail that a bounce returns is not one that somebody passed on."""
    report = letter(
        "MAILER-DAEMON@mx.example",
        text="--b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\n"
        "From: a@b.example\nSubject: x\n\nwords\n--b--\n",
        content_type="multipart/report; report-type=delivery-status; boundary=b",
    )

    assert Message.parse(report).enclosed == ()


def test_too_many() -> None:
    """§4.7: fifty mails in one are read, and that there are more is known."""
    many = [letter(subject=f"Matter {number}", message_id=f"<{number}@r.example>") for number in range(60)]
    message = Message.parse(attached(*many))

    assert len(message.enclosed) == MOST_ENCLOSED
    assert message.more_enclosed


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """§4.7: what is kept of the mails inside a mail is limited as a whole."""
    monkeypatch.setattr(forwards, "MOST_CHARACTERS", 2_000)
    message = Message.parse(attached(letter(), letter(text="long " * 500)))

    assert len(message.enclosed) == 1
    assert message.more_enclosed


@pytest.mark.parametrize(
    ("line", "at", "zoned"),
    [
        ("Mon, 23 Nov 2026 16:07:00 +0100", datetime(2026, 11, 23, 15, 7, tzinfo=UTC), True),
        ("Monday, November 23, 2026 4:07 PM", datetime(2026, 11, 23, 16, 7, tzinfo=UTC), False),
        ("23/11/2026 12:07 a.m.", datetime(2026, 11, 23, 0, 7, tzinfo=UTC), False),
        ("11/23/2026 16:07", datetime(2026, 11, 23, 16, 7, tzinfo=UTC), False),
        ("03.02.26", datetime(2026, 2, 3, 12, 0, tzinfo=UTC), False),
        ("2026-11-23 16:07 GMT", datetime(2026, 11, 23, 16, 7, tzinfo=UTC), True),
        ("mar. 24 nov. 2026 à 16h07", datetime(2026, 11, 24, 16, 7, tzinfo=UTC), False),
        ("Dydd Mawrth, 24 Tachwedd 2026 16:07", datetime(2026, 11, 24, 16, 7, tzinfo=UTC), False),
        ("martes, 1 de diciembre de 2026 9:05", datetime(2026, 12, 1, 9, 5, tzinfo=UTC), False),
        ("Samstag, 31. Februar 2026", None, False),
        ("yesterday", None, False),
    ],
)
def test_dates(line: str, at: datetime | None, zoned: bool) -> None:
    """§4.7: dates of forwards in the order and language of their client."""
    found = written_at(line)

    assert (found and found.at) == at
    assert bool(found and found.zoned) == zoned
