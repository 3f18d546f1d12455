"""Person or machine, and may it be answered? Each rule of the tables, both ways."""

from collections.abc import Callable

import pytest

from ackbot.casework.incoming.marks import auto_submitted
from ackbot.casework.incoming.screening import KINDS, WITHHELD
from tests.support.council import World
from tests.support.letters import letter, parsed

FAILED = "mx.northgate.example; dmarc=fail header.from=resident.example"
PASSED = "mx.northgate.example; dmarc=pass header.from=resident.example"


@pytest.mark.parametrize(
    ("value", "human"),
    [
        (None, True),
        ("no", True),
        ("No ", True),
        ("no; x=y", True),
        ("no (really)", True),
        ("auto-replied", False),
        ("auto-replied; owner-email=a@b.example", False),
        ("auto-generated (failure)", False),
        ("(a comment) auto-generated", False),
        ("AUTO-NOTIFIED", False),
    ],
)
def test_auto_submitted(world: World, value: str | None, human: bool) -> None:
    """D29: absent and `no` in any spelling are people; every other keyword is a machine, with comments and parameters (RFC 3834 §5)."""
    row = world.receive(letter() if value is None else letter(Auto_Submitted=value))

    assert (row["kind"] == "letter") is human
    assert bool(row["acknowledged"]) is human


def test_two_auto_submitted_fields_are_a_machine(world: World) -> None:
    """D29: RFC 3834 §5.1 allows one field; a mail with several is not a person's."""
    raw = letter().replace(b"MIME-Version", b"Auto-Submitted: no\r\nAuto-Submitted: no\r\nMIME-Version")

    assert world.receive(raw)["kind"] == "automatic-reply"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("bulk", "bulk"),
        ("BULK ", "bulk"),
        ("Junk", "bulk"),
        ("List ", "list"),
        ("auto_reply", "automatic-reply"),
        ("first-class", "letter"),
        ("special-delivery", "letter"),
        ("", "letter"),
    ],
)
def test_precedence(world: World, value: str, kind: str) -> None:
    """D30: case and trailing blanks do not matter; first-class and unknown values are people's mail."""
    row = world.receive(letter(Precedence=value))

    assert row["kind"] == kind
    assert bool(row["acknowledged"]) is (kind == "letter")


@pytest.mark.parametrize(
    ("value", "acknowledged"),
    [
        ("All", False),
        ("DR, all", False),
        ("DR, OOF, AutoReply", True),
        ("OOF", True),
        ("None", True),
        ("DR, RN, NRN", True),
    ],
)
def test_auto_response_suppress(world: World, value: str, acknowledged: bool) -> None:
    """D31: `All` stops the acknowledgement, other lists sit on people's mail; the case is opened and assigned all the same."""
    row = world.receive(letter(X_Auto_Response_Suppress=value))

    assert row["outcome"] == "case"
    assert bool(row["acknowledged"]) is acknowledged
    assert world.cases()[0]["owner"] == "priya"


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "thank you"},
        {"X_Autoresponse": "1"},
        {"X_MS_Exchange_Generated_Message_Source": "Mailbox Rules Agent"},
        {"X_MS_Exchange_Inbox_Rules_Loop": "a@b.example", "X_MS_Exchange_Parent_Message_Id": "<x@y>"},
        {"X_Loop": "Autoresponder"},
    ],
)
def test_strong_marks(world: World, headers: dict[str, str]) -> None:
    """P3: one strong mark of domain.md §4 is enough. A stranger's automatic mail is still somebody's matter: a case."""
    row = world.receive(letter(**headers))

    assert row["kind"] == "automatic-reply"
    assert row["outcome"] == "case"
    assert not row["acknowledged"]
    assert world.outbox(to="edward@resident.example") == []


