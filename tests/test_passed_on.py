"""A letter that reached a member of staff, who forwards it to an inbox (behaviour.md §4.7)."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ackbot.casework.passed_on import BELIEVED
from ackbot.store import status
from ackbot.store.database import instant_of
from ackbot.work.explain import as_json, explain
from tests.support.council import MONDAY, World
from tests.support.letters import by, letter, parsed, plain
from tests.support.story import PASSED

pytestmark = pytest.mark.usefixtures("store")

SAM = "Sam Jones <sam@northgate.example>"
WORDS = "This came to me. He rang as well, please be kind."
FRIDAY = "Fri, 27 Nov 2026 16:07:00 +0000"
OUTLOOK = (
    "From: Edward Quan <edward@resident.example>\nSent: Friday, November 27, 2026 4:07 PM\n"
    "To: Sam Jones <sam@northgate.example>\nSubject: Damp in the bedroom\n\n"
)
DAMP = "There is damp in the bedroom.\n\nRegards\nEdward Quan\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def to_sam(text: str = DAMP, **fields: Any) -> bytes:
    """A letter that reached Sam on Friday."""
    return letter(to="Sam Jones <sam@northgate.example>", date=FRIDAY, text=text, **fields)


def attached(
    *mails: bytes, text: str = WORDS, sender: str = SAM, passed: str | None = PASSED, boundary: str = "b", **fields: Any
) -> bytes:
    """A forward with mails attached, written now; the council's server vouches for its writer."""
    parts = "".join(f"--{boundary}\nContent-Type: message/rfc822\n\n{one.decode()}\n" for one in mails)
    return letter(
        sender,
        subject=fields.pop("subject", "FW: Damp in the bedroom"),
        text=f"--{boundary}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n{parts}--{boundary}--\n".replace(
            "\r\n", "\n"
        ),
        message_id=fields.pop("message_id", "<fw@northgate.example>"),
        content_type=f"multipart/mixed; boundary={boundary}",
        Authentication_Results=passed,
        **fields,
    )


def inline(
    text: str, subject: str = "FW: Damp in the bedroom", sender: str = SAM, passed: str | None = PASSED, **fields: Any
) -> bytes:
    """A forward with the mail in its text."""
    fields.setdefault("message_id", "<fw@northgate.example>")
    return letter(sender, subject=subject, text=text, Authentication_Results=passed, **fields)


def told(world: World, to: str = "sam@northgate.example") -> str:
    """The last mail that tells the forwarder what was made of it."""
    return " ".join(plain(bytes(world.outbox("ask-back", to)[-1]["content"])).split())


@pytest.mark.parametrize(
    "raw", [attached(to_sam()), inline(f"{WORDS}\n\n{OUTLOOK}{DAMP}")], ids=["attached", "in the text"]
)
def test_a_letter_that_was_forwarded(world: World, raw: bytes) -> None:
    """§4.7: its writer is answered and its forwarder told; its dates count from the day on which the council had it."""
    row = world.receive(raw)
    (case,) = world.cases()
    (ack,) = world.outbox("acknowledgement")
    (owners,) = world.outbox("new-case")
    words = plain(bytes(ack["content"]))

    assert (row["kind"], row["outcome"], row["why"]) == ("staff", "event", "Sam Jones passed on a letter")
    assert (case["resident_address"], case["way"]) == ("edward@resident.example", "forwarded")
    assert instant_of(case["opened_at"]) == datetime(2026, 11, 27, 16, 7, tzinfo=UTC)
    assert ack["recipient"] == "edward@resident.example"
    assert "Sam Jones passed your email on to us." in words
    assert "by Friday 4 December" in words  # five working days from Friday, and not from Monday
    assert parsed(bytes(ack["content"]))["Subject"] == "Re: Damp in the bedroom"
    brought = plain(bytes(owners["content"]))
    assert "Nobody could check who wrote it." in brought
    assert "There is damp in the bedroom." in brought
    assert "please be kind" in brought
    assert "Edward Quan has been told" in told(world)
    assert [one["recipient"] for one in world.outbox() if "please be kind" in plain(bytes(one["content"]))] == [
        owners["recipient"]
    ]  # staff words stay inside


