"""Decodes header fields as strangers write them; never raises (RFC 5322, 2047, 2231, 6532; D23, D27)."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_tz
from itertools import groupby

from ackbot.mail.charsets import decode

LONGEST_VALUE = 65_536  # characters; longer header values are cut, so that no rule has to work through a megabyte
_ENCODED_WORD = re.compile(r"=\?([^?\s]{0,60})\?([bBqQ])\?")  # the part before the payload, which ends at the next `?=`
_FOLD = re.compile(r"(?<![\r\n])[\r\n]++(?=[ \t]|\Z)")
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff\u00ad")


class Headers:
    """
    The header fields of one mail or one MIME part, in order, repeated ones kept.

    `value` and `values` give decoded text on one line; `raw` and `raws` give the unfolded original. A name that is absent
    gives "" or an empty tuple. 8-bit bytes are surrogate escapes, as `email.parser.BytesParser` leaves them.
    """

    __slots__ = ("_fallback", "_fields")

    def __init__(self, fields: Iterable[tuple[str, str]], fallback_charset: str = "") -> None:
        self._fields: dict[str, list[str]] = {}
        self._fallback = fallback_charset
        for name, value in fields:
            self._fields.setdefault(name.strip().lower(), []).append(unfold(str(value)[:LONGEST_VALUE]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(tuple(self._fields))

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def names(self) -> tuple[str, ...]:
        """The names of the fields in lower case, in order of first appearance."""
        return tuple(self._fields)

    def raw(self, name: str) -> str:
        """The first field of that name, unfolded and undecoded."""
        return self._fields.get(name, [""])[0]

    def raws(self, name: str) -> tuple[str, ...]:
        """All fields of that name, topmost first, unfolded and undecoded."""
        return tuple(self._fields.get(name, ()))

    def value(self, name: str) -> str:
        """The first field of that name, decoded, on one line."""
        return self.decode(self.raw(name)) if name in self._fields else ""

    def values(self, name: str) -> tuple[str, ...]:
        """All fields of that name, decoded, topmost first."""
        return tuple(self.decode(raw) for raw in self.raws(name))

    def decode(self, raw: str) -> str:
        """A raw value of these fields, or a piece of one, as printable text."""
        return printable(decode_words(raw, self._fallback))


def unfold(value: str) -> str:
    """A folded value on one line (RFC 5322 §2.2.3)."""
    if "\n" not in value and "\r" not in value:
        return value.strip(" \t")
    return _FOLD.sub("", value).strip(" \t\r\n")


def printable(text: str) -> str:
    """
    The text on one line that is safe to show and to send.

    Control characters and line ends become spaces, bidi controls are dropped, runs of blanks become one space.
    """
    if text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip()
    kept = []
    for char in text:
        if char in _BIDI:
            continue
        category = unicodedata.category(char)
        kept.append("\ufffd" if category == "Cs" else " " if category in ("Cc", "Zl", "Zp", "Zs") else char)
    return " ".join("".join(kept).split())


def decode_words(raw: str, fallback_charset: str = "") -> str:
    """
    The text with its encoded words (RFC 2047) decoded, even those inside quotes or without blanks around them.

    Blanks between two encoded words are dropped. Neighbours of one charset are joined as bytes before they are decoded,
    because some clients cut a character in two. All other text is kept; its 8-bit bytes are read as UTF-8 or
    `fallback_charset`.
    """
    if "=?" not in raw:
        return _plain(raw, fallback_charset)
    pieces: list[str] = []
    pending: list[tuple[str, bytes]] = []
    end = 0
    while (match := _ENCODED_WORD.search(raw, end)) and (close := raw.find("?=", match.end())) >= 0:
        between = raw[end : match.start()]
        if between.strip(" \t\r\n") or (between and not pending):
            pieces += [_join(pending), _plain(between, fallback_charset)]
            pending = []
        charset, encoding = match.groups()
        # `=?utf-8*en?…` names a language after the charset (RFC 2231 §5).
        pending.append((charset.split("*")[0].lower(), _word_bytes(encoding, raw[match.end() : close])))
        end = close + 2
    pieces += [_join(pending), _plain(raw[end:], fallback_charset)]
    return "".join(pieces)


def _plain(raw: str, fallback_charset: str) -> str:
    if raw.isascii() and "\x1b$" not in raw:  # ESC $ begins raw ISO-2022-JP, which is ASCII byte by byte
        return raw
    try:
        return decode(raw.encode("ascii", "surrogateescape"), fallback_charset)
    except UnicodeEncodeError:  # the value already holds decoded text: keep that
        return raw.encode("utf-8", "replace").decode("utf-8")


def _join(words: list[tuple[str, bytes]]) -> str:
    alike = groupby(words, key=lambda word: word[0])
    return "".join(decode(b"".join(data for _, data in some), charset) for charset, some in alike)


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    # One letter beyond a multiple of four holds no whole octet, and b64decode would raise.
    if len(data) % 4 == 1:
        data = data[:-1]
    return base64.b64decode(data + b"=" * (-len(data) % 4))


def parameters(value: str, headers: Headers) -> tuple[str, dict[str, str]]:
    """
    Split a structured value such as Content-Type into its first word, in lower case, and its decoded parameters.

    Reads RFC 2231 (continuations, charset), and the encoded words that clients put there against RFC 2047 §5.
    """
    pieces = _split_parameters(value)
    found: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    for piece in pieces[1:]:
        name, equals, raw = piece.partition("=")
        name, raw = name.strip().lower(), _unquote(raw.strip())
        if not equals or not name:
            continue
        match = re.fullmatch(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", name)
        if match and "*" in name:
            parts.setdefault(match[1], {})[int(match[2] or 0)] = (bool(match[3]), raw)
        else:
            found.setdefault(name, headers.decode(raw))
    for name, sections in parts.items():
        found[name] = printable(_continued(sections))
    return pieces[0].strip().lower() if pieces else "", found


def _continued(sections: dict[int, tuple[bool, str]]) -> str:
    """
    The value of a parameter that is split into numbered sections (RFC 2231 §3, §4).

    Each section may be percent-encoded; the first one may name the charset.
    """
    charset, data, first = "", b"", min(sections, default=0)
    for number in sorted(sections):
        encoded, text = sections[number]
        if encoded and number == first and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        data += re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw) if encoded else raw
    text = decode(data, charset)
    return decode_words(text) if "=?" in text else text


def _split_parameters(value: str) -> list[str]:
    """Split a value at the semicolons outside its quoted strings."""
    pieces: list[str] = []
    current: list[str] = []
    quoted = escaped = False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            pieces.append("".join(current))
            current = []
            continue
        current.append(char)
    pieces.append("".join(current))
    return pieces


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text.strip('"')


def instant(value: str) -> datetime | None:
    """A date-time of RFC 5322 §3.3 as an aware instant in UTC; None if it cannot be read. A missing zone counts as UTC."""
    try:
        parsed = parsedate_tz(value[:128])
        # The library also accepts zones of more than a day, which no honest clock has.
        if parsed is None or abs(parsed[9] or 0) > 86_400:
            return None
        moment = datetime(*parsed[:6], tzinfo=UTC)
        return datetime.fromtimestamp(moment.timestamp() - (parsed[9] or 0), UTC)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None
