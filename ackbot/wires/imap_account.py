"""How to reach a mailbox, why it cannot be reached, and what is told of its folders and mails."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from ackbot.errors import AckbotError
from ackbot.wires.oauth import Tokens
from ackbot.wires.secrets import Password


class ImapProblem(AckbotError):
    """An inbox cannot be read now."""

    passing = True


class LoginRefused(ImapProblem):
    """The name or password is wrong. Only the admin can mend it, so we try again seldom."""

    passing = False


class NoToken(ImapProblem):
    """There is no token to log in with, whatever the server. Only the admin can mend the grant that its `ids` name (D17)."""

    passing = False


class NotReached(ImapProblem):
    """The server does not answer, or its name is unknown: trouble of the server or the network."""


class NotTrusted(ImapProblem):
    """TLS failed or is not offered. We never fall back to plaintext (D16)."""

    passing = False


@dataclass(frozen=True)
class Account:
    """How to reach one mailbox. `security` is tls, starttls, or none (loopback hosts only). `tokens` stand for a password."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: Password = field(default_factory=Password)
    ca_file: Path | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """
    The state of a folder on the server (RFC 3501 §2.3.1.1).

    Args:
        told: the server told UIDNEXT; otherwise it is one more than the highest UID there is.
    """

    uidvalidity: int
    uidnext: int
    told: bool = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a mail before it is fetched: size in octets; internal date aware and in UTC, None if it cannot be read."""

    uid: int
    size: int
    internal_date: datetime | None
