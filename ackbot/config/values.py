"""A checked configuration, as the daemon gets it."""

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
from ackbot.wires.oauth import Tokens
from ackbot.wires.places import Place
from ackbot.wires.smtp import Relay


@dataclass(frozen=True, kw_only=True)
class Watched:
    """
    What a watcher needs to know of its inbox.

    Args:
        start: the first mail to read at first sight: "now", "all", or a date in the council's zone.
        poll_every_s: seconds between two polls; with `watch = "idle"`, of the poll beneath the push.
        after: the folder to which decided mail is moved; "" leaves it where it is (P8).
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
    A relay with the login that sends. The outbox has one queue for each lane, by its name.

    Args:
        per_minute, per_day: how many mails the login may send; 0 for no limit.
        connections: how many mails may go out at the same time.
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
    Where mail servers may deliver to us (LMTP or SMTP).

    Args:
        peers: the networks that may connect.
        size: octets of the largest mail.
        per_minute: how many mails are taken in a minute; 0 for no limit.
        certificate: PEM file for STARTTLS; None for none.
        keep_per_day: octets of mails that may be kept as they came within 24 hours; 0 for no limit.
        keep: the same in all.
    """

    place: Place
    peers: tuple[IPv4Network | IPv6Network, ...]
    size: int
    per_minute: int
    certificate: Path | None
    keep_per_day: int
    keep: int


@dataclass(frozen=True, kw_only=True)
class Config:
    """
    A configuration that passed every check.

    Args:
        tokens: by the NAME of their [oauth.NAME]; one object for all that log in with it.
        secret_file: its configured path. The service may have to read a copy; see `wires.secrets.readable`.
        files: the file, its includes, and the council's own lists of urgent words.
        health: where /health and /metrics are answered; None for nowhere.
        calendars: calendars of leave by staff id, each an https address or the path of a file.
        contents: what the file and its includes had when they were read, the file first.
        warnings: the findings that do not keep ackbot from starting.
        restart: values that a reload cannot change, by key; a new value needs a restart.
    """

    path: Path
    office: Office
    store_url: str
    watched: tuple[Watched, ...]
    lanes: tuple[Lane, ...]
    tokens: Mapping[str, Tokens]
    secret_file: Path
    files: tuple[Path, ...]
    contents: Mapping[Path, bytes] = field(repr=False)
    lmtp: Listening | None
    health: Place | None
    calendars: Mapping[str, str]
    warnings: tuple[Finding, ...]
    restart: Mapping[str, str]

    @property
    def council(self) -> Council:
        """The configuration as the rules know it."""
        return self.office.council
