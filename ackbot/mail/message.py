"""One mail as the rules see it: read once from its bytes, with its tokens verified."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from ackbot.mail import (
    beside,
    calendars,
    debris,
    forwards,
    language,
    mime,
    plain,
    quoting,
    reports,
    subjects,
    systems,
    text,
)
from ackbot.mail.addresses import Address, addresses
from ackbot.mail.headers import LONGEST_VALUE, Headers, instant
from ackbot.mail.plain import Attachment, Fields, Quoted, Read
from ackbot.mail.tokens import Signer, Token, ids_in, tag_of, tags_in

_RECIPIENT_FIELDS = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "resent-to",
    "apparently-to",
)
_MAILBOX_FIELDS = ("from", "sender", "reply-to", *_RECIPIENT_FIELDS)
_HEADER_OF_MAIL = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")
_LINE_END = re.compile(r"[\r\n\x00]")
_OUTLOOKS_NAME = re.compile(r"image\d{3}\.(?:png|jpe?g|gif|bmp)", re.IGNORECASE)
FINGERPRINTED = 65_536  # octets of the text, blanks folded, that go into a letter's fingerprint
_RETURNED = 262_144  # characters of a bounce that are searched for our ids
_LONGEST_ID = 998  # characters between the brackets, one whole line (RFC 5322 §2.1.1); a longer id is ignored
_LONGEST_FIELD_NAME = 100  # characters; no rule looks for a longer one
_LONGEST_NAMING = 2_000  # characters of the fields in which a contact form names its resident
_ABOVE = 8_000  # characters of HTML above a picture that are read
_ABOVE_WORDS = 80  # characters of the words above it that are kept
_LONGEST_WORD = 200  # characters of a content type or an action


@dataclass(frozen=True, slots=True)
class Message(Read):
    """
    A mail: what its bytes say, and the tokens that our secret verified. Plain data; nothing is computed on access.

    Args:
        own: the token of this mail's own Message-ID, if we wrote the mail: it has come back to us.
        answers: tokens of our mails that this one answers, the most direct first.
        addressed: tokens in the addresses it was sent to. Also staff tokens in its subject, where our links put them for
            servers without plus addresses.
        returned: tokens of our mails that are quoted anywhere in what may be a bounce.
    """

    own: Token | None
    answers: tuple[Token, ...]
    addressed: tuple[Token, ...]
    returned: tuple[Token, ...]

    @classmethod
    def parse(cls, raw: bytes, signer: Signer | None = None) -> "Message":
        """
        Read a mail and verify its tokens.

        Args:
            raw: the mail, or its skeleton: the same mail with the content of attachments left out.
            signer: verifies tokens; without it the mail has none.
        """
        return cls.of(read(raw), signer)

    @classmethod
    def unreadable(cls, raw: bytes, signer: Signer | None = None) -> "Message":
        """A mail read by its header section alone, because reading the rest failed."""
        return cls.of(read_head(raw), signer)

    @classmethod
    def of(cls, read: Read, signer: Signer | None) -> "Message":
        """Verify the tokens of a mail that was read elsewhere; the reader process has no secret."""
        proofs: tuple[Any, ...] = (None, (), (), ())
        if signer is not None:
            proofs = (
                next(iter(signer.verified_ids(read.own_ids)), None),
                signer.verified_ids(read.answered_ids),
                signer.verified_tags(read.tags),
                signer.verified_ids(read.returned_ids),
            )
        return cls(*_VALUES(read), *proofs)

    def as_form(self) -> "Message":
        """The same mail, filled in by a contact form: all its text is new, even lines that look quoted."""
        return replace(
            self,
            new_text=self.text.strip(),
            unmarked=self.text,
            quoted=(),
            language_code=self.whole_language_code,
        )

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The files that go along to whoever reads the letter: all but small pictures that its HTML shows beside text (E16)."""
        return tuple(one for one in self.attachments if not (one.is_decoration and self.text.strip()))

    @property
    def decorations(self) -> tuple[Attachment, ...]:
        """The pictures that do not go along, and are only named."""
        return tuple(one for one in self.attachments if one.is_decoration and self.text.strip())

    def words(self, ours: Callable[[str], bool]) -> str:
        """
        All that a mail says, except what is surely quoted: lines marked `>`, and all text below a quotation's head that
        names one of our addresses.

        For words that must not be missed: unlike `new_text`, it keeps signatures and the words of third parties.

        Args:
            ours: tells whether an address is the council's own.
        """
        end = next((one.at for one in self.quoted if any(map(ours, one.addresses))), None)
        return self.unmarked[:end]

    def language(self, default: str) -> str:
        """
        The ISO 639-1 code of the newly written words; if these are too few, of what the writer's mail program says (RFC 3282).

        Args:
            default: the code if neither tells.
        """
        return self.language_code or self._declared_language or default

    @property
    def _declared_language(self) -> str:
        """The first language that Content-Language or Accept-Language names; "" if it is none that residents write."""
        declared = self.headers.value("content-language") or self.headers.value("accept-language")
        return language.spoken(declared.partition(",")[0].partition(";")[0])

    def mailbox(self, name: str) -> Address | None:
        """
        The first usable mailbox of a header field; None if there is none.

        Args:
            name: "from", "sender", "reply-to", "cc", or the name of an `X-…` field, in lower case.
        """
        known = {"from": self.from_, "sender": self.sender, "reply-to": self.reply_to, "cc": self.cc}
        if name in known:
            return _first_usable(known[name])
        return next((address for other, address in self.named if other == name), None)

    @property
    def author(self) -> Address | None:
        """The first usable From mailbox; None when there is none."""
        return _first_usable(self.from_)


