"""
Cuts a mail's bytes into the library's messages, in time that grows with the mail and not with its nesting (RFC 2046 §5.1).

The library itself compares each line with the boundaries of all parts around it. With 900 nested multiparts and short lines
it takes minutes (E1). Here each part is searched once for its own boundary, and the library parses the heads alone. Odd mails
give the same result as in the library: a boundary that is never closed, or repeated in a row. One that is wrong or not
declared is taken from the first line that looks like one, because letters came that way (E18, E22).
"""

import email.parser
import email.policy
import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from itertools import islice

MOST_PARTS = 200  # parts that are read; of a mail with 10,000 parts, the first ones (D4)
DEEPEST = 30  # levels of nesting that are read
MOST_HEAD_LINES = 10_000  # of the heads of a mail and all its parts together; what follows is left out
MOST_HEAD_OCTETS = 4_194_304

_SMALL = 2_048  # octets; files up to this size keep their content
_FILES = frozenset({"image", "audio", "video", "application"})
# Characters; the library parses these fields in time that grows with the square of their length.
_LONGEST_STRUCTURED = 4_096
_STRUCTURED = ("content-type", "content-disposition", "content-transfer-encoding")
_HEAD = re.compile(rb"(?:(?:From |[!-9;-~]*+:|[\t ])[^\r\n]*+(?:\r\n|\r|\n|\Z))*+")
_LINES = re.compile(rb"(?:[^\r\n]*+(?:\r\n|\r|\n))*+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BLANK_LINE = re.compile(rb"(?<![^\r\n])(?:\r\n|\r|(?<!\r)\n)")
_UNFOLDED = re.compile(r"(?<![\r\n])[\r\n]++(?=[ \t])")
_GUESSED_IN = (
    8_192  # octets at the top of a multipart in which its boundary is looked for, if the declared one is not there
)
# A line that looks like a boundary: a part's first field, or its blank line, follows.
_BOUNDARY_LINE = re.compile(
    rb"(?:\A|(?<=[\r\n]))--([!-~](?:[ -~]{0,198}[!-~])?)[ \t]*+(?:\r\n|\r|\n)(?=Content-[A-Za-z-]{1,40}:)",
    re.IGNORECASE,
)


class Piece(Message):
    """
    A part as the library reads it.

    Args:
        octets: the size of its content in its transfer encoding, with CRLF line ends, as IMAP servers count it.
    """

    octets = 0


_HEAD_PARSER = email.parser.BytesHeaderParser(_class=Piece, policy=email.policy.compat32)


def message_of(raw: bytes, *, files: bool = False) -> Piece:
    """
    The library's message for a whole mail. Parts beyond DEEPEST levels or MOST_PARTS are missing.

    Args:
        files: keep the content of base64-encoded files; otherwise larger ones are empty.
    """
    return _Splitter(raw, files=files).message()


def head_only(raw: bytes) -> Piece:
    """The library's message with the header fields parsed and the body unparsed."""
    found = _HEAD_PARSER.parsebytes(raw)
    assert isinstance(found, Piece)  # noqa: S101 - the parser makes no other
    return found


def head_within(head: bytes, lines: int, octets: int) -> bytes:
    """
    The first whole lines of a head, within limits that no honest mail reaches.

    The library takes a millisecond for two hundred fields. A mail of nothing else would stop us for seconds, again with each copy.
    """
    if len(head) > octets:
        head = head[:octets]
        whole = _LINES.match(head)
        head = head[: whole.end()] if whole and whole.end() else head
    if head.count(b"\n") + head.count(b"\r") <= lines:
        return head
    ends = islice(_LINE_END.finditer(head), max(0, lines - 1), None)
    last = next(ends, None) if lines > 0 else None
    return head[: last.end()] if last else head if lines > 0 else b""


class _Splitter:
    """Walks a mail once. It counts parts like `mime`, which walks the result, so that both stop at the same part."""

    def __init__(self, raw: bytes, *, files: bool) -> None:
        self._raw = raw
        self._files = files
        self._left = MOST_PARTS
        self._lines_left, self._octets_left = MOST_HEAD_LINES, MOST_HEAD_OCTETS

    def message(self) -> Piece:
        """The message of the whole mail."""
        return self._part(0, len(self._raw), 0, inside=False)

    def _part(self, start: int, end: int, depth: int, *, inside: bool, default_type: str = "text/plain") -> Piece:
        """
        One part and all parts below it.

        Args:
            start, end: octets of the mail.
            inside: the part lies in a multipart, so that its last line end belongs to the boundary (RFC 2046 §5.1.1).
        """
        self._left -= 1
        message, start = self._head(start, end)
        message.set_default_type(default_type)
        message.octets = self._octets(start, end, inside=inside)
        kind = message.get_content_maintype()
        if message.get_content_type() == "message/delivery-status":
            message.set_payload([])
            for block in self._blocks(start, end):
                message.attach(block)
        elif kind == "message":
            message.set_payload([self._part(start, end, depth + 1, inside=inside)] if depth < DEEPEST else [])
        elif kind == "multipart":
            self._multipart(message, start, end, depth, inside=inside)
        # No rule reads the content of files, and it is most of a large mail, so it is not kept.
        elif not self._files and end - start > _SMALL and _is_file(message):
            message.set_payload("")
        else:
            text = self._text(start, end)
            message.set_payload(_without_line_end(text) if inside else text)
        return message

    def _octets(self, start: int, end: int, *, inside: bool) -> int:
        """The size of a content, as an IMAP server counts it that stores line ends as CRLF."""
        if inside and end > start:  # the last line end belongs to the boundary
            end -= 2 if self._raw[max(start, end - 2) : end] == b"\r\n" else self._raw[end - 1] in b"\r\n"
        return max(0, end - start) + self._raw.count(b"\n", start, end) - self._raw.count(b"\r\n", start, end)

    def _head(self, start: int, end: int) -> tuple[Piece, int]:
        """The fields of a part, and the place where its content begins."""
        found = _HEAD.match(self._raw, start, end)
        assert found is not None  # noqa: S101 - for the type checker: the pattern also matches the empty string
        message = self._parsed(found[0])
        for name in _STRUCTURED if len(found[0]) > _LONGEST_STRUCTURED else ():
            value = next((value for key, value in message.raw_items() if key.lower() == name), "")
            if len(value) > _LONGEST_STRUCTURED:
                message.replace_header(name, value[:_LONGEST_STRUCTURED])
        if message.get_payload():  # the library reads a last line `From …` as the body's first
            return message, found.end() - len(found[0].splitlines(keepends=True)[-1])
        blank = _BLANK_LINE.match(self._raw, found.end(), end)
        return message, blank.end() if blank else found.end()

    def _parsed(self, head: bytes) -> Piece:
        """The fields of a head, as far as the limits for all heads of the mail allow."""
        kept = head_within(head, self._lines_left, self._octets_left)
        self._lines_left -= kept.count(b"\n") or kept.count(b"\r")
        self._octets_left -= len(kept)
        return head_only(kept)

    def _blocks(self, start: int, end: int) -> Iterator[Piece]:
        """The groups of fields of a report, one per message and one per recipient, with blank lines between (RFC 3464 §2.1)."""
        for _ in range(MOST_PARTS):
            blank = _BLANK_LINE.search(self._raw, start, end)
            yield self._parsed(self._raw[start : blank.start() if blank else end])
            if blank is None or blank.end() == end:
                return
            start = blank.end()

    def _multipart(self, message: Piece, start: int, end: int, depth: int, *, inside: bool) -> None:
        message.set_payload([])
        if depth >= DEEPEST:
            return
        boundary = message.get_boundary()
        marks = self._marks(_UNFOLDED.sub("", boundary), start, end) if boundary is not None else iter(())
        mark = next(marks, None)
        if mark is None and (guessed := _BOUNDARY_LINE.search(self._raw, start, min(end, start + _GUESSED_IN))):
            marks = self._marks(guessed[1].decode("ascii"), start, end)
            mark = next(marks, None)
        if mark is None or mark[2]:  # no boundary, or the closing one first: all content is one text, as in the library
            message.set_payload(self._text(start, mark[0] if mark else end))
            return
        if mark[0] > start:
            message.preamble = _without_line_end(self._text(start, mark[0]))
        default_type = "message/rfc822" if message.get_content_type() == "multipart/digest" else "text/plain"
        for _ in range(max(0, self._left)):
            begin = mark[1]
            # The library takes several boundary lines in a row for one.
            while (mark := next(marks, None)) is not None and mark[0] == begin:
                begin = mark[1]
            below = mark[0] if mark else end
            message.attach(self._part(begin, below, depth + 1, inside=True, default_type=default_type))
            if mark is None:
                return
            if mark[2]:
                epilogue = self._text(mark[1], end)
                message.epilogue = (_without_line_end(epilogue) if epilogue else None) if inside else epilogue
                return

    def _marks(self, boundary: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Start and end of each boundary line, and whether it is the closing one."""
        pattern = _mark(boundary)
        for found in pattern.finditer(self._raw, start, end) if pattern else ():
            if found.start() == start or self._raw[found.start() - 1] in b"\r\n":
                yield found.start(), found.end(), found[1] is not None

    def _text(self, start: int, end: int) -> str:
        return self._raw[start:end].decode("ascii", "surrogateescape")


@lru_cache(maxsize=64)
def _mark(boundary: str) -> re.Pattern[bytes] | None:
    """A pattern for a boundary and the rest of its line; None if no line can be this boundary."""
    try:
        octets = f"--{boundary}".encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return None
    if b"\r" in octets or b"\n" in octets:
        return None
    return re.compile(re.escape(octets) + rb"(--)?[ \t]*+(?:\r\n|\r|\n|\Z)")


def _is_file(message: Message) -> bool:
    """Whether it is a file that nobody reads. A mail that a client saved as a file (`.eml`) is read (behaviour.md §4.7)."""
    named = f"{message.get('Content-Type', '')}{message.get('Content-Disposition', '')}".lower()
    if ".eml" in named:
        return False
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    return message.get_content_maintype() in _FILES and encoding == "base64"


def _without_line_end(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith(("\r", "\n")) else text