def test_autorespond_no_is_no_mark(world: World) -> None:
    """P3: a header that says that the mail is not an automatic reply is not a mark of a machine."""
    assert world.receive(letter(X_Autorespond="no"))["acknowledged"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Automatic reply: your letter", "I am out of the office until Monday."),
        ("Automatische Antwort: Ihr Schreiben", "Ich bin bis zum 4. Januar nicht im Büro."),
        ("Réponse automatique : votre lettre", "Je suis absent du bureau."),
        ("Re: Out of Office AutoReply: your letter", "Back in the office on Monday."),
        ("Ateb awtomatig: eich llythyr", "Rwyf allan o'r swyddfa."),
        ("Automaattinen vastaus: letter", "Olen lomalla."),
        ("Automatická odpoveď: letter", "Píšte kolegom."),
        ("Αυτόματη απάντηση: letter", "Θα απαντήσω αργότερα."),
        ("תשובה אוטומטית: letter", "אני בחופשה"),
        ("자동 회신: letter", "휴가 중입니다"),
        ("[Auto-Reply] Your letter", "Thank you."),
        ("Abwesenheitsnotiz: Ihr Schreiben", "Ich bin ab 4.1. wieder da."),
        ("Ann Lee/LDN/CORP is out of the office.", "I will be out of the office from Monday."),
        ("Mimo kancelář: letter", "Mám dovolenou."),
    ],
)
def test_two_weak_marks_are_enough(world: World, subject: str, text: str) -> None:
    """D34: a headerless out-of-office gives itself away by its subject and its words."""
    row = world.receive(letter(subject=subject, text=text))

    assert row["kind"] == "automatic-reply"
    assert not row["acknowledged"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Out of office hours noise",
            "The building site works at night, out of office hours, and I will return on Monday to complain.",
        ),
        ("Automatic gates broken", "The automatic gate does not open. I am away from Friday."),
        ("Absence of street lighting", "There is none in Mill Lane."),
        ("Holiday", "I am on holiday next week. Please skip my bin."),
        ("Out of office", "Your out of office message told me to write to you. The bins are full."),
        ("Re: Automatic reply: damp", "Thank you. When will you be back? The damp is worse."),
        ("Automatic response", "Why do I always get one? The boiler is broken."),
        ("Abwesenheit", "Während meiner Abwesenheit wurde der Müll nicht geleert."),
        ("Complaint", 'All I get is "This is an automated response". Nobody comes.'),
        ("Re: damp", "Nobody came.\n\n> This is an automated message. Please do not reply to this message."),
        ("Fwd: Your order", "Is this a trick?\n\nThis is an automated message. Do not reply to this email."),
        ("Letter", "Please do not reply to this by post. My mailbox is full."),
        ("Email", "This email system is broken."),
    ],
)
def test_people_who_write_about_absence_are_people(world: World, subject: str, text: str) -> None:
    """P3, the other way: 0 people unanswered because their words sound like a machine's."""
    row = world.receive(letter(subject=subject, text=text))

    assert (row["kind"], bool(row["acknowledged"])) == ("letter", True)