def test_clocks_of_a_letter_that_says_what_cannot_be(world: World) -> None:
    """§4.7: a date in the future, or months ago, is not believed: then it counts from the day on which it was passed on."""
    for number, date in enumerate(("Mon, 30 Nov 2026 23:00:00 +0000", "Mon, 1 Jun 2026 10:00:00 +0000", "nonsense")):
        other = letter(
            f"p{number}@resident.example", subject=f"Matter {number}", message_id=f"<{number}@r.example>", date=date
        )
        world.receive(attached(other, message_id=f"<fw{number}@northgate.example>"))

    assert BELIEVED.days == 60
    assert [instant_of(case["opened_at"]) for case in world.cases()] == [MONDAY] * 3


def test_several_at_once(world: World) -> None:
    """§4.7: each is a letter by itself, with its own owner and answer; the forwarder gets one mail about all."""
    world.receive(attached(by(1), by(2), by(3)))
    said = told(world)

    assert [case["subject"] for case in world.cases()] == ["Matter 1", "Matter 2", "Matter 3"]
    assert {case["owner"] for case in world.cases()} == {"priya", "sam"}  # the load of the first counts for the second
    assert len(world.outbox("acknowledgement")) == 3
    assert len(world.outbox("ask-back")) == 1
    assert all(f"Matter {number}" in said for number in (1, 2, 3))


def test_two_letters_of_one_writer_in_a_forward(world: World) -> None:
    """§3.3: what stands before it in the same forward counts as if it had come before: same subject, same case."""
    again = to_sam("Still damp.\n", message_id="<2@resident.example>")
    world.receive(attached(to_sam(), again, to_sam()))
    (case,) = world.cases()
    rows = world.db.run("SELECT outcome FROM letters WHERE brought_by IS NOT NULL ORDER BY id")

    assert [row["outcome"] for row in rows] == ["case", "attach"]  # the third is the first once more
    assert len(world.outbox("acknowledgement")) == 1
    assert case["resident_address"] == "edward@resident.example"


def test_thirty_at_once(world: World) -> None:
    """§4.7: an officer who clears a mailbox forwards thirty: thirty cases, one mail back."""
    world.receive(attached(*(by(number) for number in range(30))))

    assert len(world.cases()) == 30
    assert len(world.outbox("ask-back")) == 1
    assert "passed 30 letters on" in told(world)


def test_more_than_are_read(world: World) -> None:
    """§4.7: of sixty, the officer hears that there were more."""
    world.receive(attached(*(by(number) for number in range(60))))

    assert len(world.cases()) == 50
    assert "There were more letters in it than we take from one mail." in told(world)


@pytest.mark.parametrize("kind", ["attached", "in the text", "a text attached"])
def test_a_forward_of_a_forward(world: World, kind: str) -> None:
    """§4.7: colleagues passed it along: the letter is the resident's inside, and what each colleague wrote is kept."""
    priya = "Priya Shah <priya@northgate.example>"
    if kind == "in the text":
        head = "From: Priya Shah <priya@northgate.example>\nSent: 28 November 2026 09:00\nTo: Sam Jones\nSubject: FW: Damp\n\n"
        raw = inline(f"{WORDS}\n\n{head}Sam, is this yours?\n\n{OUTLOOK}{DAMP}", "FW: FW: Damp")
    else:
        fields: dict[str, Any] = {
            "text": "Sam, is this yours?",
            "sender": priya,
            "passed": None,
            "message_id": "<p@n.example>",
        }
        inner = attached(to_sam(), boundary="c", **fields)
        if kind == "a text attached":
            fields["text"] += f"\n\n{OUTLOOK}{DAMP}"
            inner = inline(fields.pop("text"), **fields)
        raw = attached(inner)
    world.receive(raw)
    (case,) = world.cases()
    owners = plain(bytes(world.outbox("new-case")[0]["content"]))

    assert case["resident_address"] == "edward@resident.example"
    assert "please be kind" in owners
    assert "Priya Shah:\n\nSam, is this yours?" in owners.replace("Shah:\nSam", "Shah:\n\nSam")
    assert [one["recipient"] for one in world.outbox("acknowledgement")] == ["edward@resident.example"]


