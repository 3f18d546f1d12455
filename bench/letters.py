"""
Makes letters like those that a council gets from residents. The same seed gives the same bytes.

One in twelve is from a machine and must not be answered.
"""

import base64
import quopri
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

TO = "housing@northgate.example"
_START = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
_WORDS = {
    "en": "I am writing to you about the bin in our street because it has not been emptied for two weeks and the children play there could "
    "you please tell me when somebody will come and look at it the light is broken too and there was a noise in the night we have asked "
    "the council before and there was no answer to that and my neighbour is worried about the tree and the water in the road",
    "fr": "la poubelle rue lumière jardin bruit permis école déchets trottoir voisin facture eau réclamation depuis semaine mairie "
    "formulaire enfants très problème été réparé réponse",
    "de": "die Mülltonne Straße Laterne kaputt Lärm Genehmigung Parkplatz Schule Gehweg Nachbar Gebühr Wasser Beschwerde bitte seit "
    "Woche Rathaus Formular Kinder Spielplatz größer Übergang Antwort",
    "pl": "śmietnik ulica latarnia zepsuta hałas pozwolenie szkoła chodnik sąsiad rachunek woda skarga proszę od tygodnia urząd "
    "formularz dzieci plac zabaw dziura odpowiedź źle łąka",
    "ja": "ごみ 収集 街灯 故障 騒音 許可 駐車 学校 道路 隣人 水道 苦情 お願いします 市役所 公園 回答",
}
_LANGUAGES = {
    ("en", "us-ascii"): 30,
    ("en", "utf-8"): 20,
    ("fr", "iso-8859-1"): 10,
    ("fr", "utf-8"): 10,
    ("de", "windows-1252"): 8,
    ("de", "utf-8"): 9,
    ("pl", "iso-8859-2"): 6,
    ("ja", "utf-8"): 4,
    ("ja", "iso-2022-jp"): 3,
}
_NAMES = [
    "Anna Müller",
    "José García",
    "Chloé Lefèvre",
    "John Smith",
    "Łukasz Żak",
    "山田太郎",
    "Karim Benali",
    "Peter Jones",
]
_KINDS = {"plain": 34, "both": 30, "html": 8, "photo": 10, "thread": 10, "away": 4, "bounce": 2, "list": 2}


@dataclass(frozen=True)
class Letter:
    """A mail, and whether its sender must be answered. No other mail is from the same sender."""

    raw: bytes
    sender: str
    answered: bool


def letters(count: int, seed: int = 1) -> Iterator[Letter]:
    """Make that many letters, one at a time, so that a long backlog needs no memory."""
    chance = random.Random(seed)
    for number in range(count):
        yield _letter(number, random.Random(chance.getrandbits(64)))


