"""A family of three in copy, a PDF forwarded from an iPhone, an answer of a calendar: on Dovecot, as a council has it (E16, E19, E24)."""

from base64 import b64encode
from pathlib import Path

from ackbot.demo.servers import Sink
from tests.support.council import configured
from tests.support.letters import letter, parsed, plain
from tests.support.outside import to
from tests.support.servers import Ackbot, Dovecot
from tests.test_calendars_and_reports import calendar
from tests.test_whole_letters import in_parts, said

HOUSING = "housing@northgate.example"
PDF = b64encode(b"%PDF-1.4 " + b"x" * 400_000).decode()


def test_a_family_a_pdf_and_a_calendar(tmp_path: Path, dovecot: Dovecot, sink: Sink) -> None:
    """
    E16, E18, E19, E24: one case for the family, with a neutral receipt for the mother; the PDF of a large mail, marked inline,
    goes along; the words of a large mail whose boundary is wrong are read; the calendar's answer brings nothing.
    """
    family = {"Cc": "Nora Quan <nora@resident.example>, Olga Quan <olga@else.example>"}
    folded = "\r\n".join(PDF[at : at + 76] for at in range(0, len(PDF), 76))
    phone = in_parts(
        said("Begin forwarded message:\n\nFrom: Landlord <lee@landlord.example>\nSubject: Lease\nDate: 1 November 2026\nTo: Ann\n\nSee the lease."),
        f"Content-Type: application/pdf; name=lease.pdf\nContent-Disposition: inline; filename=lease.pdf\nContent-Transfer-Encoding: base64\n\n{folded}\n",
        sender="Ann Lee <ann@resident.example>", subject="Fwd: Lease", message_id="<pdf@resident.example>", X_Mailer="iPhone Mail (22B91)",
    )  # fmt: skip
    wrong = (
        phone.replace(b'boundary="b"', b'boundary="other"')
        .replace(b"ann@", b"bob@")
        .replace(b"<pdf@", b"<wrong@")
        .replace(b"See the lease", b"Read me too")
    )
    accepted = in_parts(
        said(""),
        calendar("REPLY"),
        kind="alternative",
        subject="Accepted: Damp inspection",
        message_id="<cal@resident.example>",
    )
    nora = letter(
        sender="Nora Quan <nora@resident.example>", to="edward@resident.example", Cc=HOUSING, subject="Re: Damp in the bedroom",
        text="I live there too.\n", message_id="<nora@resident.example>", In_Reply_To="<first@resident.example>",
    )  # fmt: skip
    with Ackbot(configured(tmp_path, dovecot.port, sink.port)) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        dovecot.append(HOUSING, letter(**family))
        assert sink.wait_for(lambda mails: len(mails) == 2)
        for raw in (nora, phone, wrong, accepted):
            dovecot.append(HOUSING, raw)
        assert sink.wait_for(lambda mails: len(mails) == 8)
        ackbot.wait_for_log('"letter"', 5)

    whole = to(sink, "priya@northgate.example") + to(sink, "sam@northgate.example")
    assert [parsed(one)["Subject"] for one in to(sink, "nora@resident.example")] == ["Re: Damp in the bedroom"]
    assert "Your email has reached" in plain(to(sink, "nora@resident.example")[0])
    assert to(sink, "olga@else.example") == []
    assert len(to(sink, "edward@resident.example")) == 1
    assert any(
        "Nora Quan via Housing" in str(parsed(one)["From"]) and "I live there too." in plain(one) for one in whole
    )
    leases = [one for one in whole if "See the lease." in plain(one)]
    assert [part.get_filename() for one in leases for part in parsed(one).iter_attachments()] == ["lease.pdf"]
    assert any("Read me too." in plain(one) for one in whole)
    assert not any("Accepted" in str(parsed(one)["Subject"]) for one in whole)