AUTOMATIC = {
    "a robot": {"Auto_Submitted": "auto-generated"},
    "an absence": {"subject": "Automatic reply: Damp", "Auto_Submitted": "auto-replied"},
    "a newsletter": {"List_Unsubscribe": "<https://shop.example/x>", "Precedence": "bulk"},
}


@pytest.mark.parametrize("mark", AUTOMATIC)
def test_a_machines_mail(world: World, mark: str) -> None:
    """§4.7, P3: the forward of an automatic mail opens nothing, and its forwarder hears why."""
    world.receive(attached(to_sam(**AUTOMATIC[mark]), subject=f"FW: {AUTOMATIC[mark].get('subject', 'Damp')}"))

    assert world.cases() == []
    assert "Nothing was made of the mail of Edward Quan" in told(world)
    assert [one["kind"] for one in world.outbox()] == ["ask-back"]


def test_a_bounce_inside(world: World) -> None:
    """P7: a report inside a forward is anybody's text: it makes nobody unreachable."""
    world.receive(letter())
    ours = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))["Message-ID"]
    report = letter(
        "MAILER-DAEMON@mx.example",
        subject="Undeliverable",
        text="--r\n\nfailed\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; "
        "edward@resident.example\nAction: failed\nStatus: 5.1.1\n--r\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {ours}\n--r--\n",
        message_id="<dsn@mx.example>",
        content_type="multipart/report; report-type=delivery-status; boundary=r",
    )
    world.receive(attached(report))
    (case,) = world.cases()

    assert not case["unreachable"]
    assert "Nothing was made of the mail" in told(world)


def test_our_own_mail_inside(world: World) -> None:
    """P3: our acknowledgement comes back inside a forward: it opens nothing, and no loop begins."""
    world.receive(letter())
    ours = bytes(world.outbox("acknowledgement")[0]["content"])
    for number in range(3):
        world.receive(attached(ours, boundary="x", message_id=f"<fw{number}@northgate.example>"))

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert "it is our own mail come back" in told(world)


def test_a_letter_that_we_have(world: World) -> None:
    """P2: the resident wrote to Sam and to us: the forward of it is the same letter, and nobody is answered twice."""
    both = letter(to="housing@northgate.example, sam@northgate.example", date=FRIDAY)
    world.receive(both)
    world.receive(attached(both))

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert len(world.outbox("new-case")) == 1
    assert "already. Nothing was changed." in told(world)


def test_a_letter_that_we_have_forwarded_in_the_text(world: World) -> None:
    """§3.3: in the text of a forward its id is lost: the same writer and subject within three days join the case."""
    world.receive(letter(date=FRIDAY), arrived_at=datetime(2026, 11, 27, 16, 7, tzinfo=UTC))
    world.receive(inline(f"{WORDS}\n\n{OUTLOOK}{DAMP}"))

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert "was added to that case" in told(world)


def test_a_reply_that_was_sent_to_us_instead(world: World) -> None:
    """§4.7: "RE:" with our address written over the resident's is a forward; an answer of Sam's to us about a case is none."""
    world.receive(inline(f"Can you take this one?\n\n{OUTLOOK}{DAMP}", "RE: Damp in the bedroom"))
    (case,) = world.cases()

    assert (case["resident_address"], case["way"]) == ("edward@resident.example", "forwarded")
    assert "Can you take this one?" in plain(bytes(world.outbox("new-case")[0]["content"]))
    assert "Can you take this one?" not in plain(bytes(world.outbox("acknowledgement")[0]["content"]))
    assert "Edward Quan has been told" in told(world)


