"""
What the bytes of a mail say by themselves, as plain data. It may come from the reader process, which nobody trusts.

`Read` holds strings, numbers, booleans, instants and tuples of them. `pack` and `unpack` carry it between two processes as
JSON. `unpack` checks everything: what it returns has the types, lengths and forms that are declared here.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ackbot.errors import AckbotError
from ackbot.mail.addresses import MOST_ADDRESSES, Address
from ackbot.mail.headers import LONGEST_VALUE
from ackbot.mail.reports import MOST_RECIPIENTS, Kind, Recipient
from ackbot.mail.text import TEXT_LIMIT

LONGEST_LINE = 1_000  # characters of an id or of the name of a file
LONGEST_PACK = 16_777_216  # octets; the largest Read that `message.read` makes is about 10 MB
MOST_FIELDS = 1_000  # header fields
MOST_FIELDS_CHARACTERS = 262_144  # of all header fields together
MOST_IDS = 500
MOST_OCTETS = 1_000_000_000_000
_DECORATION = 20_000  # octets in base64; a photo or a pasted picture of a page is larger
MOST_ATTACHMENTS = 400
MOST_QUOTED = 200
MOST_ENCLOSED = 50  # mails inside a mail; an officer who forwards more of them at once is told so
MOST_NAMED = 100  # addresses in the line over a quotation, and `X-…` fields with an address

Plain = None | bool | int | str | list["Plain"]  # JSON without objects and fractions


class NotPlain(AckbotError):
    """The data is not a Read. The message names the field, never its content (P11)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The largest number of characters of a string or members of a tuple, and the form that the whole string must have."""

    most: int
    form: re.Pattern[str] | None = None


_ONE_LINE = re.compile(r"[^\r\n\x00]*")
_ID_FORM = re.compile(r"[a-z0-9.@-]*")
_LONG_LINE = Limit(LONGEST_VALUE, _ONE_LINE)  # for every string that has no limit of its own

Line = Annotated[str, Limit(LONGEST_LINE, _ONE_LINE)]
Words = Annotated[str, Limit(TEXT_LIMIT)]
LanguageCode = Annotated[str, Limit(3, re.compile(r"[a-z]*"))]
Digest = Annotated[str, Limit(64, re.compile(r"(?:[0-9a-f]{64})?"))]
Section = Annotated[str, Limit(400, re.compile(r"[0-9.]*"))]
Ids = Annotated[tuple[Line, ...], Limit(MOST_IDS)]
Candidates = Annotated[tuple[Annotated[str, Limit(200, _ID_FORM)], ...], Limit(MOST_IDS)]
Mailboxes = Annotated[tuple[Address, ...], Limit(MOST_ADDRESSES)]
Field = tuple[Line, str, str]  # name in lower case, raw, decoded


@dataclass(frozen=True, slots=True)
class Fields:
    """
    The header fields of a mail, in order, repeated ones kept. Names are looked up in lower case.

    `value` and `values` give decoded text on one line. `raw` and `raws` give the unfolded original, with 8-bit bytes as
    surrogate escapes. A name that is absent gives "" or an empty tuple.
    """

    all: Annotated[tuple[Field, ...], Limit(MOST_FIELDS)] = ()
    _by_name: dict[str, list[Field]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, list[Field]] = {}
        for one in self.all:
            by_name.setdefault(one[0], []).append(one)
        object.__setattr__(self, "_by_name", by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order of first appearance."""
        return tuple(self._by_name)

    def raw(self, name: str) -> str:
        """The first field of that name, unfolded and undecoded."""
        return self._by_name[name][0][1] if name in self._by_name else ""

    def raws(self, name: str) -> tuple[str, ...]:
        """All fields of that name, topmost first, unfolded and undecoded."""
        return tuple(raw for _, raw, _ in self._by_name.get(name, ()))

    def value(self, name: str) -> str:
        """The first field of that name, decoded, on one line."""
        return self._by_name[name][0][2] if name in self._by_name else ""

    def values(self, name: str) -> tuple[str, ...]:
        """All fields of that name, decoded, topmost first."""
        return tuple(value for _, _, value in self._by_name.get(name, ()))


@dataclass(frozen=True, slots=True)
class Attachment:
    """
    A file that came with a mail; its content stays in the mailbox.

    Args:
        name: the sender's name for it, decoded; "" if it has none. Never use it as a path to write to.
        section: the IMAP section number to fetch it by (RFC 3501 §6.4.5); "" if it is uuencoded inside the text.
        inline: marked to be shown inside the text, such as a picture in a signature.
        shown: a picture that the HTML shows, or that has a name of Outlook's making. Some servers turn a signature's pictures
            into attachments, so `inline` alone does not tell.
        identity: its Content-ID without brackets; "" for none.
        above: the last words that the HTML shows above it, folded; "" if it shows none, or not this file.
        octets: its size in its transfer encoding; 0 if unknown.
    """

    name: Line
    content_type: Line
    section: Section
    inline: bool
    shown: bool = False
    identity: Line = ""
    above: Line = ""
    octets: Annotated[int, Limit(MOST_OCTETS)] = 0

    @property
    def is_decoration(self) -> bool:
        """Whether it is a small picture that the HTML shows, such as the logo of a signature (E16)."""
        return self.shown and self.content_type.startswith("image/") and 0 < self.octets <= _DECORATION


