"""What calendars, mail systems and receipts say to each other, in every shape; a person's words beside them are a letter (E19, E22)."""

from base64 import b64encode

import pytest

from ackbot.mail.message import read
from tests.support.council import World
from tests.support.letters import letter, parsed
from tests.test_whole_letters import file, in_parts, said


def event(method: str, summary: str = "Damp inspection", note: str = "We meet in the hall.", **fields: str) -> str:
    """An iCalendar object."""
    more = "".join(f"{name}:{value}\n" for name, value in fields.items())
    return (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nSUMMARY:{summary}\nDESCRIPTION:{note}\nLOCATION:Town Hall\n"
        f"ATTENDEE;CN=Edward Quan:mailto:edward@resident.example\nUID:1\n{more}END:VEVENT\nEND:VCALENDAR\n"
    )


def calendar(method: str, head: str = "", **fields: str) -> str:
    """A calendar part."""
    return f"Content-Type: text/calendar; charset=utf-8; method={method}\n{head}\n{event(method, **fields)}"


GOOGLE = """Edward Quan has accepted this invitation.

Damp inspection
When Tue 1 Dec 2026 10am - 11am (GMT)
Where Town Hall
Calendar edward@resident.example
Who
  - Edward Quan

Invitation from Google Calendar: https://calendar.example/
You are receiving this email at edward@resident.example because you are an attendee.
"""
OUTLOOK = "When: 01 December 2026 10:00-11:00.\nWhere: Town Hall\n\n*~*~*~*~*~*~*~*~*~*\n\nWe meet in the\nhall.\n"
BETWEEN_CALENDARS = [
    ("Accepted: Damp inspection", in_parts(said(""), calendar("REPLY"), kind="alternative")),
    ("Accepted: Damp inspection", in_parts(said(GOOGLE), calendar("REPLY"), kind="alternative")),
    ("Declined: Damp inspection", in_parts(said("Edward Quan has declined your invitation."), calendar("REPLY"))),
    ("Tentative: Damp inspection", in_parts(calendar("REPLY"))),
    ("Damp inspection", in_parts(said(OUTLOOK), calendar("REQUEST"), kind="alternative")),
    ("Damp inspection", in_parts(said("We meet in the hall."), calendar("REQUEST", "Content-Disposition: attachment; filename=invite.ics\n"))),
    ("Canceled: Damp inspection", in_parts(said(""), calendar("CANCEL"), kind="alternative")),
    ("New time proposed: Damp inspection", in_parts(said("Edward Quan has proposed a new time."), calendar("COUNTER"), kind="alternative")),
    ("Accepted: Damp inspection", letter(content_type="text/calendar; method=REPLY", text=event("REPLY"))),
    ("Zugesagt: Begehung", in_parts(said("Edward Quan hat diese Einladung angenommen."), calendar("REPLY"), kind="alternative")),
    ("Accepté : visite", in_parts(said("Edward Quan a accepté cette invitation."), calendar("REPLY"), kind="alternative")),
    ("Accepted: Damp", letter(subject="Accepted: Damp", text="", Content_Class="urn:content-classes:calendarmessage")),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "raw"), BETWEEN_CALENDARS)
def test_e19_calendars_write_to_each_other(world: World, subject: str, raw: bytes) -> None:
    """E19: invitations, answers and cancellations open no case and are not acknowledged, in whatever shape of parts."""
    row = world.receive(raw.replace(b"Damp in the bedroom", subject.encode()))

    assert (row["kind"], row["outcome"]) == ("receipt", "record")
    assert world.outbox() == []


A_LETTER = [
    ("Damp inspection", in_parts(said("Please ring the bell twice, I am deaf."), calendar("REQUEST"), kind="alternative")),
    ("Accepted: Damp inspection", in_parts(said("Yes, but the lift is broken."), calendar("REPLY"), kind="alternative")),
    ("Accepted: Damp inspection", in_parts(said(f"The hall floods again.\n\n{GOOGLE}"), calendar("REPLY"), kind="alternative")),
    ("FW: Damp inspection", in_parts(said(""), calendar("REQUEST"), kind="alternative")),
    ("Fwd: Invitation", in_parts(said(GOOGLE), calendar("REQUEST"), kind="alternative")),
    ("The date that you sent", in_parts(said("I cannot open this."), calendar("REQUEST", "Content-Disposition: attachment\n"))),
    ("My hospital appointment", in_parts(said("Here is the date."), f"Content-Type: text/calendar; name=a.ics\n\n{event('PUBLISH')}")),
    ("Accepted: Damp inspection", in_parts(said(""), calendar("REPLY", COMMENT="I cannot climb the stairs"))),
    ("An event", in_parts(said("See the file."), file("application/ics; name=e.ics", "Content-Disposition: attachment", "QkVHSU4="))),
    ("Declined: Damp inspection", in_parts(said("Nie mogę przyjść, jestem w szpitalu."), calendar("REPLY"), kind="alternative")),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "raw"), A_LETTER)