def test_the_thread_of_a_forward_in_the_text(world: World) -> None:
    """§4.7: Outlook names the forwarded letter in References: weeks later, under another subject, it is still that case."""
    world.receive(letter(date=FRIDAY), arrived_at=datetime(2026, 11, 27, 16, 7, tzinfo=UTC))
    world.after(days=10)
    head = OUTLOOK.replace("Damp in the bedroom", "It is worse")
    fields = {"date": "Thu, 10 Dec 2026 10:12:00 +0000", "References": "<first@resident.example>"}
    world.receive(inline(f"{WORDS}\n\n{head}The wall is black now.\n", "FW: It is worse", **fields))

    assert len(world.cases()) == 1
    assert "was added to that case" in told(world)
    assert "seems to answer" not in plain(bytes(world.outbox("resident-wrote")[-1]["content"]))


def test_an_answer_that_is_a_forward_too(world: World) -> None:
    """§4.2: Sam answers the resident, with us in copy, below a subject of a forward: that is an answer, and nothing is passed on."""
    world.receive(letter())
    (case,) = world.cases()
    world.receive(
        attached(
            to_sam(),
            text="Dear Edward, a surveyor comes on Thursday.",
            to="edward@resident.example",
            Cc="housing@northgate.example",
            In_Reply_To="<first@resident.example>",
        )
    )
    (after,) = world.cases()

    assert after["state"] == "answered"
    assert [one for one in world.outbox("ask-back") if one["dedupe_key"].startswith("passed")] == []
    assert case["code"] == after["code"]


def test_a_name_that_is_a_lure(world: World) -> None:
    """E10: the forwarder reads the address of whoever calls themselves by a number to ring."""
    world.receive(attached(to_sam(sender='"Ring 0800 123456" <edward@resident.example>')))

    assert "0800 123456" not in told(world)
    assert "edward@resident.example has been told" in told(world)


def test_a_letter_that_comes_by_itself_later(world: World) -> None:
    """P2: Sam was quicker than the copy that the resident sent to us: one case, one answer."""
    both = letter(to="housing@northgate.example, sam@northgate.example", date=FRIDAY)
    world.receive(attached(both))
    world.receive(both)

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1


def test_the_same_forward_twice(world: World) -> None:
    """P2: a forward to two inboxes, or found again, is one forward: one case in the first inbox of To, one mail back."""
    raw = attached(to_sam(), to="housing@northgate.example, streets@northgate.example")
    world.receive(raw)
    world.receive(raw, inbox="streets")
    world.receive(raw)

    assert [case["inbox"] for case in world.cases()] == ["housing"]
    assert len(world.outbox("acknowledgement")) == 1
    assert len(world.outbox("ask-back")) == 1


def test_two_officers_forward_the_same_letter(world: World) -> None:
    """P2: both had it: the second hears that we have it."""
    world.receive(attached(to_sam()))
    world.receive(
        attached(to_sam(), sender="Kofi Mensah <kofi@northgate.example>", message_id="<fw2@northgate.example>")
    )

    assert len(world.cases()) == 1
    assert "already. Nothing was changed." in told(world, "kofi@northgate.example")


def test_a_further_letter_goes_on_with_its_case(world: World) -> None:
    """§4.7: the resident answered Sam instead of us: the letter joins the case, which is open again. A wish in it counts for nothing."""
    world.receive(letter())
    (case,) = world.cases()
    world.db.run(
        "UPDATE cases SET state = 'answered', human_words_at = opened_at WHERE code = :code", code=case["code"]
    )
    more = to_sam(
        "It is damp again. No more emails please.\n", subject="Re: Damp in the bedroom", message_id="<2@resident.example>",
        In_Reply_To="<first@resident.example>",
    )  # fmt: skip
    world.after(days=1)
    world.receive(attached(more, date="Tue, 1 Dec 2026 10:00:00 +0000"))
    (case,) = world.cases()
    owners = plain(bytes(world.outbox("resident-wrote")[-1]["content"]))

    assert case["state"] == "open"
    assert not case["quiet"]
    assert "Nobody could check who wrote it." in owners


