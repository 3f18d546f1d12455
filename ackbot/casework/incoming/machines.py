"""Recognises bounces, receipts and reports of mail systems by sender, subject and what they quote (domain.md §4)."""

import re
from collections.abc import Callable

from ackbot.casework.incoming import marks, personal
from ackbot.mail import subjects, systems
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message

_LONGEST_REACTION = 300  # characters


def author_local(message: Message) -> str:
    """The local part of the first From mailbox; "" for none."""
    return message.from_[0].local if message.from_ else ""


def nobody_at(one: Address | None) -> bool:
    """Whether nobody reads mail at an address, or a mail system is there."""
    local = one.local if one else ""
    named = one is not None and (marks.NOBODY_NAMED.fullmatch(one.name) or marks.NOBODY_THERE.match(one.domain))
    return bool(named or _is_list_robot(one) or marks.NOBODY.fullmatch(local) or systems.DAEMON.fullmatch(local))


def group(message: Message, is_ours: Callable[[str], bool]) -> bool:
    """Whether its author is a group of the council's own by its name, such as `all-staff@`; `is_ours` knows its addresses."""
    one = message.author
    return one is not None and is_ours(one.key) and bool(marks.GROUP.fullmatch(one.local))


def _is_list_robot(one: Address | None) -> bool:
    """Whether a mailing list's robot is there: its name begins or ends as theirs, and it or its domain names a list."""
    pieces = one.local.replace("_", "-").replace(".", "-").split("-") if one else []
    if one is None or not (len(pieces) > 1 and (pieces[0] == "owner" or pieces[-1] in marks.LIST_ROBOTS)):
        return False
    return not marks.OF_LISTS.isdisjoint((*pieces, *one.domain.split(".")))


def daemon(message: Message) -> bool:
    """Whether a mail system's address sent it."""
    return bool(systems.DAEMON.fullmatch(author_local(message)))


def bounce_subject(message: Message) -> bool:
    """Whether its subject is that of a bounce."""
    return bool(systems.BOUNCE_SUBJECT.search(message.subject))


def says_undelivered(message: Message) -> bool:
    """
    Whether a mail system's address sent a mail with the subject or the words of a bounce.

    A person may write from a postmaster's address, so there two signs are needed: of the subject, the words, and a quotation
    that only a mail system makes.
    """
    if not daemon(message):
        return False
    text = message.text[:4_000]
    marked = bounce_subject(message) + bool(marks.BOUNCE_WORDS.search(text))
    if not systems.POSTMASTER.fullmatch(author_local(message)):
        return marked > 0
    returns = message.has_mail or bool(marks.RETURNED_MAIL.search(text))
    return marked + returns >= 2


def writes_of_return(message: Message) -> bool:
    """Whether the mail has both the subject and the words of a bounce."""
    return bounce_subject(message) and bool(marks.BOUNCE_WORDS.search(message.text[:4_000]))


def returned_in_parts(message: Message) -> bool:
    """Whether it has a delivery-status part and the subject of a bounce, whoever sent it. A person forwards one, or asks (E22)."""
    if not message.has_delivery_status or not bounce_subject(message) or subjects.is_forward(message.subject):
        return False
    return not (subjects.is_reply(message.subject) or _personal(message.new_text))


def returned_by_service(message: Message) -> bool:
    """
    Whether a gateway's or a service's account returns a mail: by its name, its subject, its words and what it quotes of the mail
    or of the server that refused it. All four, and nothing that a person says, because words alone prove nothing (E22).
    """
    text = message.text[:4_000]
    named = systems.SERVICE.fullmatch(author_local(message)) or nobody_at(message.from_[0] if message.from_ else None)
    quoted = message.has_mail or marks.RETURNED_MAIL.search(text)
    said = bounce_subject(message) and marks.BOUNCE_WORDS.search(text)
    return bool(named and quoted and said and not _personal(message.new_text))


def _personal(words: str) -> bool:
    return personal.asks(words) or personal.tells(words)


def read_receipt(message: Message) -> bool:
    """Whether it is a read receipt that came as text: its subject, and words in the form that only machines write (E22)."""
    return bool(
        marks.RECEIPT_SUBJECT.match(message.subject)
        and marks.RECEIPT_WORDS.match(message.text[:4_000])
        and not _personal(message.text)
    )


def is_reaction(message: Message) -> bool:
    """Whether it is a bare reaction to a mail, as Gmail and Outlook send them: a sign and whose it is, and no word more (E28)."""
    text = " ".join(message.text.split())
    if any(one.content_type == "text/vnd.google.email-reaction+json" for one in message.attachments):
        return len(text) <= _LONGEST_REACTION
    return len(text) <= _LONGEST_REACTION and bool(marks.REACTION.fullmatch(text))


def returned(message: Message) -> bool:
    """
    Whether the envelope sender is a mail system, and the subject that of a bounce.

    `bounce+…` does not count: mailing services use it for all their mail.
    """
    local = (message.return_path or "").partition("@")[0]
    return bool(local and systems.MAILER.fullmatch(local)) and bounce_subject(message)


def machine_report(message: Message) -> bool:
    """Whether it is a report between mail systems: DMARC aggregate (RFC 7489 §7.2.1.1), TLS-RPT (RFC 8460), recall."""
    headers = message.headers
    return bool(
        re.match(r"\s*Report[ -]Domain:.*Submitter:", message.subject, re.IGNORECASE)
        or "tls-report-domain" in headers
        or "x-hmxmroriginalrecipient" in headers  # Microsoft's feedback loop has no report part
        or "recallmessage" in headers.value("content-class").lower()
    )


def placeholder(message: Message) -> bool:
    """Whether it is the text that Exchange delivers in place of a mail that it cannot convert for IMAP (D9)."""
    return message.subject.startswith("Retrieval using the IMAP4 protocol failed for the following message")
