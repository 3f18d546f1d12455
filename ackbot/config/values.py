"""A checked configuration, as the daemon is handed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from ackbot.casework.council import Council
from ackbot.casework.office import Office
from ackbot.config.source import Finding
from ackbot.wires.imap import Account
from ackbot.wires.places import Place
from ackbot.wires.smtp import Relay


@dataclass(frozen=True, kw_only=True)
class Watched:
    """
    What a watcher needs to know of its inbox.

    Args:
        start: from which mail on it is read at first sight: "now", "all", or a date of the council.
        poll_every_s: with `watch = "idle"` the poll beneath the push.
        after: folder that decided mail is moved to; "" leaves it where it is (P8).
        place: file and line of the inbox in the configuration.
    """

    name: str
    account: Account
    folder: str
    sent_folder: str
    junk_folder: str
    start: Literal["now", "all"] | date
    watch: Literal["idle", "poll"]
    poll_every_s: float
    after: str
    place: tuple[str, int] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Lane:
    """
    A relay and the login that sends; the queue of the outbox with this name.

    Args:
        per_minute, per_day: mails of this login; 0 for no limit.
        connections: how many mails go out at the same time.
    """

    name: str
    relay: Relay
    username: str
    per_minute: int
    per_day: int
    connections: int


@dataclass(frozen=True, kw_only=True)
class Listening:
    """
    Where mail servers may deliver to us.

    Args:
        peers: networks they may come from.
        size: octets of the largest mail.
        per_minute: mails; 0 for no limit.
        certificate: PEM file for STARTTLS.
    """

    place: Place
    peers: tuple[IPv4Network | IPv6Network, ...]
    size: int
    per_minute: int
    certificate: Path | None


@dataclass(frozen=True, kw_only=True)
class Config:
    """
    A configuration that passed every check.

    Args:
        secret_file: where it lies; the service may have it from `wires.secrets.readable`.
        files: the file, those it includes, and lists of urgent words of the council's own.
        warnings: what does not keep it from starting.
        restart: the values that a reload must not change, by key.
    """

    path: Path
    office: Office
    store_url: str
    watched: tuple[Watched, ...]
    lanes: tuple[Lane, ...]
    secret_file: Path
    files: tuple[Path, ...]
    lmtp: Listening | None
    warnings: tuple[Finding, ...]
    restart: Mapping[str, str]

    @property
    def council(self) -> Council:
        """What the rules know."""
        return self.office.council