_VALUES = attrgetter(*(one.name for one in fields(Read)))  # in the order of Message's first fields


def read(raw: bytes) -> Read:
    """
    Read a mail from its bytes alone. No content of a mail makes this raise.

    Only a defect of ours can raise. A caller that reads strangers' mail must then keep the bytes (P1).

    Args:
        raw: the mail, or its skeleton: the same mail with the content of attachments left out.
    """
    root = mime.parse(raw)
    whole = _read(root)
    enclosed, more = forwards.enclosed(root, whole, _read)
    return replace(whole, enclosed=enclosed, more_enclosed=more) if enclosed else whole


def read_head(raw: bytes) -> Read:
    """Read a mail by its header section alone, when reading the rest failed."""
    return replace(_read(mime.parse(mime.head_of(raw))), readable=False)


def head_of(raw: bytes) -> bytes:
    """The header section alone, with its closing blank line."""
    return mime.head_of(raw)


def text_of(raw: bytes) -> str:
    """The text that a mail client would show, for callers who need nothing else of the mail."""
    return text.visible(mime.parse(raw))


def _read(root: mime.Part) -> Read:
    """What a mail says by itself, without the mails inside it."""
    headers = root.headers
    subject = headers.value("subject")[:LONGEST_VALUE]
    mailboxes = {name: _mailboxes(headers, name) for name in (*_MAILBOX_FIELDS, *_fields_of_forms(headers))}
    from_, return_path = mailboxes["from"], _return_path(headers)
    visible = text.visible(root)
    whole = visible.strip()
    new_text = quoting.new_text(visible)[: text.TEXT_LIMIT] if visible else ""
    language_code = language.language_of(new_text, "")
    message_id = next(iter(_ids(headers.raw("message-id"))), "")
    report: reports.Kind | None = reports.kind_of(root)
    if report is None and calendars.is_message(root, new_text):
        report = "calendar"
    has_delivery_status = reports.holds_delivery_status(root)
    author = _first_usable(from_)
    files = tuple(islice(_attachments(root, visible), plain.MOST_ATTACHMENTS))
    may_be_bounce = report == "delivery-status" or _may_be_bounce(
        headers, subject, from_, author, return_path, has_delivery_status=has_delivery_status
    )
    return Read(
        readable=root.readable,
        headers=_fields(headers),
        subject=subject,
        from_=from_,
        sender=mailboxes["sender"],
        reply_to=mailboxes["reply-to"],
        to=mailboxes["to"],
        cc=mailboxes["cc"],
        named=_named(mailboxes),
        return_path=return_path,
        message_id=message_id,
        # If there are too many ids, the last ones stay: they are the mails answered most directly.
        in_reply_to=_ids(headers.raw("in-reply-to"))[-plain.MOST_IDS :],
        references=_ids(headers.raw("references"))[-plain.MOST_IDS :],
        sent_at=instant(headers.value("date")),
        received_at=_received_at(headers),
        text=visible,
        new_text=new_text,
        unmarked=quoting.unmarked(visible),
        beside=beside.beside(root),
        quoted=tuple(
            Quoted(at, named[: plain.MOST_NAMED]) for at, named in quoting.quotations(visible, plain.MOST_QUOTED)
        ),
        language_code=language_code,
        whole_language_code=language_code if whole == new_text else language.language_of(whole, ""),
        attachments=files,
        report=report,
        has_delivery_status=has_delivery_status,
        has_mail=any(leaf.content_type.startswith(("message/", "text/rfc822")) for leaf in root.leaves()),
        failed_recipients=_failed(root, visible) if may_be_bounce else (),
        fingerprint=_fingerprint(message_id, headers.raw("date"), from_, subject, visible, files),
        text_hash=_text_hash(visible),
        own_ids=ids_in(f"{headers.raw('message-id')}\n{headers.raw('x-ackbot-id')}")[: plain.MOST_IDS],
        answered_ids=_answered_ids(headers),
        returned_ids=_returned_ids(root, visible) if may_be_bounce else (),
        tags=_tags(mailboxes, subject),
        rich=text.rich(root),
        enclosed=(),
        more_enclosed=False,
    )


