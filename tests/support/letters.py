"""Mails as residents, machines and attackers write them."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


def letter(
    sender: str = "Edward Quan <edward@resident.example>",
    to: str = "housing@northgate.example",
    subject: str | None = "Damp in the bedroom",
    text: str = "There is damp in the bedroom.\n\nRegards\nEdward Quan\n",
    message_id: str | None = "<first@resident.example>",
    date: str = "Mon, 30 Nov 2026 10:12:00 +0000",
    content_type: str = "text/plain; charset=utf-8",
    **headers: str,
) -> bytes:
    """A mail with one text part. Other header fields are given by name, with `_` for `-`; None leaves a field out."""
    fields = {"From": sender, "To": to, "Subject": subject, "Date": date, "Message-ID": message_id}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return (head + f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n" + text.replace("\n", "\r\n")).encode()


def by(number: int) -> bytes:
    """The `number`th of several different letters, each from another resident."""
    return letter(
        sender=f"Person <p{number}@resident.example>",
        subject=f"Matter {number}",
        text=f"Words {number}.\n",
        message_id=f"<m{number}@r.example>",
    )


def parsed(content: bytes) -> EmailMessage:
    """A sent mail as the standard library reads it."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def plain(content: bytes) -> str:
    """The text part of a sent mail."""
    body = parsed(content).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html(content: bytes) -> str:
    """The HTML part of a sent mail."""
    body = parsed(content).get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
