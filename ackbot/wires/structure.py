"""What a mail consists of, as a server tells it in BODYSTRUCTURE (RFC 3501 §7.4.2), and the mail put together from its parts."""

import email.parser
import email.policy
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ackbot.mail.headers import Headers, parameters
from ackbot.mail.mime import OCTETS, head_of
from ackbot.mail.splitting import MOST_PARTS

TEXT_UP_TO = 524_288  # octets that are fetched of one text part of a larger mail
_PAGE_UP_TO = (
    4_000_000  # the same of its first pages of HTML, because pictures may stand in a page before its words (E18)
)
_PAGES = 2
# The parts that rules read, so that the skeleton of a large mail has them (D19).
_TEXTUAL = frozenset(
    {
        "text/plain",
        "text/html",
        "text/calendar",
        "text/rfc822-headers",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    }
)
_WORDS = frozenset({"text/plain", "text/html"})  # read as files too, because a letter may be in one (E20)
# What walking through an answer raises that has another shape than RFC 3501 gives it.
MISSHAPEN = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


def wanted(structure: Any) -> "Wanted | None":
    """What to fetch of a mail with this structure; None if it is not given or cannot be followed (E30)."""
    found = Wanted()
    try:
        found.walk(structure, "")
    except MISSHAPEN:
        return None
    return found


class Wanted:
    """The sections of a BODYSTRUCTURE that make the skeleton, and the size of every part, in attached mails too."""

    def __init__(self) -> None:
        self.mime: list[str] = []
        self.heads: list[str] = []
        self.text: dict[str, int] = {}  # each with the octets to fetch of it
        self._pages = 0
        self.sizes: dict[str, int] = {}

    def walk(self, structure: Any, section: str, *, fetched: bool = True) -> None:
        """
        Note a part and all parts below it.

        Args:
            fetched: it is asked for by itself; otherwise it comes along with the attached mail that it is part of.
        """
        if len(self.mime) >= MOST_PARTS:  # the parser of whole mails stops there too, and both must see the same
            return
        if section and fetched:
            self.mime.append(section)
        if inner := _children(structure):
            for number, child in enumerate(inner, 1):
                self.walk(child, f"{section}.{number}" if section else str(number), fetched=fetched)
            return
        own = section or "1"
        content_type = _content_type(structure)
        self.sizes[own] = int(structure[6] or 0)
        if content_type == "message/rfc822":
            self._mail(structure, own, fetched=fetched and bool(section))
        elif fetched and _is_read(structure, content_type):
            self._read(own if section else "TEXT", content_type, self.sizes[own])

    def _read(self, section: str, content_type: str, size: int) -> None:
        """Note a text: of the first large pages of HTML, more octets are fetched."""
        large = content_type == "text/html" and size > TEXT_UP_TO and self._pages < _PAGES
        self._pages += large
        self.text[section] = _PAGE_UP_TO if large else TEXT_UP_TO

    def _mail(self, structure: Any, section: str, *, fetched: bool) -> None:
        """
        Note an attached mail. A small one is fetched whole; of a large one, like of a large mail, the head and the texts.
        """
        inner = _mail_in(structure)
        apart = fetched and inner is not None and self.sizes[section] > TEXT_UP_TO
        if fetched:
            if apart:
                self.heads.append(section)
            else:
                self.text[section] = TEXT_UP_TO
        for number, child in enumerate(_children(inner) if inner is not None else (), 1):
            self.walk(child, f"{section}.{number}", fetched=apart)
        if inner is not None and not _children(inner):
            own = f"{section}.1"
            self.sizes[own] = int(inner[6] or 0)
            if apart and _is_read(inner, _content_type(inner)):
                self._read(own, _content_type(inner), self.sizes[own])

    def sections(self) -> list[str]:
        """The FETCH items that get all of it."""
        items = [f"BODY.PEEK[{section}.MIME]" for section in self.mime]
        items += [f"BODY.PEEK[{section}.HEADER]" for section in self.heads]
        return items + [f"BODY.PEEK[{section}]<0.{size}>" for section, size in self.text.items()]

    def is_whole(self, parts: Mapping[bytes, Any]) -> bool:
        """Whether the server gave every part that was asked for, be it empty."""
        names = [f"BODY[{section}.MIME]" for section in self.mime]
        names += [f"BODY[{section}.HEADER]" for section in self.heads]
        names += [f"BODY[{section}]<0>" for section in self.text]
        return all(name.encode() in parts for name in names)


def _children(structure: Any) -> list[Any]:
    """The parts of a multipart; empty for any other part. Inside an attached mail the library leaves them side by side."""
    if isinstance(structure[0], list):
        return structure[0]
    return list(itertools.takewhile(lambda one: isinstance(one, tuple), structure))


