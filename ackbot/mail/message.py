"""One mail as the rules see it: read once from its bytes, without ever raising."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from ackbot.mail import language, mime, quoting, reports, subjects, text
from ackbot.mail.addresses import Address, addresses
from ackbot.mail.headers import Headers, instant
from ackbot.mail.tokens import Signer, Token

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
FINGERPRINTED = 65_536  # octets of folded text that identify a letter
_MESSAGE_ID_LENGTH = 998  # characters; a longer one is nobody's


@dataclass(frozen=True)
class Attachment:
    """
    A file that came with a mail; its content stays in the mailbox.

    Args:
        name: as the sender named it, decoded; "" when it has none. Never a path to write to.
        section: IMAP section number to fetch it by (RFC 3501 §6.4.5); "" when it is uuencoded inside the text.
        inline: shown within the text by its Content-ID, such as a picture in a signature.
    """

    name: str
    content_type: str
    section: str
    inline: bool


@dataclass(frozen=True)
class Message:
    """
    A mail. `parse` makes one of any bytes; everything else is read from it without I/O.

    Args:
        from_: all mailboxes of all From fields; more than one, or none, is odd (RFC 5322 §3.6.2, RFC 6854).
        return_path: the envelope sender as the mailbox recorded it: None when it recorded none, "" for the null sender.
        message_id, in_reply_to, references: angle brackets kept, as written; "" or empty when absent or senseless.
        sent_at: the Date field, UTC. Never used as the arrival time.
        received_at: the topmost Received field, UTC.
        text: what a mail client would show, at most 65,536 characters.
        own: the signed Message-ID of this very mail: it is ours come back.
        answers: verified tokens of mails of ours that this one answers, the most direct first.
        form: a contact form filled it in: nothing in it is quoted, whatever lines it has.
        addressed: verified tokens in the addresses it was sent to; staff tokens in its subject too, where our links put
            them for servers without plus addresses.
    """

    headers: Headers
    subject: str
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    return_path: str | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    received_at: datetime | None
    text: str
    attachments: tuple[Attachment, ...]
    own: Token | None
    answers: tuple[Token, ...]
    addressed: tuple[Token, ...]
    root: mime.Part = field(repr=False, compare=False)
    signer: Signer | None = field(repr=False, compare=False, default=None)
    form: bool = False

    @classmethod
    def parse(cls, raw: bytes, signer: Signer | None = None) -> "Message":
        """
        Read a mail. Never raises.

        Args:
            raw: the mail, or its skeleton: the same mail with the content of attachments left out.
            signer: verifies tokens; without one, none are found.
        """
        root = mime.parse(raw)
        headers = root.headers
        recipients = tuple(one for name in _RECIPIENT_FIELDS for one in addresses(headers, name))
        own_ids = (
            signer.read_message_ids(f"{headers.raw('message-id')}\n{headers.raw('x-ackbot-id')}") if signer else ()
        )
        return cls(
            headers=headers,
            subject=headers.value("subject"),
            from_=addresses(headers, "from"),
            sender=addresses(headers, "sender"),
            reply_to=addresses(headers, "reply-to"),
            to=addresses(headers, "to"),
            cc=addresses(headers, "cc"),
            return_path=_return_path(headers),
            message_id=_first_id(headers.raw("message-id")),
            in_reply_to=_ids(headers.raw("in-reply-to")),
            references=_ids(headers.raw("references")),
            sent_at=instant(headers.value("date")),
            received_at=_received_at(headers),
            text=text.visible(root),
            attachments=tuple(_attachments(root)),
            own=own_ids[0] if own_ids else None,
            answers=_answers(headers, signer) if signer else (),
            addressed=_addressed(recipients, headers.value("subject"), signer) if signer else (),
            root=root,
            signer=signer,
        )

    @classmethod
    def unreadable(cls, raw: bytes, signer: Signer | None = None) -> "Message":
        """A mail of which nothing but the header section may be looked at."""
        message = cls.parse(mime.head_of(raw), signer)
        return replace(message, root=replace(message.root, readable=False))

    @cached_property
    def new_text(self) -> str:
        """The newly written words; see `quoting.new_text`."""
        return self.text.strip() if self.form else quoting.new_text(self.text)

    def words(self, ours: Callable[[str], bool]) -> str:
        """All words but those quoted from us; see `quoting.words`."""
        return self.text if self.form else quoting.words(self.text, ours)

    def language(self, default: str) -> str:
        """ISO 639-1 code of the newly written words, `default` when it is not sure; see `language.language_of`."""
        return self._language or default

    @cached_property
    def _language(self) -> str:
        return language.language_of(self.new_text, "")

    @cached_property
    def report(self) -> reports.Kind | None:
        """The kind of machine report this is by its MIME types; None for anything else."""
        return reports.kind_of(self.root)

    @cached_property
    def failed_recipients(self) -> tuple[reports.Recipient, ...]:
        """Read as a bounce: whom it is about. Meaningless for any other mail."""
        return reports.recipients(self.root, self.text)

    @cached_property
    def returned(self) -> tuple[Token, ...]:
        """Verified Message-IDs of ours quoted anywhere in the body, as a bounce returns them."""
        if self.signer is None:
            return ()
        texts = [self.text]
        for leaf in self.root.leaves():
            if leaf.content_type in (
                "message/rfc822",
                "text/rfc822-headers",
                "message/rfc822-headers",
                "message/global",
            ):
                texts += [leaf.text, *(child.headers.raw("message-id") for child in leaf.children)]
        return self.signer.read_message_ids("\n".join(texts)[:262_144])

    @cached_property
    def fingerprint(self) -> str:
        """
        What identifies the letter itself, whichever inbox it came to and however often (design.md §5).

        Over Message-ID, Date, author, subject without gateway tags and folded text: Received lines and footers differ
        per inbox, and the sender's Message-ID alone is never trusted.
        """
        author = self.from_[0].key if self.from_ else ""
        words = " ".join(self.text.split()).encode("utf-8", "replace")[:FINGERPRINTED]
        known = (self.message_id, self.headers.raw("date"), author, subjects.without_tags(self.subject))
        return hashlib.sha256("\x1f".join(known).encode("utf-8", "replace") + b"\x1f" + words).hexdigest()

    @cached_property
    def text_hash(self) -> str:
        """Of the whole text, blanks folded: the same text sent again has the same one, a form's next letter not. "" for none."""
        words = " ".join(self.text.casefold().split())
        return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""

    @property
    def author(self) -> Address | None:
        """The first usable From mailbox; None when there is none."""
        return next((one for one in self.from_ if one.usable), None)


