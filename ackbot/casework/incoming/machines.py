"""What in a mail looks as if a mail system wrote it, for the rules of `screening` (domain.md §2, §4)."""

import re

from ackbot.casework.incoming import marks
from ackbot.mail import systems
from ackbot.mail.message import Message


def daemon(message: Message) -> bool:
    """Whether the first author has the address of a mail system."""
    return bool(systems.DAEMON.fullmatch(_author_local(message)))


def bounce_subject(message: Message) -> bool:
    """Whether the subject is that of a bounce."""
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
    if not systems.POSTMASTER.fullmatch(_author_local(message)):
        return marked > 0
    returns = message.has_mail or bool(marks.RETURNED_MAIL.search(text))
    return marked + returns >= 2


def writes_of_return(message: Message) -> bool:
    """Whether the mail has both the subject and the words of a bounce."""
    return bounce_subject(message) and bool(marks.BOUNCE_WORDS.search(message.text[:4_000]))


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
        or "recallmessage" in headers.value("content-class").lower()
    )


def placeholder(message: Message) -> bool:
    """Whether it is the text that Exchange delivers in place of a mail that it cannot convert for IMAP (D9)."""
    return message.subject.startswith("Retrieval using the IMAP4 protocol failed for the following message")


def _author_local(message: Message) -> str:
    """The local part of the first From mailbox."""
    return message.from_[0].local if message.from_ else ""