@dataclass(frozen=True, slots=True)
class Quoted:
    """
    A quotation that runs to the end of a mail.

    Args:
        at: where its head (the line above it) begins, in characters of `Read.unmarked`.
        addresses: the addresses in its head; one of them is the author's.
    """

    at: Annotated[int, Limit(TEXT_LIMIT)]
    addresses: Annotated[tuple[str, ...], Limit(MOST_NAMED)]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """
    A mail inside another mail.

    Args:
        mail: what it says by itself; `enclosed` is empty in it.
        within: which mail holds it: 0 for the outermost, else its number in `Read.enclosed`, counted from 1.
        inline: its words stand in the text of a forward, below header lines; otherwise it is attached.
        local: its date names no zone, so that `mail.sent_at` shows a clock on some wall as if it were UTC.
        above: the words newly written above it by whoever forwarded it.
    """

    mail: "Read"
    within: Annotated[int, Limit(MOST_ENCLOSED)]
    inline: bool
    local: bool
    above: Words


@dataclass(frozen=True, slots=True)
class Read:
    """
    A mail as its bytes alone describe it, without any secret, configuration or store.

    Args:
        readable: False if only the header section could be read.
        from_: all mailboxes of all From fields; usually one (RFC 5322 §3.6.2, RFC 6854).
        named: the first usable mailbox of each `X-…` field that has one, by the field's name in lower case.
        return_path: the envelope sender that the mailbox recorded: None if it recorded none, "" for the null sender.
        message_id, in_reply_to, references: as written, with angle brackets; "" or empty if absent or senseless.
        sent_at: the Date field, UTC. Never used as the arrival time.
        received_at: the topmost Received field, UTC.
        text: the text that a mail client would show, at most 65,536 characters.
        new_text: the newly written words; see `quoting.new_text`.
        unmarked: the text without lines that `>` marks as quoted.
        beside: words in attached mails and text files, in names of files, and for pictures; see `beside.beside`.
        quoted: quotations in `unmarked` whose heads name an address, the topmost first.
        language_code: ISO 639-1 code of the newly written words; "" if unclear. See `language.language_of`.
        whole_language_code: the same for the whole text; needed for a contact form, in which nothing is quoted.
        report: the kind of machine report, judged by its MIME types; None for any other mail.
        has_delivery_status: it contains a delivery-status part.
        has_mail: it contains another mail, the header section of one, or a report about one as a part.
        failed_recipients: the recipients that a bounce is about. Empty for a mail that shows no sign of being a bounce.
        fingerprint: identifies the letter, whichever inbox it came to and however often (design.md §5).
        text_hash: of the whole text, blanks folded, so that the same text sent again has the same hash; "" for no text.
        own_ids: ids of this mail itself that look like our Message-IDs. Their signatures are not verified here, nor are
            those of the three fields below.
        answered_ids: ids that look like ours among those of the mails it answers, the most direct first.
        returned_ids: ids that look like ours in the body of what may be a bounce.
        tags: strings that look like our tags in the addresses it was sent to, and in its subject.
        rich: the text of a mail of HTML alone, with its links, numbers and struck words; "" for others. See `text.rich`.
        enclosed: the mails inside it; see `forwards.enclosed`. `more_enclosed` if there are more than are read.
    """

    readable: bool
    headers: Fields
    subject: str
    from_: Mailboxes
    sender: Mailboxes
    reply_to: Mailboxes
    to: Mailboxes
    cc: Mailboxes
    named: Annotated[tuple[tuple[Line, Address], ...], Limit(MOST_NAMED)]
    return_path: str | None
    message_id: Line
    in_reply_to: Ids
    references: Ids
    sent_at: datetime | None
    received_at: datetime | None
    text: Words
    new_text: Words
    unmarked: Words
    beside: Words
    quoted: Annotated[tuple[Quoted, ...], Limit(MOST_QUOTED)]
    language_code: LanguageCode
    whole_language_code: LanguageCode
    attachments: Annotated[tuple[Attachment, ...], Limit(MOST_ATTACHMENTS)]
    report: Kind | None
    has_delivery_status: bool
    has_mail: bool
    failed_recipients: Annotated[tuple[Recipient, ...], Limit(MOST_RECIPIENTS)]
    fingerprint: Digest
    text_hash: Digest
    own_ids: Candidates
    answered_ids: Candidates
    returned_ids: Candidates
    tags: Candidates
    rich: Words
    enclosed: Annotated[tuple[Enclosed, ...], Limit(MOST_ENCLOSED)]
    more_enclosed: bool