STRANGERS = {
    "a stranger": {"sender": "Mallory <mallory@evil.example>", "passed": "mx.northgate.example; dmarc=pass header.from=evil.example"},
    "no pass": {"passed": None},
    "a failure": {"passed": "mx.northgate.example; dmarc=fail header.from=northgate.example"},
    "a colleague who is no staff": {"sender": "Jo <jo@northgate.example>"},
    "a form": {"sender": "forms@northgate.example"},
    "not to us": {"to": "landlord@evil.example"},
    "an old one, sent again": {"date": "Mon, 16 Nov 2026 10:00:00 +0000"},
}  # fmt: skip


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_not_pass_on(world: World, who: str) -> None:
    """P7: only a proven member of staff passes on, to an inbox, lately. Else Edward hears of nothing."""
    world.receive(attached(to_sam(), **STRANGERS[who]))

    assert [one["recipient"] for one in world.outbox() if "edward@" in one["recipient"]] == []
    assert [case for case in world.cases() if case["way"] != "mail"] == []


def test_an_inbox_that_believes_no_server(world: World) -> None:
    """P7: where nothing proves who forwards, it is a letter of whoever it says, who can pass it on by another inbox."""
    world.receive(attached(to_sam(), to="streets@northgate.example"), inbox="streets")

    assert [case["resident_address"] for case in world.cases()] == ["sam@northgate.example"]


def test_a_leaver_passes_nothing_on(tmp_path: Path) -> None:
    """P7: who has left is nobody of ours."""
    world = World(tmp_path, ('name = "Sam Jones"', 'name = "Sam Jones"\nleft = 2026-11-01'))
    world.receive(attached(to_sam()))

    assert [one["recipient"] for one in world.outbox() if "edward@" in one["recipient"]] == []
    world.close()


def test_results_inside_prove_nothing(world: World) -> None:
    """P7: a pass inside a forward came with the mail: its subject is not quoted as if a server vouched for its writer."""
    forged = to_sam(subject="Your refund is ready, call 0800 123456", Authentication_Results="mx.northgate.example; dmarc=pass header.from=resident.example")  # fmt: skip
    world.receive(attached(forged))
    (ack,) = world.outbox("acknowledgement")
    row = dict(world.db.run("SELECT * FROM letters WHERE brought_by IS NOT NULL")[0])

    assert "0800" not in str(parsed(bytes(ack["content"]))["Subject"])
    assert not row["proven"]


def test_a_failure_inside_is_believed(world: World) -> None:
    """§2: the council's own server condemned it when it reached Sam: a case for its owner, no answer."""
    forged = to_sam(Authentication_Results="mx.northgate.example; dmarc=fail header.from=resident.example")
    world.receive(attached(forged))

    assert world.outbox("acknowledgement") == []
    assert [case["way"] for case in world.cases()] == ["forwarded"]
    assert "could not confirm the sender" in told(world)


def test_a_condemned_letter_is_not_cleared_by_a_forward(world: World) -> None:
    """E7: the copy that came to us was condemned, and Sam's bears no result: that clears nothing."""
    both = letter(to="housing@northgate.example, sam@northgate.example", date=FRIDAY)
    fail = b"Authentication-Results: mx.northgate.example; dmarc=fail header.from=resident.example\r\n"
    world.receive(fail + both)
    world.receive(attached(both))

    assert world.outbox("acknowledgement") == []
    assert len(world.cases()) == 1


