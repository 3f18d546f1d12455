"""The tree of MIME parts of a mail (RFC 2045, 2046). No sequence of bytes makes the parser raise."""

import email.generator
import email.policy
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message as StandardMessage
from functools import cached_property

from ackbot.mail.charsets import decode
from ackbot.mail.headers import Headers, parameters
from ackbot.mail.splitting import (
    DEEPEST,
    MOST_HEAD_LINES,
    MOST_HEAD_OCTETS,
    MOST_PARTS,
    Piece,
    head_only,
    head_within,
    message_of,
)

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"(?:From |>From |[\x21-\x39\x3b-\x7e\x80-\xff]+:|[ \t])")
_SPACED_NAME = re.compile(rb"^([\x21-\x39\x3b-\x7e]+)[ \t]+:", re.MULTILINE)  # obsolete syntax, RFC 5322 §4.5
_NO_SEMICOLON = re.compile(r"^([^\s;/]+/[^\s;]+)[ \t]+(?=[\w-]+=)")
_META_CHARSET = re.compile(rb"<meta\b[^<>]{0,200}?\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
OCTETS = "X-Ackbot-Octets"  # where a skeleton tells the size of a part whose content it leaves out, as its last field
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"})
# Names that mail systems give to pieces of the text itself: Exchange, MMS gateways, phones.
_GIVEN_NAME = re.compile(
    r"(?:ATT\d{3,6}|text[ _-]?\d{0,4}|part[ _.-]?[\d.]{1,8}"
    r"|(?:mms|sms|smil)?(?:text|body|message|msg)[ _-]?\d{0,4})\.(?:txt|text|html?)",
    re.IGNORECASE,
)
_TEXT_NAME = re.compile(r"(?:[^.]*+|.*\.(?:txt|text|html?|md))", re.IGNORECASE | re.DOTALL)
_AS_IT_CAME = email.policy.compat32.clone(linesep="\r\n", max_line_length=0)


@dataclass(frozen=True)
class Part:
    """
    One node of the tree.

    Args:
        section: its IMAP section number (RFC 3501 §6.4.5); "" for a multipart at the top.
        children: the parts of a multipart, or the one mail inside a message/rfc822.
        octets: the size of its content in its transfer encoding, with CRLF line ends.
        readable: False for a mail of which only the head could be parsed.
    """

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    section: str
    octets: int = 0
    children: tuple["Part", ...] = ()
    readable: bool = True
    source: StandardMessage | None = field(default=None, repr=False, compare=False)

    @property
    def is_attachment(self) -> bool:
        """
        Whether it is a file beside the text rather than a piece of the text.

        A text with a name is a piece of the text if its sender marked it as such, and the name is not that of something else, or
        if a mail system gave it that name (E17).
        """
        if self.content_type not in _TEXTS:
            return not self.content_type.startswith("multipart/")
        if self.disposition == "inline":
            return not _TEXT_NAME.fullmatch(self.filename)
        return (self.disposition == "attachment" or self.is_named) and not _GIVEN_NAME.fullmatch(self.filename)

    @property
    def is_text(self) -> bool:
        """Whether it is of a type that can be read as text, be it a file or not."""
        return self.content_type in _TEXTS

    @property
    def is_named(self) -> bool:
        """Whether its sender gave it a name of their own."""
        return bool(self.filename) and not _GIVEN_NAME.fullmatch(self.filename)

    @cached_property
    def body(self) -> bytes:
        """The content with its transfer encoding removed; from a damaged encoding, what can be recovered."""
        if self.source is None or self.source.is_multipart():
            return b""
        try:
            data = self.source.get_payload(decode=True)
        except Exception:  # noqa: BLE001 - the library's decoders raise many kinds of errors on damaged input
            data = None
        return data if isinstance(data, bytes) else b""

    @cached_property
    def text(self) -> str:
        """`body` decoded from its declared charset, with `\\n` line ends and without NUL."""
        charset = self.parameters.get("charset", "")
        if not charset and self.content_type == "text/html" and (meta := _META_CHARSET.search(self.body[:4_096])):
            charset = meta[1].decode("ascii")
        text = decode(self.body, charset)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")

    def leaves(self) -> Iterator["Part"]:
        """All parts that are not multiparts, in order; a message/rfc822 counts as one leaf."""
        if self.children and self.content_type.startswith("multipart/"):
            for child in self.children:
                yield from child.leaves()
        else:
            yield self


def parse(raw: bytes, *, files: bool = False) -> Part:
    """
    The tree of a whole mail. Never raises: a mail that the library cannot parse becomes a head without content.

    First the head is mended where a mail client would read on: garbage lines among the fields, bare CR, NUL.

    Args:
        files: read the content of files too, for `part_bytes`.
    """
    head, mended = _mend(raw)
    try:
        return _Reader(message_of(mended, files=files)).tree()
    except Exception:  # noqa: BLE001 - RecursionError on deep nesting and whatever else hostile bytes provoke
        message = head_only(head)
        del message["Content-Type"]
        return Part(_headers(message), "text/plain", {}, "", "", "1", readable=False)


def part_bytes(root: Part, section: str) -> bytes | None:
    """
    The header and content of one leaf, still encoded, ready to go into another mail; None if there is no such leaf.

    Args:
        root: the tree, parsed with `files=True`.
    """
    found = next((leaf for leaf in _all_leaves(root) if leaf.section == section and leaf.source is not None), None)
    if found is None or found.source is None:
        return None
    written = io.BytesIO()
    try:
        email.generator.BytesGenerator(written, mangle_from_=False, policy=_AS_IT_CAME).flatten(found.source)
    except Exception:  # noqa: BLE001 - the library may fail to write what it has read
        return None
    return written.getvalue()


def _all_leaves(root: Part) -> Iterator[Part]:
    """All leaves, those of mails inside the mail too."""
    for leaf in root.leaves():
        yield leaf
        for child in leaf.children:
            yield from _all_leaves(child)


def head_of(raw: bytes) -> bytes:
    """The header section with its closing blank line; the whole mail if there is none."""
    match = _HEAD_END.search(raw)
    return raw[: match.end()] if match else raw


def _mend(raw: bytes) -> tuple[bytes, bytes]:
    """The head and the whole mail, without bytes that would make a strict parser stop reading fields too early."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    # Old Macintosh programs end lines with CR alone.
    if b"\n" not in raw[:4096] and b"\r" in raw[:4096]:
        raw = raw.replace(b"\r", b"\n")
    head = head_of(raw)
    body = raw[len(head) :]
    if len(within := head_within(head, MOST_HEAD_LINES, MOST_HEAD_OCTETS)) < len(head):
        head = within + b"\r\n"
    clean = head.replace(b"\x00", b"")
    clean = re.sub(rb"(?<!\r)\r+(?=\r\n)", b"", clean)
    clean = re.sub(rb"\r(?!\n)", b" ", clean)
    lines = clean.splitlines(keepends=True)
    if not all(_FIELD.match(line) or not line.strip() for line in lines):
        clean = _SPACED_NAME.sub(rb"\1:", clean)
        lines = clean.splitlines(keepends=True)
        kept = [line for line in lines if _FIELD.match(line) or not line.strip()]
        # Without any field this is not a head at all, and nothing of it is garbage.
        if any(b":" in line for line in kept):
            clean = b"".join(kept)
    return clean, clean + body


def _headers(message: StandardMessage, charset: str = "") -> Headers:
    return Headers(((name, value) for name, value in message.raw_items() if name.lower() != OCTETS.lower()), charset)


def _octets(message: StandardMessage) -> int:
    """The size of a part's content: what a skeleton tells, else what is there."""
    told = [str(value).strip() for name, value in message.raw_items() if name.lower() == OCTETS.lower()]
    if told and re.fullmatch(r"[0-9]{1,12}", told[-1]):
        return int(told[-1])
    return message.octets if isinstance(message, Piece) else 0


def _tidy_encoding(message: StandardMessage) -> None:
    """Reduce a transfer encoding (RFC 2045 §6.1) to its bare word in lower case, the only form that the library understands."""
    value = str(message.get("Content-Transfer-Encoding", ""))
    word = re.sub(r"\([^()]*\)", "", value).strip(" \t\"';").lower()
    if word != value:
        message.replace_header("Content-Transfer-Encoding", word)


class _Reader:
    """Builds the tree from the library's message; the number of parts is limited, so that no mail costs much more than others."""

    def __init__(self, message: StandardMessage) -> None:
        self._message = message
        self._left = MOST_PARTS

    def tree(self) -> Part:
        """The tree of the whole mail."""
        return self._part(self._message, "", 0)

    def _part(
        self, message: StandardMessage, section: str, depth: int, *, digest: bool = False, enclosed: bool = False
    ) -> Part:
        self._left -= 1
        headers = _headers(message)
        # Some programs forget the semicolon: `text/html charset=x`.
        content_type, params = parameters(_NO_SEMICOLON.sub(r"\1; ", headers.raw("content-type")), headers)
        if "charset" in params:
            headers = _headers(message, params["charset"])
        # A missing or damaged type means the default, which is another one inside a digest (RFC 2046 §5.1.5).
        if not re.fullmatch(r"[^\s/]+/[^\s/]+", content_type):
            content_type = "message/rfc822" if digest else "text/plain"
        _tidy_encoding(message)
        disposition, disposition_params = parameters(headers.raw("content-disposition"), headers)
        filename = disposition_params.get("filename") or params.get("name") or ""
        payload = message.get_payload()
        inner = [part for part in payload if isinstance(part, StandardMessage)] if isinstance(payload, list) else []
        multipart = content_type.startswith("multipart/")
        if multipart and not inner:
            content_type, multipart = "text/plain", False  # its boundary was not found, so the content is one text
        children: tuple[Part, ...] = ()
        # The only part of a mail is numbered as well, in a mail inside another one too (RFC 3501 §6.4.5).
        own_section = section if multipart or (section and not enclosed) else f"{section}.1".lstrip(".")
        if inner and depth < DEEPEST and (multipart or content_type == "message/rfc822"):
            prefix = f"{section}." if section else ""
            is_digest = content_type == "multipart/digest"
            children = tuple(
                self._part(
                    child,
                    f"{prefix}{number}" if multipart else own_section,
                    depth + 1,
                    digest=is_digest,
                    enclosed=not multipart,
                )
                for number, child in enumerate(inner[: max(0, self._left)], 1)
            )
        # 8-bit header fields are probably in the charset of the text below them.
        if multipart and not depth and "charset" not in params:
            inside = (leaf.parameters.get("charset") for child in children for leaf in child.leaves())
            headers = _headers(message, next((charset for charset in inside if charset), ""))
        octets = _octets(message)
        return Part(headers, content_type, params, disposition, filename, own_section, octets, children, source=message)