def in_parts(kind: str, report: str, **fields: str) -> bytes:
    """A mail with words and a report about a mail."""
    text = (
        "--b\nContent-Type: text/plain\n\nThe lift could not be delivered.\n"
        f"--b\nContent-Type: message/{report}\n\nReporting-MTA: dns; x.example\n\n"
        "Final-Recipient: rfc822; repairs@oldcouncil.example\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    return letter(content_type=f"multipart/{kind}; boundary=b", text=text, **fields)


@pytest.mark.parametrize(
    "raw",
    [
        in_parts("mixed", "delivery-status", subject="Fwd: Undelivered"),
        in_parts("mixed", "disposition-notification", subject="Fwd: read"),
        in_parts("mixed", "feedback-report", subject="Fwd: spam"),
        letter(subject="New green bin not delivered", Return_Path="<bounce+9f.3-h=x@mg.fixit.example>"),
        letter(sender="Bob <postmaster@plumbers.example>", text="Your courier was unable to deliver my permit.\n"),
        letter(sender="Bob <postmaster@plumbers.example>", subject="Bin not delivered", text="Where is it?\n"),
    ],
)
def test_people_who_write_about_undelivered_mail_are_people(world: World, raw: bytes) -> None:
    """P1, RFC 6522: only a multipart/report is one; a forwarded part of it, a carrier's envelope, a postmaster's name are not."""
    row = world.receive(raw)

    assert (row["kind"], row["outcome"]) == ("letter", "case")


@pytest.mark.parametrize(
    "raw",
    [
        in_parts("report", "delivery-status"),
        in_parts("report; report-type=delivery-status", "delivery-status"),
        in_parts("mixed", "delivery-status", sender="MAILER-DAEMON@x.example"),
        in_parts("mixed", "delivery-status", Return_Path="<>"),
        letter(
            sender="postmaster@x.example",
            subject="Undeliverable: Re: Damp",
            text="Your message wasn't delivered.\n<a@b.example>: 550 5.1.1 User unknown\n",
        ),
        letter(sender="postmaster@x.example", subject="Re: Damp", text="User unknown\n\nMessage-ID: <a@b.example>\n"),
    ],
)
def test_mail_systems_are_known_by_what_they_quote(world: World, raw: bytes) -> None:
    """P3: bounces of servers that follow no RFC stay bounces."""
    assert world.receive(raw)["kind"] == "bounce"


def test_null_sender_is_never_answered(world: World) -> None:
    """D33, RFC 3834 §2: the envelope sender `<>` gets no answer, whoever is in From; the case is opened."""
    row = world.receive(letter(Return_Path="<>"))

    assert (row["kind"], row["outcome"], bool(row["acknowledged"])) == ("letter", "case", False)


@pytest.mark.parametrize("headers", [{}, {"Return_Path": "<bounces+edward@forwarder.example>"}])
def test_missing_or_different_return_path_is_no_reason(world: World, headers: dict[str, str]) -> None:
    """D33: forwarders, SRS and IMAP stores change or drop Return-Path; that alone proves nothing (domain.md R26)."""
    assert world.receive(letter(**headers))["acknowledged"]


@pytest.mark.parametrize(
    ("server", "results", "kind"),
    [
        ("mx.northgate.example", "mx.northgate.example; dmarc=pass header.from=northgate.example", "staff"),
        ("mx.northgate.example", "mx.northgate.example; dmarc=pass", "letter"),
        ("mx.northgate.example", "other.example; dmarc=pass header.from=northgate.example", "letter"),
        ("mx.northgate.example", "mx.northgate.example; dmarc=fail", "letter"),
        ("mx.northgate.example", 'mx.northgate.example; spf=none "; dmarc=pass', "letter"),
        ("unknown", "spf=pass smtp.mailfrom=northgate.example; dmarc=none", "staff"),
        ("unknown", "spf=fail smtp.mailfrom=northgate.example; dmarc=fail", "letter"),
    ],
)
def test_exchange_mark_counts_in_exchange_only(
    make_world: Callable[..., World], server: str, results: str, kind: str
) -> None:
    """P7, behaviour.md §4.4: any server but Exchange lets a stranger write that a mail was sent from inside."""
    world = make_world(('authserv_id = "mx.northgate.example"', f'authserv_id = "{server}"'))
    world.receive(letter())
    row = world.receive(
        letter(
            sender="Priya Shah <priya@northgate.example>",
            to=str(parsed(bytes(world.outbox("new-case")[0]["content"]))["Reply-To"]),
            message_id="<staff@x.example>",
            Authentication_Results=results,
            X_MS_Exchange_Organization_AuthAs="Internal",
        )
    )

    assert row["kind"] == kind


@pytest.mark.parametrize(
    "sender",
    [
        "housing@northgate.example",
        "Housing <repairs@northgate.example>",
        "housing+abc@northgate.example",
        "STREETS@NORTHGATE.EXAMPLE",
        "housing@northgate.ｅxample",
    ],
)
def test_our_own_addresses_are_never_answered(world: World, sender: str) -> None:
    """D36: From one of our inboxes, an alias or a tagged address, without our signature: a case, no acknowledgement."""
    row = world.receive(letter(sender=sender))

    assert row["outcome"] == "case"
    assert not row["acknowledged"]
    assert [mail["recipient"] for mail in world.outbox()] == ["priya@northgate.example"]


def test_form_that_names_our_own_inbox_is_not_answered(world: World) -> None:
    """D36: nor is one of our inboxes in the Reply-To of a contact form."""
    row = world.receive(letter(sender="forms@northgate.example", Reply_To="streets@northgate.example"))

    assert row["outcome"] == "case"
    assert not row["acknowledged"]


@pytest.mark.parametrize(("header", "kind"), [("YES", "spam"), ("Yes, score=9", "spam"), ("NO", "letter")])
def test_spam_verdict(world: World, header: str, kind: str) -> None:
    """D38: condemned mail gets no acknowledgement and opens no case; nothing of it is sent anywhere."""
    row = world.receive(letter(X_Spam_Flag=header))

    assert row["kind"] == kind
    assert bool(world.outbox()) is (kind == "letter")


@pytest.mark.parametrize(
    ("results", "acknowledged"),
    [
        ([FAILED], False),
        ([PASSED], True),
        (["other.example; dmarc=fail header.from=resident.example"], True),
        ([PASSED, FAILED], True),
        ([FAILED, PASSED], False),
        (['mx.northgate.example; spf=fail smtp.mailfrom="a b;c"@x.example; dmarc=fail', PASSED], False),
        (["mx.northgate.example; spf=fail smtp.mailfrom=é@x.example; dmarc=fail (p=none)", PASSED], False),
        (['mx.northgate.example; spf=fail smtp.mailfrom="a; dmarc=fail header.from=x', PASSED], False),
        (['mx.northgate.example 1; dmarc=pass; spf=none smtp.mailfrom="x; dmarc=fail"@y.example'], True),
    ],
)
def test_dmarc_failure_makes_no_backscatter(world: World, results: list[str], acknowledged: bool) -> None:
    """D38: only the topmost result of the trusted server counts; a forged one below it, or another server's, does not."""
    fields = "".join(f"Authentication-Results: {one}\r\n" for one in results).encode()
    row = world.receive(fields + letter())

    assert bool(row["acknowledged"]) is acknowledged
    assert row["outcome"] == "case"


@pytest.mark.parametrize(
    "sender",
    [
        "noreply@shop.example",
        "no-reply@shop.example",
        "do_not_reply@shop.example",
        "owner-list@lists.example",
        "list-request@lists.example",
        "MAILER-DAEMON@mx.example",
    ],
)
def test_addresses_that_nobody_reads(world: World, sender: str) -> None:
    """P3: RFC 3834 §2, RFC 5230 §4.6: these are never answered; a case is opened for a person to look at."""
    row = world.receive(letter(sender=sender))

    assert row["outcome"] == "case"
    assert not row["acknowledged"]


def test_residents_with_such_words_in_their_name_are_answered(world: World) -> None:
    """P3, the other way."""
    for number, sender in enumerate(
        [
            "nora.replyson@resident.example",
            "owen@resident.example",
            "bouncer.bob@resident.example",
            "a.robot@resident.example",
        ]
    ):
        assert world.receive(letter(sender=sender, message_id=f"<{number}@r.example>", subject=f"Matter {number}"))[
            "acknowledged"
        ], sender


def test_council_groups_are_people(world: World) -> None:
    """D32: mail through the council's own group is a resident's; a foreign list's is not."""
    ours = world.receive(letter(List_Id="Housing <housing-group.northgate.example>", Precedence="list"))
    foreign = world.receive(letter(sender="news@lists.example", List_Id="News <news.lists.example>"))

    assert ours["acknowledged"]
    assert (foreign["kind"], foreign["outcome"]) == ("list", "record")


def test_contact_form_answers_the_resident(world: World) -> None:
    """D42: the form's own no-reply address and Auto-Submitted do not count; the resident in Reply-To is answered by name."""
    row = world.receive(
        letter(
            sender="Web <forms@northgate.example>",
            Reply_To='"Ade Bankole" <ade@resident.example>',
            Auto_Submitted="auto-generated",
        )
    )

    assert row["kind"] == "contact-form"
    assert [mail["recipient"] for mail in world.outbox("acknowledgement")] == ["ade@resident.example"]


FORM: dict[str, str] = {"sender": "forms@northgate.example", "Reply_To": "ade@resident.example"}


@pytest.mark.parametrize(
    "fields",
    [
        {"Authentication_Results": "mx.northgate.example; dmarc=fail header.from=northgate.example"},
        {"X_Spam_Flag": "YES"},
        {"Return_Path": "<>"},
        {"Reply_To": "no-reply@resident.example"},
        {"Reply_To": "mailer-daemon@resident.example"},
    ],
)
def test_a_form_that_may_be_forged_is_not_answered(world: World, fields: dict[str, str]) -> None:
    """P3, behaviour.md §2: or anybody could make us write to anybody."""
    row = world.receive(letter(**{**FORM, **fields}))

    assert (row["kind"], row["outcome"], bool(row["acknowledged"])) == ("contact-form", "case", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "mal@evil.example", "Sender": "forms@northgate.example"},
        {"sender": "forms@northgate.example, mal@evil.example"},
    ],
)
def test_a_form_is_who_from_says(world: World, fields: dict[str, str]) -> None:
    """P3: Sender is anybody's to write, and DMARC looks at From."""
    row = world.receive(letter(**{**FORM, **fields}))

    assert row["kind"] == "letter"
    assert world.outbox(to="ade@resident.example") == []