def pack(read: Read) -> bytes:
    """
    A Read as JSON in UTF-8.

    Lone surrogates are encoded like any other character: if they were escaped, JSON would join two of them into one.
    """
    return json.dumps(to_plain(read), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(octets: bytes) -> Read:
    """
    The Read that `pack` made, checked piece by piece, because the sender is not trusted.

    Raises:
        NotPlain: the data is too long, is not JSON, or is not a Read.
    """
    if len(octets) > LONGEST_PACK:
        raise NotPlain(f"{len(octets)} octets are too many")
    try:
        value = json.loads(octets.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise NotPlain("it is not JSON") from None
    return from_plain(value)


def to_plain(read: Read) -> list[Plain]:
    """A Read as nested lists of strings, numbers, booleans and None."""
    return [_plain(getattr(read, name)) for name in _NAMES[Read]]


def from_plain(value: object) -> Read:
    """
    A Read from what `to_plain` gives.

    Raises:
        NotPlain: a piece has the wrong type, the wrong form, or is too long.
    """
    read = _decode_read(value)
    assert isinstance(read, Read)  # noqa: S101 - the decoder makes no other
    return read


def _plain(value: Any) -> Plain:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if names := _NAMES.get(type(value)):
        return [_plain(getattr(value, name)) for name in names]
    return value.isoformat() if isinstance(value, datetime) else value


_Decode = Callable[[Any], Any]


def _decoder(kind: Any, limit: Limit = _LONG_LINE) -> _Decode:
    """The function that checks a plain value against a declared type and turns it into that type."""
    arguments = get_args(kind)
    if get_origin(kind) is Annotated:
        return _decoder(*arguments)
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return partial(_optional, _decoder(inner, limit))
    if get_origin(kind) is Literal:
        return partial(_one_of, arguments)
    if get_origin(kind) is tuple and arguments[-1] is Ellipsis:
        return partial(_many, _decoder(arguments[0]), limit.most)
    if get_origin(kind) is tuple:
        return partial(_all, tuple, tuple(("", _decoder(one)) for one in arguments))
    if kind is Read:
        return _inner_read
    return _decoder_of_simple(kind, limit) if kind not in _NAMES else _decoder_of(kind)


def _decoder_of(kind: Any) -> _Decode:
    """The same for a dataclass."""
    hints, names = get_type_hints(kind, include_extras=True), _NAMES[kind]
    return partial(_all, lambda values: kind(*values), tuple((one, _decoder(hints[one])) for one in names))


def _inner_read(value: Any) -> Read:
    """A mail inside a mail, which holds no other: whoever sends them inside each other without end is not followed."""
    if type(value) is not list or len(value) != len(_NAMES[Read]) or value[_NAMES[Read].index("enclosed")] != []:
        raise NotPlain("no mail without mails in it")
    return from_plain(value)


def _decoder_of_simple(kind: Any, limit: Limit) -> _Decode:
    simple: dict[Any, _Decode] = {
        bool: _boolean,
        int: partial(_number, limit.most),
        str: partial(_text, limit),
        datetime: _instant,
    }
    return simple[kind]


def _boolean(value: Any) -> bool:
    if value is not True and value is not False:
        raise NotPlain("no boolean")
    return bool(value)


def _number(most: int, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= most:  # isinstance would let True and False pass
        raise NotPlain(f"no number up to {most}")
    return value


def _text(limit: Limit, value: Any) -> str:
    if type(value) is not str or len(value) > limit.most:
        raise NotPlain(f"no string of at most {limit.most} characters")
    if limit.form is not None and not limit.form.fullmatch(value):
        raise NotPlain("a string of another form")
    return value


def _instant(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(_LONG_LINE, value))
    except ValueError:
        raise NotPlain("no instant") from None
    if moment.tzinfo != UTC or moment.isoformat() != value:
        raise NotPlain("no instant in UTC")
    return moment


def _optional(inner: _Decode, value: Any) -> Any:
    return None if value is None else inner(value)


def _one_of(allowed: tuple[str, ...], value: Any) -> str:
    if type(value) is not str or value not in allowed:
        raise NotPlain("no value that is known")
    return value


def _many(inner: _Decode, most: int, value: Any) -> tuple[Any, ...]:
    if type(value) is not list or len(value) > most:
        raise NotPlain(f"no list of at most {most}")
    return tuple(map(inner, value))


def _all(make: Callable[[list[Any]], Any], parts: tuple[tuple[str, _Decode], ...], value: Any) -> Any:
    """Decode a dataclass or a tuple of fixed length, each member with its own decoder."""
    if type(value) is not list or len(value) != len(parts):
        raise NotPlain(f"no list of {len(parts)}")
    made = []
    for (name, decode), one in zip(parts, value, strict=True):
        try:
            made.append(decode(one))
        except NotPlain as problem:
            raise NotPlain(f"{name}: {problem}" if name else str(problem)) from None
    return make(made)


_NAMES: dict[type, tuple[str, ...]] = {
    kind: tuple(one.name for one in fields(kind) if one.init)
    for kind in (Address, Recipient, Fields, Attachment, Quoted, Enclosed, Read)
}
_decode_read = _decoder_of(Read)