def _attachments(root: mime.Part) -> list[Attachment]:
    found = []
    for leaf in root.leaves():
        if leaf.is_attachment and not leaf.content_type.startswith("message/delivery-status"):
            inline = leaf.disposition == "inline" or ("content-id" in leaf.headers and leaf.disposition != "attachment")
            found.append(Attachment(leaf.filename, leaf.content_type, leaf.section, inline))
        found += [Attachment(name, "application/octet-stream", "", inline=False) for name in text.uuencoded_names(leaf)]
    return found


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
        if closed and identity and len(identity) <= _MESSAGE_ID_LENGTH:
            found.append(f"<{identity.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')}>")
    return tuple(dict.fromkeys(found))


def _first_id(raw: str) -> str:
    return next(iter(_ids(raw)), "")


def _answers(headers: Headers, signer: Signer) -> tuple[Token, ...]:
    """In-Reply-To before References, and of References the last first: the mail answered most directly."""
    direct = signer.read_message_ids(headers.raw("in-reply-to"))
    thread = signer.read_message_ids(headers.raw("references"))
    return tuple(dict.fromkeys((*direct, *reversed(thread))))


def _addressed(recipients: Sequence[Address], subject: str, signer: Signer) -> tuple[Token, ...]:
    tagged = signer.read_addresses(one.addr for one in dict.fromkeys(recipients))
    return tuple(dict.fromkeys([*tagged, *signer.read_tags(subject)]))


def _received_at(headers: Headers) -> datetime | None:
    """The date after the last semicolon of the topmost Received field (RFC 5321 §4.4)."""
    stamp = headers.raw("received").rpartition(";")[2]
    return instant(stamp) if stamp else None
