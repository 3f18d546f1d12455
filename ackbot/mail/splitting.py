"""
A mail's bytes cut into the library's messages, in time that grows with the mail and not with its nesting (RFC 2046 §5.1).

The library reads a mail line by line, and asks of each line whether it is one of the boundaries of all the parts it stands
in: 900 multiparts in each other and short lines take it minutes (E1). Here each part is searched for its own boundary in
one go, and the library is given the heads alone. What it makes of odd mails is kept: a boundary that is never closed, one
that is never there, several in a row, none declared.
"""

import email.parser
import email.policy
import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache

MOST_PARTS = 200  # parts looked at; a mail of 10,000 parts is read this far (D4)
DEEPEST = 30  # levels of nesting looked at

_SMALL = 2_048  # octets of a file; smaller ones are kept
_FILES = frozenset({"image", "audio", "video", "application"})
_LONGEST_STRUCTURED = 4_096  # characters of a field that the library takes apart, in time that grows with their square
_STRUCTURED = ("content-type", "content-disposition", "content-transfer-encoding")
_HEAD = re.compile(rb"(?:(?:From |[!-9;-~]*+:|[\t ])[^\r\n]*+(?:\r\n|\r|\n|\Z))*+")
_BLANK_LINE = re.compile(rb"(?<![^\r\n])(?:\r\n|\r|(?<!\r)\n)")
_HEAD_PARSER = email.parser.BytesHeaderParser(policy=email.policy.compat32)


def message_of(raw: bytes, *, files: bool = False) -> Message:
    """
    The whole of a mail. Parts that lie too deep or behind too many others are not there.

    Args:
        files: with the content of encoded files; else they are empty.
    """
    return _Splitter(raw, files=files).message()


def head_only(raw: bytes) -> Message:
    """Its fields, and nothing of its body taken apart."""
    return _HEAD_PARSER.parsebytes(raw)


class _Splitter:
    """Walks a mail once, as `mime` will walk what comes of it: both count parts alike."""

    def __init__(self, raw: bytes, *, files: bool) -> None:
        self._raw = raw
        self._files = files
        self._left = MOST_PARTS

    def message(self) -> Message:
        """The whole of it."""
        return self._part(0, len(self._raw), 0, inside=False)

    def _part(self, start: int, end: int, depth: int, *, inside: bool, default_type: str = "text/plain") -> Message:
        """
        One part and all below it.

        Args:
            inside: a multipart, whose boundary below owns the line end before it (RFC 2046 §5.1.1).
        """
        self._left -= 1
        message, start = self._head(start, end)
        message.set_default_type(default_type)
        kind = message.get_content_maintype()
        if message.get_content_type() == "message/delivery-status":
            message.set_payload([])
            for block in self._blocks(start, end):
                message.attach(block)
        elif kind == "message":
            message.set_payload([self._part(start, end, depth + 1, inside=inside)] if depth < DEEPEST else [])
        elif kind == "multipart":
            self._multipart(message, start, end, depth, inside=inside)
        elif not self._files and end - start > _SMALL and _is_file(message):
            message.set_payload("")
        else:
            text = self._text(start, end)
            message.set_payload(_without_line_end(text) if inside else text)
        return message

    def _head(self, start: int, end: int) -> tuple[Message, int]:
        """The fields of a part, and where its content begins."""
        found = _HEAD.match(self._raw, start, end)
        assert found is not None  # noqa: S101 - for the type checker: the pattern matches nothing too
        message = head_only(found[0])
        for name in _STRUCTURED if len(found[0]) > _LONGEST_STRUCTURED else ():
            value = next((value for key, value in message.raw_items() if key.lower() == name), "")
            if len(value) > _LONGEST_STRUCTURED:
                message.replace_header(name, value[:_LONGEST_STRUCTURED])
        if message.get_payload():  # a last line `From …` is the body's first
            return message, found.end() - len(found[0].splitlines(keepends=True)[-1])
        blank = _BLANK_LINE.match(self._raw, found.end(), end)
        return message, blank.end() if blank else found.end()

    def _blocks(self, start: int, end: int) -> Iterator[Message]:
        """The per-message and per-recipient groups of fields of a report, a blank line between them (RFC 3464 §2.1)."""
        for _ in range(MOST_PARTS):
            blank = _BLANK_LINE.search(self._raw, start, end)
            yield head_only(self._raw[start : blank.start() if blank else end])
            if blank is None or blank.end() == end:
                return
            start = blank.end()

    def _multipart(self, message: Message, start: int, end: int, depth: int, *, inside: bool) -> None:
        message.set_payload([])
        if depth >= DEEPEST:
            return
        boundary = message.get_boundary()
        marks = self._marks(boundary, start, end) if boundary is not None else iter(())
        mark = next(marks, None)
        if mark is None or mark[2]:  # its text is all there is
            message.set_payload(self._text(start, mark[0] if mark else end))
            return
        if mark[0] > start:
            message.preamble = _without_line_end(self._text(start, mark[0]))
        default_type = "message/rfc822" if message.get_content_type() == "multipart/digest" else "text/plain"
        for _ in range(max(0, self._left)):
            begin = mark[1]
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
        """Where lines start and end that are a boundary, and whether it is the closing one."""
        pattern = _mark(boundary)
        for found in pattern.finditer(self._raw, start, end) if pattern else ():
            if found.start() == start or self._raw[found.start() - 1] in b"\r\n":
                yield found.start(), found.end(), found[1] is not None

    def _text(self, start: int, end: int) -> str:
        return self._raw[start:end].decode("ascii", "surrogateescape")


@lru_cache(maxsize=64)
def _mark(boundary: str) -> re.Pattern[bytes] | None:
    """A boundary and the rest of its line; None for one that no line can be."""
    try:
        octets = f"--{boundary}".encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return None
    if b"\r" in octets or b"\n" in octets:
        return None
    return re.compile(re.escape(octets) + rb"(--)?[ \t]*+(?:\r\n|\r|\n|\Z)")


def _is_file(message: Message) -> bool:
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    return message.get_content_maintype() in _FILES and encoding == "base64"


def _without_line_end(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith(("\r", "\n")) else text