def test_a_colleague_inside_speaks_for_nobody(world: World) -> None:
    """P7: a mail of the owner inside a forward, with our id in it, commands nothing."""
    world.receive(letter())
    new_case = parsed(bytes(world.outbox("new-case")[0]["content"]))
    done = letter(
        "Priya Shah <priya@northgate.example>",
        to=str(new_case["Reply-To"]),
        subject="Re: Damp",
        text="CLOSE: no reason\n",
        message_id="<done@evil.example>",
        In_Reply_To=str(new_case["Message-ID"]),
        Authentication_Results=PASSED,
    )
    world.receive(attached(done))

    assert [case["state"] for case in world.cases() if case["resident_address"] == "edward@resident.example"] == [
        "open"
    ]


def test_a_writer_whom_nobody_can_tell(world: World) -> None:
    """§4.7: a forward that names no address is the colleague's letter: Sam is answered, and nothing is lost."""
    head = OUTLOOK.replace("<edward@resident.example>", "")
    world.receive(inline(f"{WORDS}\n\n{head}{DAMP}"))
    (case,) = world.cases()
    (ack,) = world.outbox("acknowledgement")

    assert (case["resident_address"], case["way"]) == ("sam@northgate.example", "mail")
    assert ack["recipient"] == "sam@northgate.example"
    assert "Nobody else has been told." in plain(bytes(ack["content"]))


@pytest.mark.parametrize(
    "head",
    [
        'application/vnd.ms-outlook; name="Damp.msg"',
        'application/octet-stream; name="RE Damp in the bedroom.MSG"',
        "application/vnd.ms-outlook",
    ],
)
def test_a_mail_in_outlooks_own_format(world: World, head: str) -> None:
    """§4.7: nobody can read who wrote it: the forwarder is asked for the address, and the file and the answer go to the owner."""
    text = f"--b\nContent-Type: text/plain\n\n{WORDS}\n--b\nContent-Type: {head}\nContent-Disposition: attachment\n\nxx\n--b--\n"
    world.receive(
        letter(
            SAM,
            subject="FW: Damp",
            text=text,
            content_type="multipart/mixed; boundary=b",
            message_id="<fw@northgate.example>",
            Authentication_Results=PASSED,
        )
    )
    (case,) = world.cases()
    (ack,) = world.outbox("acknowledgement")
    (owners,) = world.outbox("new-case")

    assert case["resident_address"] == "sam@northgate.example"
    assert "Please reply with their email address, so that" in " ".join(plain(bytes(ack["content"])).split())
    assert owners["attachments"]
    world.after(minutes=5)
    ours = parsed(bytes(ack["content"]))
    reply = letter(
        SAM, to=str(ours["Reply-To"]), subject=f"Re: {ours['Subject']}", text="edward@resident.example\n", message_id="<a@northgate.example>",
        In_Reply_To=str(ours["Message-ID"]), Authentication_Results=PASSED,
    )  # fmt: skip
    world.receive(reply)
    assert "edward@resident.example" in plain(bytes(world.outbox("resident-wrote")[-1]["content"]))


def test_danger_in_a_forwarded_letter(world: World) -> None:
    """§3.9: what a forwarded letter says alarms like any letter, and not what the colleague wrote above it."""
    world.receive(attached(to_sam("I can smell gas in the hall.\n")))
    world.receive(
        attached(
            by(7), text="He is not in danger, no gas smell.", message_id="<fw7@northgate.example>", subject="FW: Roof"
        )
    )

    assert len(world.outbox("urgent")) == 1