def test_inbox_only_in_cc(world: World) -> None:
    """behaviour.md §1: a letter to somebody else, with the inbox in Cc, gets a case but no acknowledgement."""
    row = world.receive(letter(to="clerk@elsewhere.example", Cc="housing@northgate.example"))

    assert row["outcome"] == "case"
    assert not row["acknowledged"]


def test_sender_rule(world: World) -> None:
    """behaviour.md §1: contractors are not residents; their case stays."""
    row = world.receive(letter(sender="Jo <jo@mail.contractor.example>"))

    assert row["outcome"] == "case"
    assert not row["acknowledged"]


def test_personal_inbox_is_silent_while_its_officer_is_here(world: World) -> None:
    """behaviour.md §1: recorded, no case, no answer."""
    row = world.receive(letter(to="dana@northgate.example"), "dana")

    assert (row["outcome"], bool(row["acknowledged"])) == ("record", False)
    assert world.cases() == []


def test_own_mail_come_back_is_recorded(world: World) -> None:
    """domain.md §2.1: our signature on it proves it; the header X-Ackbot-Id alone, without a valid one, proves nothing."""
    world.receive(letter())
    ours = world.outbox("acknowledgement")[0]["content"]
    forged = letter(
        sender="mallory@elsewhere.example",
        message_id="<x@elsewhere.example>",
        X_Ackbot_Id="<abcdef.ar.aaaaaaaabbbbbbbbbbbbbbbb@northgate.example>",
    )

    assert world.receive(bytes(ours), uid=90)["kind"] == "own"
    assert world.receive(forged, uid=91)["kind"] == "letter"