def _mail_in(structure: Any) -> Any:
    """The structure of the mail in a message/rfc822 part (RFC 3501 §7.4.2); None if the server does not tell it."""
    inner = structure[8] if len(structure) > 8 else None
    return inner if isinstance(inner, tuple | list) and inner else None


def _is_read(structure: Any, content_type: str) -> bool:
    """Whether rules read this part: words, a report, or a mail that a client saved as a file (behaviour.md §4.7)."""
    if content_type in _WORDS or (content_type in _TEXTUAL and _disposition(structure) != "attachment"):
        return True
    return any(name.lower().rstrip(b'"').endswith(b".eml") for name in _names(structure))


def _names(structure: Any) -> Iterator[bytes]:
    """The parameters of a part's type and disposition, of which one is its name."""
    for one in (structure[2], *structure[7:]):
        if isinstance(one, tuple):
            yield from (value for value in one if isinstance(value, bytes))
            for inner in one:
                if isinstance(inner, tuple):
                    yield from (value for value in inner if isinstance(value, bytes))


def _content_type(structure: Any) -> str:
    main, sub = structure[:2]
    if not (isinstance(main, bytes | None) and isinstance(sub, bytes | None)):
        raise TypeError("a part without a type")
    return f"{(main or b'text').decode('ascii', 'replace')}/{(sub or b'plain').decode('ascii', 'replace')}".lower()


def _disposition(structure: Any) -> str:
    """The disposition, wherever it is in the extension data (RFC 3501 §7.4.2); "" if there is none."""
    for item in structure[7:]:
        if (
            isinstance(item, tuple)
            and item
            and isinstance(item[0], bytes)
            and item[0].lower() in (b"attachment", b"inline")
        ):
            return item[0].decode().lower()
    return ""


def rebuilt(header: bytes, structure: Any, section: str, parts: dict[bytes, Any]) -> bytes:
    """Put a part together again: its header, followed by what was fetched of its content."""
    return _rebuilt(header, structure, section, section or "TEXT", parts)


def _rebuilt(header: bytes, structure: Any, section: str, name: str, parts: dict[bytes, Any]) -> bytes:
    """
    The same for a part, or for a mail in the part of that section.

    Args:
        name: what it is fetched by, if it is no multipart.
    """
    header = header if header.endswith(b"\r\n\r\n") else head_of(header).rstrip(b"\r\n") + b"\r\n\r\n"
    children = _children(structure)
    if not children:
        inside = parts.get(f"BODY[{name}.HEADER]".encode())
        if inside is not None:
            return _sized(header, structure) + _rebuilt(bytes(inside), _mail_in(structure), name, f"{name}.1", parts)
        return _sized(header, structure) + bytes(parts.get(f"BODY[{name}]<0>".encode()) or b"")
    boundary = _boundary(header)
    pieces = [header]
    for number, child in enumerate(children, 1):
        inner = f"{section}.{number}" if section else str(number)
        mime = parts.get(f"BODY[{inner}.MIME]".encode())
        if mime is None:
            break  # the parts from here on were not fetched (MOST_PARTS)
        pieces += [b"--", boundary, b"\r\n", _rebuilt(bytes(mime), child, inner, inner, parts), b"\r\n"]
    return b"".join([*pieces, b"--", boundary, b"--\r\n"])


def _sized(header: bytes, structure: Any) -> bytes:
    """The header of a part, which may be empty, with the size of its content as the last field."""
    fields = header[:-2] if header.strip() else b""
    return fields + f"{OCTETS}: {int(structure[6] or 0)}\r\n\r\n".encode()


def _boundary(header: bytes) -> bytes:
    message = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    headers = Headers((name, str(value)) for name, value in message.raw_items())
    return parameters(headers.raw("content-type"), headers)[1].get("boundary", "").encode("utf-8", "surrogateescape")


def content_fields(header: bytes) -> bytes:
    """
    The type, encoding and name out of a part's MIME header. For a mail with a single part, servers give its whole header.

    The part becomes an attachment, whatever the sender asked for: an owner's mail shows no stranger's HTML (D28).
    """
    fields = re.split(rb"\r\n(?![ \t])", header.strip(b"\r\n"))
    kept = [field for field in fields if field.lower().startswith((b"content-type:", b"content-transfer-encoding:"))]
    disposition = next((field for field in fields if field.lower().startswith(b"content-disposition:")), b"")
    parameters = disposition.partition(b";")[2]
    kept.append(b"Content-Disposition: attachment" + (b";" + parameters if parameters else b""))
    return b"".join(field + b"\r\n" for field in kept) + b"\r\n"