def test_a_forward_of_many_dangerous_letters_is_a_flood(world: World) -> None:
    """E9, §3.9: of eight strangers five alarm by themselves, and the others stand in one list; one writer has one chain."""
    mails = [
        letter(
            f"p{number}@r.example",
            subject=f"Gas {number}",
            text=f"I smell gas, {number}.\n",
            message_id=f"<g{number}@r.example>",
        )
        for number in range(8)
    ]
    world.receive(attached(*mails))
    how = [row["data"] for row in world.db.run("SELECT data FROM events WHERE kind = 'Alarm' ORDER BY id")]

    assert len(world.cases()) == 8
    assert [json.loads(one)["how"] for one in how] == ["mailed"] * 5 + ["listed"] * 3
    assert len(world.outbox("urgent")) == 5

    again = [
        to_sam(f"I smell gas, {number}.\n", subject=f"Gas {number}", message_id=f"<e{number}@r.example>")
        for number in range(3)
    ]
    world.after(hours=2)
    world.db.run("UPDATE alarms SET taken_by = 'duty', taken_at = started_at")
    world.receive(attached(*again, message_id="<fw2@northgate.example>"))
    assert len(world.outbox("urgent")) == 6


def test_a_spam_filter_is_overruled(world: World) -> None:
    """E7: Sam found it in the Junk folder and passes it on: a person has judged it."""
    world.receive(attached(to_sam(X_Spam_Flag="YES")))

    assert len(world.outbox("acknowledgement")) == 1


def test_files_of_a_forwarded_letter_come_along(world: World) -> None:
    """§4.7: the owner gets the letter's files, by their sections in the forward."""
    body = "--c\nContent-Type: text/plain\n\nDamp.\n--c\nContent-Type: application/pdf; name=scan.pdf\nContent-Disposition: attachment\n\nx\n--c--\n"
    world.receive(attached(to_sam(body, content_type="multipart/mixed; boundary=c")))
    (owners,) = world.outbox("new-case")

    assert '"section": "2.2"' in owners["attachments"]
    assert "scan.pdf" in plain(bytes(owners["content"]))


def test_explain_says_what_is_inside(world: World) -> None:
    """D71: explain shows the forward, and each letter in it with its reason."""
    raw = attached(to_sam(), to_sam(subject="Sale", message_id="<2@shop.example>", Precedence="bulk"))
    result = as_json("x", explain(raw, world.config, at=MONDAY, db=world.db), world.office)

    assert (result["kind"], result["why"]) == ("staff", "Sam Jones passed on 2 letters")
    assert [(one["decision"], one["acknowledge"]) for one in result["passed_on"]] == [("case", True), ("record", False)]
    assert result["passed_on"][1]["why"] == "it was passed on, and it is bulk mail"


def test_a_colleagues_answer_is_forwarded(world: World) -> None:
    """§4.7: Priya answered Edward by herself, and Sam forwards her answer: what she quotes is no letter to us."""
    head = (
        "From: Priya Shah <priya@northgate.example>\nSent: 28 November 2026 09:00\n"
        "To: Edward Quan <edward@resident.example>\nSubject: RE: Damp\n\n"
    )
    world.receive(
        inline(f"For your files.\n\n{head}Dear Edward, we come on Monday.\n\n{OUTLOOK}{DAMP}", "FW: RE: Damp")
    )

    assert [case["resident_address"] for case in world.cases()] == ["sam@northgate.example"]


def test_what_the_admin_sees(world: World, cli: Callable[..., Result], tmp_path: Path) -> None:
    """§4.7, §5.3: cases and show say the way, show says in which mail a letter came, and the day counts it."""
    world.receive(attached(to_sam(), to_sam(subject="Sale", message_id="<2@shop.example>", Precedence="bulk")))
    (case,) = world.cases()
    reference, config = world.office.council.reference_of(case["code"]), str(tmp_path / "ackbot.toml")
    shown = cli("-c", config, "show", reference).output

    assert cli("-c", config, "cases").output.rstrip().endswith("housing: Damp in the bedroom (forwarded)")
    assert json.loads(cli("-c", config, "cases", "--json").output)["way"] == "forwarded"
    assert ", forwarded" in shown
    assert "came      in letter 1, by which staff passed it on" in shown
    day = status.day(world.db, "housing", "")
    assert (day["letters"], day["acknowledged"]) == (2, 1)