def test_every_rule_says_where_it_comes_from() -> None:
    """Each row of both tables has a source, and a reason in plain English."""
    for rule in (*KINDS, *WITHHELD):
        assert rule.source
        assert rule.why[0].islower()


def test_comments_inside_auto_submitted() -> None:
    """RFC 3834 §5 with RFC 822 comments."""
    assert auto_submitted("(oh) No (well); a=b") == "no"


def test_a_name_that_ends_like_the_councils(world: World) -> None:
    """behaviour.md §1: colleagues are in the council's domains and their subdomains; anybody may buy a longer name."""
    council = world.office.council

    assert council.is_colleague("ade@northgate.example")
    assert council.is_colleague("ade@museum.northgate.example")
    assert not council.is_colleague("ade@notnorthgate.example")


@pytest.mark.parametrize(
    "local", ["all-staff", "AllStaff", "everyone", "staff.all", "councillors", "dl-housing", "members"]
)
@pytest.mark.parametrize("results", ["", "dmarc=none", "dmarc=pass header.from=northgate.example"])
def test_a_group_of_our_own_is_not_answered(world: World, local: str, results: str) -> None:
    """RFC 3834 §2, P7: whoever writes in the name of `all-staff@` has a case, and no mailbox of ours has an answer to it."""
    head = {"Authentication_Results": f"mx.northgate.example; {results}"} if results else {}
    world.receive(letter(sender=f"All of us <{local}@northgate.example>", **head))

    assert len(world.cases()) == 1
    assert world.outbox("acknowledgement") == []


@pytest.mark.parametrize(
    "sender", ["director@northgate.example", "ally@northgate.example", "all-staff@resident.example"]
)
def test_others_are_answered(world: World, sender: str) -> None:
    """behaviour.md §1: a colleague's address is one person's or one desk's, proven or not; a resident's is theirs."""
    world.receive(letter(sender=sender))

    assert [mail["recipient"] for mail in world.outbox("acknowledgement")] == [sender]