def _fields(headers: Headers) -> Fields:
    """The header fields, cut off at a number and total length that no honest mail reaches."""
    found: list[plain.Field] = []
    left = plain.MOST_FIELDS_CHARACTERS
    for name in headers.names():
        for raw in headers.raws(name) if len(name) <= _LONGEST_FIELD_NAME else ():
            left -= len(raw)
            if left < 0 or len(found) == plain.MOST_FIELDS:
                return Fields(tuple(found))
            found.append((name, raw, headers.decode(raw)[:LONGEST_VALUE]))
    return Fields(tuple(found))


def _fields_of_forms(headers: Headers) -> Iterator[str]:
    """The `X-…` fields in which a contact form may name its resident. Only the configuration knows which field really does."""
    found = (
        name
        for name in headers.names()
        if name.startswith("x-")
        and name not in _RECIPIENT_FIELDS
        and len(name) <= _LONGEST_FIELD_NAME
        and any("@" in raw or "=?" in raw for raw in headers.raws(name))
        and sum(map(len, headers.raws(name))) <= _LONGEST_NAMING
    )
    return islice(found, plain.MOST_NAMED)


def _mailboxes(headers: Headers, name: str) -> tuple[Address, ...]:
    """The mailboxes of all fields of that name, cut off at the total length of one field."""
    found, left = [], LONGEST_VALUE
    for one in addresses(headers, name):
        left -= len(one.name) + len(one.addr)
        if left < 0:
            break
        found.append(one)
    return tuple(found)


def _named(mailboxes: Mapping[str, Sequence[Address]]) -> tuple[tuple[str, Address], ...]:
    others = ((name, _first_usable(found)) for name, found in mailboxes.items() if name.startswith("x-"))
    return tuple((name, address) for name, address in others if address is not None)[: plain.MOST_NAMED]


def _first_usable(found: Iterable[Address]) -> Address | None:
    return next((one for one in found if one.usable), None)