def test_e19_words_beside_an_invitation_are_a_letter(world: World, subject: str, raw: bytes) -> None:
    """E19: what a person says beside, in the comment of an answer or by forwarding, is read by an owner."""
    row = world.receive(raw.replace(b"Damp in the bedroom", subject.encode()))

    assert (row["kind"], row["outcome"]) == ("letter", "case")
    assert world.outbox("new-case")


STATUS = (
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n"
    "Final-Recipient: rfc822; repairs@old.example\nAction: failed\nStatus: 5.1.1\n"
)
RETURNED = "Your message could not be delivered.\n\n<repairs@old.example>: 550 5.1.1 User unknown\n"
ARF = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
READ = "Your message\n\n   To: Housing\n   Subject: Damp\n   Sent: Monday, November 30, 2026 10:12 AM\n\nwas {} on Monday, November 30, 2026 10:30 AM.\n"
OF_MACHINES = [
    ("bounce", in_parts(said("It was not delivered."), STATUS, subject="Delivery Status", sender="Mail <mail@isp.example>")),
    ("bounce", in_parts(said("Bericht"), STATUS, subject="Onbestelbaar: uw bericht", sender="Post <post@isp.example>")),
    ("bounce", letter(subject="Message could not be delivered", text=RETURNED, sender="Mimecast <service@gateway.example>")),
    ("bounce", letter(subject="Undeliverable: Damp", text=RETURNED, sender="<mail-gateway@x.example>")),
    ("bounce", letter(subject="Delivery failure", text=RETURNED, sender='"System Administrator"@x.example')),
    *(
        ("bounce", letter(subject=subject, text="-", sender="Mail System <mailer-daemon@x.example>"))
        for subject in (
            "Onbestelbaar: Uw vraag", "Niet bezorgd: Uw vraag", "Bericht kan niet worden afgeleverd", "Bezorging mislukt",
            "Non distribuable : votre lettre", "Remise impossible", "Échec de la distribution", "Message non délivré",
            "Zustellung fehlgeschlagen", "Nachricht nicht zustellbar", "Unzustellbar: Ihr Brief", "Zustellungsfehler",
            "Mancata consegna", "Impossibile recapitare il messaggio",
        )
    ),
    ("receipt", in_parts(said("This is an email abuse report."), ARF, kind="report", sender="fbl@isp.example")),
    ("receipt", in_parts(said("This is an email abuse report."), ARF, sender="fbl@isp.example", subject="Damp")),
    ("receipt", in_parts(ARF, sender="complaints@isp.example")),
    ("receipt", letter(sender="staff@hotmail.example", subject="complaint about message", X_HmXmrOriginalRecipient="a@b.example")),
    ("receipt", letter(subject="Read: Damp", text=READ.format("read"))),
    ("receipt", letter(subject="Not read: Damp", text=READ.format("deleted without being read"))),
    ("receipt", letter(subject="Gelesen: Damp", text="Ihre Nachricht\n\n   An: Housing\n   Betreff: Damp\n\nwurde am Montag gelesen.\n")),
    ("receipt", letter(subject="Lu : Damp", text="Votre message\n\n  À : Housing\n  Objet : Damp\n\na été lu le lundi.\n")),
    ("receipt", letter(subject="Return Receipt (displayed) - Damp", text="This is a Return Receipt for the mail that you sent to edward@resident.example.\n")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "raw"), OF_MACHINES)
def test_e22_reports_in_odd_shapes(world: World, kind: str, raw: bytes) -> None:
    """E22: bounces, complaints and receipts that follow no standard are recorded, and nobody is answered."""
    row = world.receive(raw)

    assert row["kind"] == kind
    assert world.outbox("acknowledgement") == []


OF_PERSONS = [
    letter(subject="Message could not be delivered", text=f"I wrote to parking and got this. What now?\n\n{RETURNED}"),
    letter(subject="Delivery status", text="My new bin was not delivered. 550 people wait.\n"),
    letter(subject="Not read: my letter of May", text="Nobody has read it, it seems.\n"),
    letter(subject="Read: the lease", text="Your message\n\nTo: me\n\nwas read on Monday.\n\nAnd the lift?\n"),
    letter(subject="Undeliverable: Damp", text=f"{RETURNED}\nCan you tell me the right address?\n", sender="support@shop.example"),
    in_parts(said("My mail came back, please help."), STATUS, subject="Undelivered mail"),
    in_parts(said("They complain about me."), ARF, subject="Fwd: abuse report"),
    letter(subject="Niet bezorgd: de brief", text="De brief is niet bezorgd.\n"),
    letter(subject="Gelesen: Ihr Brief", text="Ihre Nachricht habe ich gelesen. Die Heizung ist kaputt.\n"),
]  # fmt: skip


@pytest.mark.parametrize("raw", OF_PERSONS)
def test_e22_people_write_about_reports(world: World, raw: bytes) -> None:
    """E22, the other way: who quotes, forwards or tells of one has written a letter, and is acknowledged."""
    row = world.receive(raw)

    assert (row["kind"], row["outcome"], bool(row["acknowledged"])) == ("letter", "case", True)


