"""Makes the final bytes of a mail from a draft and the templates; a profile chooses the headers (domain.md §5)."""

import binascii
import email.base64mime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.charset import Charset
from email.header import Header
from email.utils import format_datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from ackbot.mail import subjects
from ackbot.mail.addresses import Address, ascii_domain
from ackbot.mail.headers import printable
from ackbot.mail.plain import Attachment
from ackbot.mail.templates import Templates

MOST_REFERENCES = 40  # ids kept in References: the first and the last twenty
_LONGEST_ID = 998 - len("In-Reply-To: ")  # octets (RFC 5322 §2.1.1)
_SUBJECT_LENGTH = 200  # characters of a stranger's subject that we repeat
_CHROME = len("=?utf-8?b??=")
_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class _Utf8(Charset):
    """
    UTF-8 that cuts encoded words (RFC 2047) at the same places as the library, but in one pass.

    For each character more, the library measures the line from its start again.
    """

    def header_encode_lines(self, string: str, maxlengths: Iterator[int]) -> list[str | None]:
        """See Charset. The first item is None if not even one character fits into the first line."""
        module = self._get_encoder(string.encode())  # type: ignore[attr-defined]
        base64 = module is email.base64mime
        lines: list[str | None] = []
        begun = octets = 0
        room = next(maxlengths) - _CHROME
        for at, char in enumerate(string):
            size = len(char.encode()) if base64 else module.header_length(char.encode())
            if ((octets + size + 2) // 3 * 4 if base64 else octets + size) > room:
                word = string[begun:at].encode()
                lines.append(module.header_encode(word, "utf-8") if word or lines else None)
                begun, octets, room = at, 0, next(maxlengths) - _CHROME
            octets += size
        return [*lines, module.header_encode(string[begun:].encode(), "utf-8")]


_UTF_8 = _Utf8("utf-8")


class Profile(Enum):
    """Which automatic-mail headers a mail carries: (Auto-Submitted, X-Auto-Response-Suppress), "" for none."""

    REPLY = ("auto-replied", "DR, RN, NRN, OOF, AutoReply")  # at once, to a mail just received
    TIMER = ("auto-generated", "DR, RN, NRN, OOF, AutoReply")  # because a clock fell due
    HUMAN = ("", "DR, RN, NRN, OOF, AutoReply")  # a person's own words
    STAFF = ("auto-generated", "DR, RN, NRN, AutoReply")  # without OOF: an out-of-office reply shows us an absence


@dataclass(frozen=True)
class Draft:
    """
    Everything that a mail needs except its words, which come from `template`.

    Args:
        kind: one of design.md §8 `mails.kind`.
        values: the values that the template may name; plain values only.
        envelope_from: the envelope sender; "" for the null sender.
        reply_to: None if replies go to `sender`.
        languages: ISO 639-1 codes, the main one first; it picks the template. All of them make Content-Language.
        further: those of them in which the whole mail stands once more below, each with the values that it has instead.
        extra: further header fields, without personal data.
        date_at: the Date field, an aware instant.
        large: the HTML is in large print.
        attachments: files that follow the words; they are streamed when the mail is sent.
    """

    kind: str
    template: str
    values: Mapping[str, Any]
    sender: Address
    recipient: Address
    subject: str
    envelope_from: str
    message_id: str
    date_at: datetime
    profile: Profile
    reply_to: Address | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    further: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    html: bool = False
    large: bool = False
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """
    A mail ready to send.

    Args:
        content: the whole mail with CRLF line ends; if it has attachments, only the part before the first one.
        boundary: the MIME boundary between attachments; "" if there are none.
        headers: names and readable values, in order.
        upon: the whole mail as it is once another has gone, see `intents.Upon`; None if it never changes.
    """

    content: bytes
    boundary: str
    headers: Mapping[str, str]
    text: str
    html: str
    upon: bytes | None = None


def compose(draft: Draft, templates: Templates) -> Composed:
    """
    Make the final bytes. The same draft always gives the same bytes.

    Raises:
        TemplateProblem: see `Templates.render`.
        ValueError: an id or a header value holds CR, LF or NUL (D27).
    """
    subject = clean_subject(draft.subject)
    words = templates.render(
        draft.languages[0],
        draft.template,
        draft.values,
        title=subject,
        html=draft.html,
        large=draft.large,
        further=draft.further,
    )
    auto_submitted, suppress = draft.profile.value
    headers = {
        "From": _mailbox(draft.sender),
        "To": _mailbox(draft.recipient),
        "Reply-To": _mailbox(draft.reply_to) if draft.reply_to else "",
        "Subject": subject,
        "Date": format_datetime(draft.date_at),
        "Message-ID": draft.message_id,
        "In-Reply-To": draft.in_reply_to if _sendable(draft.in_reply_to) else "",
        "References": " ".join(_capped(tuple(filter(_sendable, draft.references)))),
        "Auto-Submitted": auto_submitted,
        "X-Auto-Response-Suppress": suppress,
        "Content-Language": ", ".join(draft.languages),
        "X-Ackbot-Id": draft.message_id,
        "X-Ackbot-Kind": draft.kind,
        **draft.extra,
        "MIME-Version": "1.0",
    }
    headers = {name: value for name, value in headers.items() if value}
    lines = [_field(name, value, draft) for name, value in headers.items()]
    unique = re.sub(r"[^A-Za-z0-9]", "", draft.message_id)[:40]
    content_lines = _body(words.text, words.html, f"=_alt_{unique}")
    boundary = f"=_mix_{unique}" if draft.attachments else ""
    if boundary:
        content_lines = [
            f'Content-Type: multipart/mixed; boundary="{boundary}"'.encode(),
            b"",
            f"--{boundary}".encode(),
            *content_lines,
        ]
    # Everything is ASCII except a local part that is not: such a mail is sent with SMTPUTF8 (RFC 6532 §3.2).
    content = b"\r\n".join([*(line.encode() for line in lines), *content_lines]) + b"\r\n"
    if not boundary:
        content = content.rstrip(b"\r\n") + b"\r\n"
    return Composed(content, boundary, headers, words.text, words.html)


def clean_subject(subject: str) -> str:
    """A stranger's subject made safe for a header: one line, no control characters, shortened after 200 characters."""
    return subjects.shortened(printable(subject), _SUBJECT_LENGTH)


def _body(text: str, html: str, boundary: str) -> list[bytes]:
    if not html:
        return _part("plain", text)
    return [
        f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(),
        b"",
        f"--{boundary}".encode(),
        *_part("plain", text),
        f"--{boundary}".encode(),
        *_part("html", html),
        f"--{boundary}--".encode(),
    ]


def _part(subtype: str, text: str) -> list[bytes]:
    """The MIME head and content of one part: 7-bit if all lines are ASCII and short enough, else quoted-printable."""
    data = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").encode("utf-8", "replace")
    plain = data.isascii() and max(map(len, data.split(b"\n"))) <= 990
    encoded = data if plain else binascii.b2a_qp(data, istext=True)
    return [
        f'Content-Type: text/{subtype}; charset="{"us-ascii" if plain else "utf-8"}"'.encode(),
        b"Content-Transfer-Encoding: " + (b"7bit" if plain else b"quoted-printable"),
        b"",
        *encoded.rstrip(b"\n").split(b"\n"),
        b"",
    ]


def _field(name: str, value: str, draft: Draft) -> str:
    if re.search(r"[\r\n\x00]", value):
        raise ValueError(f"{name} holds a line break")
    if name in ("Message-ID", "In-Reply-To", "References", "X-Ackbot-Id"):
        # Each id gets a line of its own and is never cut or encoded, or it would no longer be the same id.
        return f"{name}: " + "\r\n ".join(value.split(" "))
    if name in ("From", "To", "Reply-To"):
        mailbox = {"From": draft.sender, "To": draft.recipient, "Reply-To": draft.reply_to}[name]
        assert mailbox is not None  # noqa: S101 - for the type checker; compose() leaves empty fields out
        return f"{name}: {_encoded_mailbox(mailbox, len(name) + 2)}"
    return f"{name}: {_encoded(value, len(name) + 2)}"


def _encoded(value: str, indent: int) -> str:
    """The value folded at blanks; encoded words (RFC 2047) only if it is not ASCII."""
    if value.isascii() and indent + len(value) <= 76:
        return value
    charset = "us-ascii" if value.isascii() else _UTF_8
    return Header(value, charset, maxlinelen=76, header_name="x" * (indent - 2)).encode(linesep="\r\n")


def _mailbox(one: Address) -> str:
    """The mailbox as people read it, for `Composed.headers`."""
    name = printable(one.name)
    return f"{_quoted(name)} <{one.addr}>" if name else one.addr


def _quoted(name: str) -> str:
    if _ATEXT.fullmatch(name) or not name.isascii():
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def _encoded_mailbox(one: Address, indent: int) -> str:
    """The mailbox as RFC 5322 §3.4 wants it: the name encoded if it is not ASCII, the domain in its ASCII form (RFC 5890)."""
    name = printable(one.name)[:_SUBJECT_LENGTH]
    addr = ascii_domain(one.addr)
    if not name:
        return addr
    shown = (
        _quoted(name)
        if name.isascii()
        else Header(name, _UTF_8, maxlinelen=70, header_name="x" * indent).encode(linesep="\r\n")
    )
    joint = " " if indent + len(shown.rsplit("\n", 1)[-1]) + len(addr) < 74 else "\r\n "
    return f"{shown}{joint}<{addr}>"


def _sendable(identity: str) -> bool:
    """
    Whether a stranger's Message-ID may go into our headers: printable ASCII that fits on one line.

    Other ids are left out; a mended id would be another id.
    """
    return (
        identity.isascii()
        and len(identity) <= _LONGEST_ID
        and not re.search(r"[\x01-\x09\x0b\x0c\x0e-\x1f\x7f]", identity)
    )


def _capped(references: tuple[str, ...]) -> tuple[str, ...]:
    """The references of a long thread without its middle (domain.md R17)."""
    half = MOST_REFERENCES // 2
    return references if len(references) <= MOST_REFERENCES else references[:half] + references[-half:]
