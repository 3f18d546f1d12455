"""The tree of MIME parts of a mail, from whatever bytes came (RFC 2045, 2046): no byte sequence makes this raise."""

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
from ackbot.mail.splitting import DEEPEST, MOST_PARTS, head_only, message_of

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"(?:From |>From |[\x21-\x39\x3b-\x7e\x80-\xff]+:|[ \t])")
_SPACED_NAME = re.compile(rb"^([\x21-\x39\x3b-\x7e]+)[ \t]+:", re.MULTILINE)  # obsolete syntax, RFC 5322 §4.5
_NO_SEMICOLON = re.compile(r"^([^\s;/]+/[^\s;]+)[ \t]+(?=[\w-]+=)")
_META_CHARSET = re.compile(rb"<meta\b[^<>]{0,200}?\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_AS_IT_CAME = email.policy.compat32.clone(linesep="\r\n", max_line_length=0)


@dataclass(frozen=True)
class Part:
    """
    One node of the tree.

    Args:
        section: its number in IMAP's terms (RFC 3501 §6.4.5), "" for a multipart at the top.
        children: of a multipart, or the one mail inside a message/rfc822.
        readable: False for a whole mail that could not be parsed: only its head was.
    """

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    section: str
    children: tuple["Part", ...] = ()
    readable: bool = True
    source: StandardMessage | None = field(default=None, repr=False, compare=False)

    @property
    def is_attachment(self) -> bool:
        """Whether a mail client would list it beside the text rather than show it as text."""
        if self.content_type in ("text/plain", "text/html"):
            return self.disposition == "attachment" or bool(self.filename)
        return not self.content_type.startswith("multipart/")

    @cached_property
    def body(self) -> bytes:
        """The content with its transfer encoding undone; damaged encodings give what can be had."""
        if self.source is None or self.source.is_multipart():
            return b""
        try:
            data = self.source.get_payload(decode=True)
        except Exception:  # noqa: BLE001 - stdlib decoders raise many kinds on damaged input
            data = None
        return data if isinstance(data, bytes) else b""

    @cached_property
    def text(self) -> str:
        """`body` as text in its declared charset, line ends as `\\n`, without NUL."""
        charset = self.parameters.get("charset", "")
        if not charset and self.content_type == "text/html" and (meta := _META_CHARSET.search(self.body[:4_096])):
            charset = meta[1].decode("ascii")
        text = decode(self.body, charset)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")

    def leaves(self) -> Iterator["Part"]:
        """Every part without children, in order; a message/rfc822 counts as a leaf."""
        if self.children and self.content_type.startswith("multipart/"):
            for child in self.children:
                yield from child.leaves()
        else:
            yield self


def parse(raw: bytes, *, files: bool = False) -> Part:
    """
    The tree of a whole mail. Never raises: what the library cannot parse is read as a head and one plain text.

    Bytes are mended first where a mail client would have read on: a garbage line among the fields, bare CR, NUL.

    Args:
        files: the content of files is read too, for `part_bytes`.
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
    The header and content of one leaf, still encoded, as they may stand in another mail; None for what is not there.

    Args:
        root: parsed with its files.
    """
    found = next((leaf for leaf in root.leaves() if leaf.section == section and leaf.source is not None), None)
    if found is None or found.source is None:
        return None
    written = io.BytesIO()
    try:
        email.generator.BytesGenerator(written, mangle_from_=False, policy=_AS_IT_CAME).flatten(found.source)
    except Exception:  # noqa: BLE001 - what the library read it may still fail to write
        return None
    return written.getvalue()


def head_of(raw: bytes) -> bytes:
    """The header section with its closing blank line."""
    match = _HEAD_END.search(raw)
    return raw[: match.end()] if match else raw


def _mend(raw: bytes) -> tuple[bytes, bytes]:
    """The head and the whole, without what would make a strict parser stop reading fields too early."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if b"\n" not in raw[:4096] and b"\r" in raw[:4096]:
        raw = raw.replace(b"\r", b"\n")
    head = head_of(raw)
    body = raw[len(head) :]
    clean = head.replace(b"\x00", b"")
    clean = re.sub(rb"(?<!\r)\r+(?=\r\n)", b"", clean)
    clean = re.sub(rb"\r(?!\n)", b" ", clean)
    lines = clean.splitlines(keepends=True)
    if not all(_FIELD.match(line) or not line.strip() for line in lines):
        clean = _SPACED_NAME.sub(rb"\1:", clean)
        lines = clean.splitlines(keepends=True)
        kept = [line for line in lines if _FIELD.match(line) or not line.strip()]
        if any(b":" in line for line in kept):
            clean = b"".join(kept)
    return clean, clean + body


def _headers(message: StandardMessage, charset: str = "") -> Headers:
    return Headers(((name, value) for name, value in message.raw_items()), charset)


def _tidy_encoding(message: StandardMessage) -> None:
    """Blanks, quotes, comments and letter case off a transfer encoding (RFC 2045 §6.1): the library wants the bare word."""
    value = str(message.get("Content-Transfer-Encoding", ""))
    word = re.sub(r"\([^()]*\)", "", value).strip(" \t\"';").lower()
    if word != value:
        message.replace_header("Content-Transfer-Encoding", word)


class _Reader:
    """Walks the library's message once, counting parts so that no mail costs more than another."""

    def __init__(self, message: StandardMessage) -> None:
        self._message = message
        self._left = MOST_PARTS

    def tree(self) -> Part:
        """The whole of it."""
        return self._part(self._message, "", 0)

    def _part(self, message: StandardMessage, section: str, depth: int, *, digest: bool = False) -> Part:
        self._left -= 1
        headers = _headers(message)
        # `text/html charset=x`: the semicolon forgotten
        content_type, params = parameters(_NO_SEMICOLON.sub(r"\1; ", headers.raw("content-type")), headers)
        if "charset" in params:
            headers = _headers(message, params["charset"])
        if not re.fullmatch(r"[^\s/]+/[^\s/]+", content_type):
            content_type = "message/rfc822" if digest else "text/plain"
        _tidy_encoding(message)
        disposition, disposition_params = parameters(headers.raw("content-disposition"), headers)
        filename = disposition_params.get("filename") or params.get("name") or ""
        payload = message.get_payload()
        inner = [part for part in payload if isinstance(part, StandardMessage)] if isinstance(payload, list) else []
        multipart = content_type.startswith("multipart/")
        if multipart and not inner:
            content_type, multipart = "text/plain", False  # no boundary was found: the text is all there is
        children: tuple[Part, ...] = ()
        own_section = section or ("" if multipart else "1")
        if inner and depth < DEEPEST and (multipart or content_type == "message/rfc822"):
            prefix = f"{section}." if section else ""
            is_digest = content_type == "multipart/digest"
            children = tuple(
                self._part(child, f"{prefix}{number}" if multipart else section, depth + 1, digest=is_digest)
                for number, child in enumerate(inner[: max(0, self._left)], 1)
            )
        if multipart and not depth and "charset" not in params:  # 8-bit fields are in the charset of the words below
            inside = (leaf.parameters.get("charset") for child in children for leaf in child.leaves())
            headers = _headers(message, next((charset for charset in inside if charset), ""))
        return Part(headers, content_type, params, disposition, filename, own_section, children, source=message)
