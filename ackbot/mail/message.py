"""One mail as the rules see it: read once from its bytes, and its tokens verified."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from ackbot.mail import language, mime, plain, quoting, reports, subjects, systems, text
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
FINGERPRINTED = 65_536  # octets of folded text that identify a letter
_RETURNED = 262_144  # characters of a bounce in which ids of ours are looked for
_LONGEST_ID = 998  # characters between the brackets; a longer one is nobody's
_LONGEST_FIELD_NAME = 100  # characters; no rule looks for a longer one
_LONGEST_NAMING = 2_000  # characters of the fields that a contact form names its resident in
_LONGEST_WORD = 200  # characters of a content type or an action


@dataclass(frozen=True, slots=True)
class Message(Read):
    """
    A mail: what was read of it, and what the secret proves of it. Nothing in it is computed when it is asked for.

    Args:
        own: the signed Message-ID of this very mail: it is ours come back.
        answers: verified tokens of mails of ours that this one answers, the most direct first.
        addressed: verified tokens in the addresses it was sent to; staff tokens in its subject too, where our links put
            them for servers without plus addresses.
        returned: verified tokens of mails of ours that are quoted anywhere in what may be a bounce.
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
            signer: verifies tokens; without one, none are found.
        """
        return cls.of(read(raw), signer)

    @classmethod
    def unreadable(cls, raw: bytes, signer: Signer | None = None) -> "Message":
        """A mail of which nothing but the header section may be looked at."""
        return cls.of(read_head(raw), signer)

    @classmethod
    def of(cls, read: Read, signer: Signer | None) -> "Message":
        """What was read of a mail, wherever that was done, with its tokens verified here."""
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
        """The same mail filled in by a contact form: nothing in it is quoted, whatever lines it has."""
        return replace(
            self,
            new_text=self.text.strip(),
            unmarked=self.text,
            quoted=(),
            language_code=self.whole_language_code,
        )

    def words(self, ours: Callable[[str], bool]) -> str:
        """
        All that a mail says, without what is surely quoted: lines marked `>`, and all below a quotation's head that names us.

        For what must not be missed: unlike `new_text` it leaves signatures and the words of third parties in.

        Args:
            ours: whether an address is the council's own.
        """
        end = next((one.at for one in self.quoted if any(map(ours, one.addresses))), None)
        return self.unmarked[:end]

    def language(self, default: str) -> str:
        """ISO 639-1 code of the newly written words, `default` when it is not sure."""
        return self.language_code or default

    def mailbox(self, name: str) -> Address | None:
        """The first usable mailbox of the field From, Sender, Reply-To, Cc or `X-…` of that name, in lower case."""
        known = {"from": self.from_, "sender": self.sender, "reply-to": self.reply_to, "cc": self.cc}
        if name in known:
            return _first_usable(known[name])
        return next((address for other, address in self.named if other == name), None)

    @property
    def author(self) -> Address | None:
        """The first usable From mailbox; None when there is none."""
        return _first_usable(self.from_)


_VALUES = attrgetter(*(one.name for one in fields(Read)))  # in the order in which Message begins with them


def read(raw: bytes) -> Read:
    """
    What the bytes of a mail tell by themselves. Never raises for what a mail holds.

    Only a defect of ours may raise: whoever calls this for mail of strangers keeps the bytes then (P1).

    Args:
        raw: the mail, or its skeleton: the same mail with the content of attachments left out.
    """
    return _read(mime.parse(raw))


def read_head(raw: bytes) -> Read:
    """What the header section of a mail tells, where nothing else of it may be looked at."""
    return replace(_read(mime.parse(mime.head_of(raw))), readable=False)


def head_of(raw: bytes) -> bytes:
    """The header section alone, with its closing blank line."""
    return mime.head_of(raw)


def text_of(raw: bytes) -> str:
    """What a mail client would show of a mail, where nothing else of it is asked for."""
    return text.visible(mime.parse(raw))


def _read(root: mime.Part) -> Read:
    headers = root.headers
    subject = headers.value("subject")[:LONGEST_VALUE]
    mailboxes = {name: _mailboxes(headers, name) for name in (*_MAILBOX_FIELDS, *_fields_of_forms(headers))}
    from_, return_path = mailboxes["from"], _return_path(headers)
    visible = text.visible(root)
    whole = visible.strip()
    new_text = quoting.new_text(visible)[: text.TEXT_LIMIT] if visible else ""
    language_code = language.language_of(new_text, "")
    message_id = next(iter(_ids(headers.raw("message-id"))), "")
    report = reports.kind_of(root)
    has_delivery_status = reports.holds_delivery_status(root)
    author = _first_usable(from_)
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
        # Of more ids than any thread has, the last are kept: they are answered most directly.
        in_reply_to=_ids(headers.raw("in-reply-to"))[-plain.MOST_IDS :],
        references=_ids(headers.raw("references"))[-plain.MOST_IDS :],
        sent_at=instant(headers.value("date")),
        received_at=_received_at(headers),
        text=visible,
        new_text=new_text,
        unmarked=quoting.unmarked(visible),
        quoted=tuple(
            Quoted(at, named[: plain.MOST_NAMED]) for at, named in quoting.quotations(visible, plain.MOST_QUOTED)
        ),
        language_code=language_code,
        whole_language_code=language_code if whole == new_text else language.language_of(whole, ""),
        attachments=tuple(islice(_attachments(root), plain.MOST_ATTACHMENTS)),
        report=report,
        has_delivery_status=has_delivery_status,
        has_mail=any(leaf.content_type.startswith(("message/", "text/rfc822")) for leaf in root.leaves()),
        failed_recipients=_failed(root, visible) if may_be_bounce else (),
        fingerprint=_fingerprint(message_id, headers.raw("date"), from_, subject, visible),
        text_hash=_text_hash(visible),
        own_ids=ids_in(f"{headers.raw('message-id')}\n{headers.raw('x-ackbot-id')}")[: plain.MOST_IDS],
        answered_ids=_answered_ids(headers),
        returned_ids=_returned_ids(root, visible) if may_be_bounce else (),
        tags=_tags(mailboxes, subject),
    )


def _fields(headers: Headers) -> Fields:
    """The fields as they are handed on: so many, and so long in all, as any mail of a person or a machine has them."""
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
    """Names of the `X-…` fields in which a contact form may name its resident; which one does, only the configuration knows."""
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
    """Those of all fields of a name, as long in all as one field can be."""
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
    Whether it bears a sign that every mail has which the rules take for a bounce; only then its body is read as one, which costs
    as much as all the rest.
    """
    if "x-ms-exchange-message-is-ndr" in headers or "x-failed-recipients" in headers:
        return True
    if from_ and systems.DAEMON.fullmatch(from_[0].local):
        return True
    if return_path == "" and (has_delivery_status or author is None):
        return True
    by_system = return_path == "" or systems.MAILER.fullmatch((return_path or "").partition("@")[0])
    return bool(by_system and systems.BOUNCE_SUBJECT.search(subject))