_NOBODY = re.compile(r"no.?reply|do.?not|nobody|null", re.IGNORECASE)  # whose account may return mail too


def _may_be_bounce(
    headers: Headers,
    subject: str,
    from_: Sequence[Address],
    author: Address | None,
    return_path: str | None,
    *,
    has_delivery_status: bool,
) -> bool:
    """
    Whether the mail shows a sign of being a bounce, so that its body is worth reading as one.

    Reading it as one costs as much as all the rest. Every mail that the rules treat as a bounce shows one of these signs.
    """
    if "x-ms-exchange-message-is-ndr" in headers or "x-failed-recipients" in headers:
        return True
    if from_ and systems.DAEMON.fullmatch(from_[0].local):
        return True
    if return_path == "" and (has_delivery_status or author is None):
        return True
    local = from_[0].local if from_ else ""
    by_system = (
        has_delivery_status
        or return_path == ""
        or systems.MAILER.fullmatch((return_path or "").partition("@")[0])
        or systems.SERVICE.fullmatch(local)
        or _NOBODY.search(local)
    )
    return bool(by_system and systems.BOUNCE_SUBJECT.search(subject))


def _failed(root: mime.Part, visible: str) -> tuple[reports.Recipient, ...]:
    lines = (one for one in reports.recipients(root, visible) if not _LINE_END.search(one.address))
    found = (one for one in lines if len(one.address) <= LONGEST_VALUE)
    return tuple(
        replace(one, action=one.action[:_LONGEST_WORD]) if len(one.action) > _LONGEST_WORD else one
        for one in islice(found, reports.MOST_RECIPIENTS)
    )


def _attachments(root: mime.Part, visible: str) -> Iterator[Attachment]:
    """
    The files of a mail. A text that has a name of its own is one too, although it is read; but the first text is the letter.

    So is a page that could not be read as text, if there is nothing else to read (E18).
    """
    pages: list[str] | None = None
    read = 0  # texts so far
    for leaf in root.leaves():
        text_too = leaf.is_text and not leaf.is_attachment
        read += text_too
        unread = text_too and not visible and leaf.content_type == "text/html" and not text.has_no_words(leaf.text)
        # A delivery status is the bounce itself and not a file that came with it.
        if (not text_too or unread or (leaf.is_named and read > 1)) and not leaf.content_type.startswith(
            "message/delivery-status"
        ):
            inline = leaf.disposition == "inline" or ("content-id" in leaf.headers and leaf.disposition != "attachment")
            shown, identity, above = False, "", ""
            # A Content-ID alone does not mean that the picture is shown: Gmail gives one to every file.
            if leaf.content_type.startswith("image/") and "content-id" in leaf.headers:
                if pages is None:
                    pages = [page.text for page in root.leaves() if page.content_type == "text/html"]
                identity = leaf.headers.value("content-id").strip(" <>")[: plain.LONGEST_LINE]
                place = next(
                    ((page, at) for page in pages if identity and (at := page.find(f"cid:{identity}")) >= 0), None
                )
                above = _words_above(*place) if place else ""
                shown = bool(identity) and (place is not None or bool(_OUTLOOKS_NAME.fullmatch(leaf.filename)))
            kind = _LINE_END.sub(" ", leaf.content_type[:_LONGEST_WORD])  # the parser keeps NUL in the heads of parts
            yield Attachment(
                _cut(leaf.filename),
                kind,
                leaf.section,
                inline,
                shown,
                _LINE_END.sub(" ", identity),
                above,
                min(leaf.octets, plain.MOST_OCTETS),
            )
        for name in text.uuencoded_names(leaf):
            yield Attachment(_cut(name), "application/octet-stream", "", inline=False)


def _words_above(page: str, at: int) -> str:
    """The last words that a page of HTML shows above that place, folded."""
    shown = text.stripped(page[max(0, at - _ABOVE) : at].rpartition("<")[0])
    return " ".join(debris.folded(shown[-_ABOVE_WORDS:]).split()[1 if len(shown) > _ABOVE_WORDS else 0 :])