@pytest.mark.parametrize(
    ("octets", "subject"),
    [
        ("お風呂の水漏れについて".encode("shift_jis"), "お風呂の水漏れについて"),
        ("トイレの修理をお願いします".encode("euc_jp"), "トイレの修理をお願いします"),
        ("厨房漏水问题".encode("gb2312"), "厨房漏水问题"),
        ("关于垃圾收集的投诉".encode("gbk"), "关于垃圾收集的投诉"),
        ("廚房漏水，請派人來修理".encode("big5"), "廚房漏水，請派人來修理"),
        ("垃圾收集的投訴".encode("big5"), "垃圾收集的投訴"),
        ("關於樓上鄰居的噪音問題 Flat 4B".encode("big5hkscs"), "關於樓上鄰居的噪音問題 Flat 4B"),
        ("¿Cuándo? ¿Cómo? ¡Hola! ¿Qué? ¿Por qué? ¡Ya!".encode("cp1252"), "¿Cuándo? ¿Cómo? ¡Hola! ¿Qué? ¿Por qué? ¡Ya!"),
        ("Заявка на ремонт крыши".encode("koi8-r"), "Заявка на ремонт крыши"),
        ("Заявка на ремонт крыши".encode("cp1251"), "Заявка на ремонт крыши"),
        ("쓰레기 수거 문의".encode("euc-kr"), "쓰레기 수거 문의"),
        ("Café à côté, près d’ici".encode("cp1252"), "Café à côté, près d’ici"),
        ("Äpfel, Öl und Übel für Größe".encode("cp1252"), "Äpfel, Öl und Übel für Größe"),
        ("Żółć i jaźń".encode(), "Żółć i jaźń"),
    ],
)
@pytest.mark.parametrize("label", ["", "=?utf-8?B?", "=?us-ascii?Q?", "=?iso-8859-1?B?", "=?unknown-8bit?Q?"])
def test_e22_mislabelled_subjects(octets: bytes, subject: str, label: str) -> None:
    """E22: whatever the label says, the octets tell; Western and UTF-8 subjects stay what they are."""
    encoded = octets
    if label:
        payload = b64encode(octets) if "?B?" in label else b"".join(b"=%02X" % one for one in octets)
        encoded = label.encode() + payload + b"?="
    raw = letter(subject="SUBJECT").replace(b"SUBJECT", encoded)

    assert read(raw).subject == subject


BIG5 = "您好，我家的熱水器壞了，已經三天沒有熱水。昨天打電話沒有人接。請盡快派人來修理，謝謝。\n\n陳大文\n"
OTHERS = (
    ("Здравствуйте, у нас течёт крыша, пожалуйста, пришлите кого-нибудь. Спасибо.", "cp1251"),
    ("Здравствуйте, у нас течет крыша, пожалуйста, пришлите кого-нибудь.", "koi8-r"),
    ("您好，我家的热水器坏了，已经三天没有热水。昨天打电话没有人接。请尽快派人来修理，谢谢。", "gb18030"),
    ("안녕하세요, 온수가 나오지 않습니다. 빨리 고쳐 주세요. 감사합니다.", "cp949"),
    ("こんにちは。お湯が出ません。三日前からです。修理をお願いします。", "euc_jp"),
    ("El baño está roto. ¿Cuándo vendrán? ¡Gracias! ¿Y la calefacción? ¿Por qué no contestan?", "cp1252"),
)


@pytest.mark.parametrize(
    "label", ["", "; charset=us-ascii", "; charset=iso-8859-1", "; charset=utf-8", "; charset=x-nonsense"]
)
def test_e22_big5_without_its_label(label: str) -> None:
    """E22: traditional Chinese from Taiwan and Hong Kong, whose second octets may be ASCII, with no label or one of the West."""
    raw = letter(text="BODY", content_type=f"text/plain{label}").replace(b"BODY", BIG5.encode("big5"))

    assert read(raw).text.split() == BIG5.split()


@pytest.mark.parametrize(("text", "codec"), OTHERS)
def test_e22_others_are_not_taken_for_big5(text: str, codec: str) -> None:
    """E22: what was told by its octets before still is."""
    raw = letter(text="BODY", content_type="text/plain").replace(b"BODY", text.encode(codec))

    assert read(raw).text.strip() == text


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ('"System Administrator"@old.example', '"System Administrator"@old.example'),
        ('Edward Quan <"edward quan"@resident.example>', '"edward quan"@resident.example'),
        ('"Quan, Edward" <"edward.quan"@resident.example>', "edward.quan@resident.example"),
        ('"edward@work" <e@resident.example>', "e@resident.example"),
    ],
)
def test_e22_a_quoted_local_part_is_an_address(world: World, sender: str, address: str) -> None:
    """E22: RFC 5321 §4.1.2 allows blanks in quotes; whoever has such an address is answered at it."""
    world.receive(letter(sender=sender))
    sent = world.outbox("acknowledgement")

    assert [mail["recipient"] for mail in sent] == ([address] if "System" not in address else [])
    assert read(letter(sender=sender)).from_[0].addr == address
    assert all(address in parsed(bytes(mail["content"]))["To"] for mail in sent)