def _letter(number: int, chance: random.Random) -> Letter:
    (kind,) = chance.choices(list(_KINDS), list(_KINDS.values()))
    ((language, charset),) = chance.choices(list(_LANGUAGES), list(_LANGUAGES.values()))
    words = _WORDS[language].split()
    sender, name = f"m{number:06}@{'' if number % 3 else 'mail.'}residents.example", chance.choice(_NAMES)
    subject = " ".join(chance.choice(words) for _ in range(chance.randint(2, 7))).capitalize()
    when = _START + timedelta(seconds=37 * number)
    text = _prose(chance, words, chance.randint(20, 220))
    boundary = f"=_b{chance.getrandbits(64):016x}"
    fields: list[str] = []
    if kind in ("both", "photo"):
        body = _both(chance, text, charset, boundary)
    elif kind == "html":
        body = _text(chance, _page(text), charset, "html")
    elif kind == "thread":
        body = _text(
            chance,
            f"{text}\nOn Mon, 2 Nov 2026 at 10:12, Someone <a@b.example> wrote:\n{_quoted(chance, words)}",
            charset,
        )
        fields += ["In-Reply-To: <t0@elsewhere.example>", "References: <t0@elsewhere.example>"]
        subject = "Re: " + subject
    elif kind == "bounce":
        sender, name, subject = (
            f"MAILER-DAEMON@mx{number}.example",
            "Mail Delivery System",
            "Undelivered Mail Returned to Sender",
        )
        body = _bounce(number, boundary)
    else:
        body = _text(chance, text, charset)
    if kind == "photo":
        body = _mixed([body, *(_photo(chance) for _ in range(chance.choice([1, 1, 1, 2])))], boundary)
    if kind in ("away", "bounce"):
        fields.append("Auto-Submitted: auto-replied")
        subject = f"Automatic reply: {subject}" if kind == "away" else subject
    if kind == "list":
        fields += [f"List-Id: Town news <news{number}.lists.example>", "Precedence: list"]
    head = [
        f"Return-Path: <{'' if kind == 'bounce' else sender}>",
        f"Received: from mx.residents.example (mx.residents.example [192.0.2.{number % 250}])\r\n\tby mail.northgate.example with ESMTPS "
        f"id {chance.getrandbits(40):x}\r\n\tfor <{TO}>; {format_datetime(when)}",
        f"Date: {format_datetime(when)}",
        f"From: {_encoded(name)} <{sender}>",
        f"To: Housing <{TO}>",
        f"Subject: {_encoded(subject)}",
        f"Message-ID: <{number}.{chance.getrandbits(48):x}@residents.example>",
        "MIME-Version: 1.0",
        *fields,
    ]
    return Letter("\r\n".join(head).encode() + b"\r\n" + body, sender, kind not in ("away", "bounce", "list"))


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode(linesep="\r\n")


def _prose(chance: random.Random, words: list[str], count: int) -> str:
    lines, line = [], ""
    for number in range(count):
        word = chance.choice(words)
        if len(line) + len(word) > 70:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip() + ("." if number % 11 == 10 else "")
    return "\n".join([*lines, line, ""])


def _quoted(chance: random.Random, words: list[str]) -> str:
    quoted = ""
    for _ in range(chance.randint(4, 12)):
        quoted = "".join(
            f"> {line}\n" for line in (_prose(chance, words, chance.randint(40, 200)) + quoted).split("\n")
        )
    return quoted


def _page(text: str) -> str:
    paragraphs = "".join(
        f'<p style="margin:0;font-family:Calibri,sans-serif">{line}</p>\n' for line in text.split("\n")
    )
    return f"<html><head><style>p{{color:#222}}</style></head><body>{paragraphs}</body></html>\n"


def _text(chance: random.Random, text: str, charset: str, subtype: str = "plain") -> bytes:
    raw = text.encode(charset, "replace")
    way = "7bit" if charset in ("us-ascii", "iso-2022-jp") else chance.choice(["quoted-printable", "base64", "8bit"])
    coded = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}.get(way, bytes)(raw)
    head = f'Content-Type: text/{subtype}; charset="{charset}"\r\nContent-Transfer-Encoding: {way}\r\n\r\n'
    return head.encode() + coded.replace(b"\n", b"\r\n")


def _both(chance: random.Random, text: str, charset: str, boundary: str) -> bytes:
    return _mixed(
        [_text(chance, text, charset), _text(chance, _page(text), charset, "html")], boundary + "a", "alternative"
    )


def _mixed(parts: list[bytes], boundary: str, subtype: str = "mixed") -> bytes:
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}".encode()
    return head + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _photo(chance: random.Random) -> bytes:
    data = base64.encodebytes(b"\xff\xd8\xff\xe0" + chance.randbytes(chance.randint(50_000, 500_000))).replace(
        b"\n", b"\r\n"
    )
    head = b"Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename=photo.jpg\r\n"
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + data


def _bounce(number: int, boundary: str) -> bytes:
    status = (
        f"Reporting-MTA: dns; mx{number}.example\r\n\r\nFinal-Recipient: rfc822; x{number}@gone.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
    )
    parts = [
        b"Content-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n",
        b"Content-Type: message/delivery-status\r\n\r\n" + status.encode(),
        f"Content-Type: text/rfc822-headers\r\n\r\nFrom: {TO}\r\nTo: x{number}@gone.example\r\nSubject: We got your mail\r\n".encode(),
    ]
    return _mixed(parts, boundary, "report; report-type=delivery-status")