def _cut(name: str) -> str:
    """A file's name; one that is too long is cut in the middle, because its end tells what the file is."""
    half = plain.LONGEST_LINE // 2
    return name if len(name) <= plain.LONGEST_LINE else f"{name[: half - 1]}…{name[-half:]}"


def _return_path(headers: Headers) -> str | None:
    """The topmost Return-Path, which the mailbox's own server wrote at delivery (RFC 5321 §4.4); None if there is none."""
    if "return-path" not in headers:
        return None
    value = headers.raw("return-path").strip()
    if value.startswith("<"):
        value = value[1:].partition(">")[0].strip()
    return value.strip("<>").strip()


def _ids(raw: str) -> tuple[str, ...]:
    """All ids in angle brackets in a field, in order, each once; empty ones such as `<>` and overlong ones are left out (D13)."""
    found = []
    for piece in raw[:65_536].split("<")[1:]:
        inside, closed, _ = piece.partition(">")
        identity = "".join(inside.split())
        if closed and identity and len(identity) <= _LONGEST_ID:
            found.append(f"<{identity.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')}>")
    return tuple(dict.fromkeys(found))


def _answered_ids(headers: Headers) -> tuple[str, ...]:
    """Our ids in In-Reply-To, then those in References from the last to the first: the mail answered most directly comes first."""
    direct, thread = ids_in(headers.raw("in-reply-to")), ids_in(headers.raw("references"))
    return tuple(dict.fromkeys((*direct, *reversed(thread))))[: plain.MOST_IDS]


def _returned_ids(root: mime.Part, visible: str) -> tuple[str, ...]:
    """Our ids in a bounce: in its text, and in the mails or header sections that it carries as parts."""
    texts = [visible]
    for leaf in root.leaves():
        if leaf.content_type in _HEADER_OF_MAIL:
            texts += [leaf.text, *(child.headers.raw("message-id") for child in leaf.children)]
    return ids_in("\n".join(texts)[:_RETURNED])[: plain.MOST_IDS]


def _tags(mailboxes: Mapping[str, Sequence[Address]], subject: str) -> tuple[str, ...]:
    tagged = (tag_of(one.addr) for name in _RECIPIENT_FIELDS for one in mailboxes[name])
    found = (*(tag for tag in tagged if tag), *tags_in(subject))
    return tuple(dict.fromkeys(found))[: plain.MOST_IDS]


def _received_at(headers: Headers) -> datetime | None:
    """The date after the last semicolon of the topmost Received field (RFC 5321 §4.4)."""
    stamp = headers.raw("received").rpartition(";")[2]
    return instant(stamp) if stamp else None


def _fingerprint(
    message_id: str, date: str, from_: Sequence[Address], subject: str, visible: str, files: Sequence[Attachment]
) -> str:
    """
    SHA-256 over Message-ID, Date, author, subject without gateway tags, text with blanks folded, and names of files
    (design.md §5). Without an id or a text, also over the sizes of files: a copier's scans of one minute differ in nothing else
    (E21). Otherwise not, because some servers only estimate them, and gateways encode files anew.

    The raw bytes would not do, because Received lines and footers differ per inbox. The sender's Message-ID alone would not
    do, because senders repeat and forge it.
    """
    author = from_[0].key if from_ else ""
    words = " ".join(visible.split()).encode("utf-8", "replace")[:FINGERPRINTED]
    sized = not (message_id and visible.strip())
    named = (f"{one.name}\x1e{one.octets if sized else ''}" for one in files)
    known = (message_id, date, author, subjects.without_tags(subject), *named)
    return hashlib.sha256("\x1f".join(known).encode("utf-8", "replace") + b"\x1f" + words).hexdigest()


def _text_hash(visible: str) -> str:
    """SHA-256 of the whole text, case and blanks folded; "" for no text. It tells two letters of one contact form apart."""
    words = " ".join(visible.casefold().split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""
