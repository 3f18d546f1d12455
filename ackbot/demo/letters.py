"""The letters of the demo, as mail programs write them. Every person and place is invented."""

import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from ackbot.mail.subjects import answer_to

COUNCIL = "northgate.example"
SERVER = f"mx.{COUNCIL}"  # it checks who wrote; the inboxes name it as their `authserv_id`


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes: display name and address."""

    name: str
    address: str


@dataclass(frozen=True)
class Letter:
    """
    One letter of the story.

    Args:
        headers: further header fields.
        photos: how many pictures are attached; a letter with pictures has an HTML part too.
        raw: the whole mail, for one that is not ordinary; `{date}` is filled in.
    """

    sender: Person
    to: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()
    photos: int = 0
    raw: str = ""

    def written(self, at: datetime) -> bytes:
        """The bytes of the mail, dated `at`, with CRLF line ends, as the council's mail server leaves them in an inbox."""
        vouched = (
            f"Authentication-Results: {SERVER}; dmarc=pass header.from={self.sender.address.partition('@')[2]}\r\n"
        )
        return vouched.encode() + self._sent(at)

    def _sent(self, at: datetime) -> bytes:
        if self.raw:
            return self.raw.strip("\n").replace("{date}", format_datetime(at)).replace("\n", "\r\n").encode()
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f'"{self.sender.name}" <{self.sender.address}>' if self.sender.name else self.sender.address
        mail["To"] = self.to
        if self.subject:
            mail["Subject"] = self.subject
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = make_msgid(domain="resident.example")
        for name, value in self.headers:
            mail[name] = value
        mail.set_content(self.text)
        if self.photos:
            paragraphs = "".join(f"<p>{line}</p>" for line in self.text.split("\n") if line)
            mail.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
            for number in range(1, self.photos + 1):
                mail.add_attachment(_picture(number), "image", "png", filename=f"wall-{number}.png")
        return mail.as_bytes()


def _picture(number: int) -> bytes:
    """A small grey PNG."""
    size = 48
    rows = b"".join(b"\0" + bytes([(x * number * 3 + y * 2) % 256 for x in range(size)]) for y in range(size))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


EDWARD = Person("Edward Quan", "edward.quan@resident.example")
FURIOUS = Person("", "furious99@resident.example")
MARIA = Person("María Gómez", "maria.gomez@resident.example")
AMAL = Person("أمل حداد", "amal@resident.example")
NELL = Person("Nell Adeyemi", "nell.adeyemi@resident.example")
TOM = Person("Tom Okafor", "tom.okafor@resident.example")
RUTH = Person("Ruth Lindqvist", "ruth@resident.example")
JO = Person("Jo Bell", f"jo.bell@{COUNCIL}")
WEB = Person("Northgate website", f"no-reply@{COUNCIL}")

HOUSING, STREETS, PLANNING = f"housing@{COUNCIL}", f"streets@{COUNCIL}", f"dana.price@{COUNCIL}"

DAMP = Letter(
    EDWARD,
    HOUSING,
    "Damp in my daughter's bedroom",
    "There is damp and black mould in my daughter's bedroom at 14 Elm Court.\nShe coughs every night. I send "
    "two photos.\n\nKind regards\nEdward Quan\n",
    photos=2,
)
BIN = Letter(FURIOUS, STREETS, "MISSED BIN AGAIN!!!", "THIS IS THE THIRD WEEK. WHY DO I PAY COUNCIL TAX???\n")
PERMIT = Letter(
    MARIA,
    STREETS,
    "¿Cómo pido un permiso de aparcamiento?",
    "Buenos días: vivo en Northgate desde septiembre y necesito un permiso de aparcamiento para "
    "residentes.\n¿Me pueden contestar en español, por favor?\n\nUn saludo\nMaría Gómez\n",
)
SCHOOL = Letter(
    AMAL,
    HOUSING,
    "طلب إصلاح التدفئة",
    "السلام عليكم، التدفئة في شقتي لا تعمل منذ يوم السبت. أرجو إرسال فني للإصلاح. شكراً لكم.\n",
)
GAS = Letter(
    NELL,
    HOUSING,
    "smell in the kitchen",
    "There is a strong smell of gas in our kitchen at 3 Bell Yard. What should we do?\nNell Adeyemi\n",
)
PLANS = Letter(
    TOM, PLANNING, "Extension at 8 Mill Lane", "Dear Dana, when will you look at my drawings?\n\nThanks\nTom Okafor\n"
)
BOTH = Letter(
    RUTH,
    f"{STREETS}, {HOUSING}",
    "Broken lamp and broken lift",
    "The street lamp outside Elm Court is dark, and its lift does not work.\n\nRuth Lindqvist\n",
)
COLLEAGUE = Letter(JO, HOUSING, "Keys for Elm Court", "Who has the keys of the plant room?\n\nJo\n")
FORM = Letter(
    WEB,
    HOUSING,
    "Website form: repairs",
    "Name: Ade Bankole\nMy front door does not lock.\n",
    headers=(("Reply-To", '"Ade Bankole" <ade@resident.example>'), ("Auto-Submitted", "auto-generated")),
)
VACATION = Letter(
    Person("Harriet Vane", "harriet@resident.example"),
    HOUSING,
    "Automatic reply: your rent statement",
    "I am out of the office until 7 December.\n",
    headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
)
NEWS = Letter(
    Person("Northgate Traders", "news@lists.example"),
    STREETS,
    "Christmas market: your stall",
    "All you need to know about this year's market.\n",
    headers=(("List-Id", "Traders' news <news.lists.example>"), ("Precedence", "list")),
)
SPAM = Letter(
    Person("Best Loans", "win@spam.example"),
    HOUSING,
    "You have been chosen",
    "Click now.\n",
    headers=(("X-Spam-Flag", "YES"),),
)
BOUNCE = Letter(
    Person("Mail Delivery System", "MAILER-DAEMON@mx.resident.example"),
    HOUSING,
    "Undelivered Mail Returned to Sender",
    "",
    raw="""
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.resident.example>
To: housing@northgate.example
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <bounce-1@mx.resident.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.resident.example

Final-Recipient: rfc822; gone@resident.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown
--b
Content-Type: text/rfc822-headers

From: somebody@elsewhere.example
Message-ID: <not-ours@elsewhere.example>
--b--
""",
)


def answer(mail: bytes, text: str, sender: Person) -> Letter:
    """A reply to a mail of ours, as a mail program makes it: threaded, sent to its Reply-To, with our words quoted below."""
    import email
    import email.policy

    theirs = email.message_from_bytes(mail, policy=email.policy.default)
    body = theirs.get_body(("plain",))
    quoted = "\n".join(f"> {line}" for line in (body.get_content() if body else "").splitlines())
    headers = (
        ("In-Reply-To", str(theirs["Message-ID"])),
        ("References", f"{theirs['References'] or ''} {theirs['Message-ID']}".strip()),
    )
    to = str(theirs["Reply-To"] or theirs["From"])
    return Letter(
        sender,
        to,
        answer_to(str(theirs["Subject"])),
        f"{text}\n\nOn {theirs['Date']}, {theirs['From']} wrote:\n{quoted}\n",
        headers=headers,
    )