def _failed(root: mime.Part, visible: str) -> tuple[reports.Recipient, ...]:
    lines = (one for one in reports.recipients(root, visible) if not _LINE_END.search(one.address))
    found = (one for one in lines if len(one.address) <= LONGEST_VALUE)
    return tuple(
        replace(one, action=one.action[:_LONGEST_WORD]) if len(one.action) > _LONGEST_WORD else one
        for one in islice(found, plain.MOST_RECIPIENTS)
    )


def _attachments(root: mime.Part) -> Iterator[Attachment]:
    pages: list[str] | None = None
    for leaf in root.leaves():
        if leaf.is_attachment and not leaf.content_type.startswith("message/delivery-status"):
            inline = leaf.disposition == "inline" or ("content-id" in leaf.headers and leaf.disposition != "attachment")
            shown = False
            # A Content-ID alone says nothing: Gmail gives one to every file.
            if leaf.content_type.startswith("image/") and "content-id" in leaf.headers:
                if pages is None:
                    pages = [page.text for page in root.leaves() if page.content_type == "text/html"]
                identity = leaf.headers.value("content-id").strip(" <>")
                named = _OUTLOOKS_NAME.fullmatch(leaf.filename)
                shown = bool(identity) and bool(named or any(f"cid:{identity}" in page for page in pages))
            kind = _LINE_END.sub(" ", leaf.content_type[:_LONGEST_WORD])  # the parser keeps NUL within parts
            yield Attachment(_cut(leaf.filename), kind, leaf.section, inline, shown)
        for name in text.uuencoded_names(leaf):
            yield Attachment(_cut(name), "application/octet-stream", "", inline=False)


def _cut(name: str) -> str:
    """The name of a file, cut in its middle where it is longer than any: its end tells what the file is."""
    half = plain.LONGEST_LINE // 2
    return name if len(name) <= plain.LONGEST_LINE else f"{name[: half - 1]}…{name[-half:]}"


def _return_path(headers: Headers) -> str | None:
    """The topmost Return-Path: the mailbox's own server wrote it at delivery (RFC 5321 §4.4)."""
    if "return-path" not in headers:
        return None
    value = headers.raw("return-path").strip()
    if value.startswith("<"):
        value = value[1:].partition(">")[0].strip()
    return value.strip("<>").strip()


def _ids(raw: str) -> tuple[str, ...]:
    """Every `<left@right>`-like id in a field, first appearance first; senseless ones such as `<>` left out (D13)."""
    found = []
    for piece in raw[:65_536].split("<")[1:]:
        inside, closed, _ = piece.partition(">")
        identity = "".join(inside.split())
        if closed and identity and len(identity) <= _LONGEST_ID:
            found.append(f"<{identity.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')}>")
    return tuple(dict.fromkeys(found))


def _answered_ids(headers: Headers) -> tuple[str, ...]:
    """In-Reply-To before References, and of References the last first: the mail answered most directly."""
    direct, thread = ids_in(headers.raw("in-reply-to")), ids_in(headers.raw("references"))
    return tuple(dict.fromkeys((*direct, *reversed(thread))))[: plain.MOST_IDS]


def _returned_ids(root: mime.Part, visible: str) -> tuple[str, ...]:
    """Of the mail that a bounce returns, and of those that it answered: in the words, and in the mails that are parts of it."""
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


def _fingerprint(message_id: str, date: str, from_: Sequence[Address], subject: str, visible: str) -> str:
    """
    Over Message-ID, Date, author, subject without gateway tags and folded text: Received lines and footers differ per
    inbox, and the sender's Message-ID alone is never trusted (design.md §5).
    """
    author = from_[0].key if from_ else ""
    words = " ".join(visible.split()).encode("utf-8", "replace")[:FINGERPRINTED]
    known = (message_id, date, author, subjects.without_tags(subject))
    return hashlib.sha256("\x1f".join(known).encode("utf-8", "replace") + b"\x1f" + words).hexdigest()


def _text_hash(visible: str) -> str:
    """Of the whole text, blanks folded: a form's next letter has another one."""
    words = " ".join(visible.casefold().split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""
