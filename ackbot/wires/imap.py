"""
IMAP (RFC 3501), for reading: nothing here sets a flag (`BODY.PEEK`, P8), and only `move` changes a folder.

One connection belongs to one thread.
"""

import contextlib
import imaplib
import re
import select
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from ackbot.errors import AckbotError
from ackbot.mail.headers import Headers, parameters
from ackbot.mail.mime import head_of
from ackbot.mail.splitting import MOST_PARTS
from ackbot.wires import tls
from ackbot.wires.secrets import Password, PasswordProblem, sasl_plain

WHOLE_UP_TO = 262_144  # octets; larger mails are fetched by structure (design.md, "The life of a letter")
_TEXT_UP_TO = 524_288  # octets that are fetched of one text part of a larger mail
_CHUNK = 262_144  # octets of an attachment that are fetched at a time
_CONNECT_S, _READ_S = 10, 30
# A server sends the structure of a mail as one line, and a stranger may write a part's parameters as long as a mail. The standard
# library gives a line up at 1 MB, and the connection with it: four such mails kept an inbox unread for minutes (E1, D4).
imaplib._MAXLINE = 64_000_000  # type: ignore[attr-defined]
# The parts that rules read, so that the skeleton of a large mail has them (D19).
_TEXTUAL = frozenset(
    {
        "text/plain",
        "text/html",
        "text/calendar",
        "text/rfc822-headers",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    }
)

# Every error that a dead or confused connection raises (dependencies.md). The client is dropped after any of them.
BROKEN = (IMAPClientError, OSError, ValueError, IndexError, KeyError, AssertionError, TypeError, AttributeError)


class ImapProblem(AckbotError):
    """An inbox cannot be read now."""

    passing = True


class LoginRefused(ImapProblem):
    """The name or password is wrong. Only the admin can mend it, so we try again seldom."""

    passing = False


class NotReached(ImapProblem):
    """The server does not answer, or its name is unknown: trouble of the server or the network."""


class NotTrusted(ImapProblem):
    """TLS failed or is not offered. We never fall back to plaintext (D16)."""

    passing = False


@dataclass(frozen=True)
class Account:
    """How to reach one mailbox. `security` is tls, starttls, or none (loopback hosts only)."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: Password = field(default_factory=Password)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """The state of a folder on the server (RFC 3501 §2.3.1.1)."""

    uidvalidity: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a mail before it is fetched: size in octets, internal date aware and in UTC."""

    uid: int
    size: int
    internal_date: datetime


class Mailbox:
    """One logged-in connection with at most one folder selected, read-only."""

    def __init__(self, account: Account) -> None:
        """
        Connect, secure the connection, and log in.

        Raises:
            LoginRefused, NotTrusted, NotReached, ImapProblem.
        """
        self._account = account
        self._client = self._connect()
        self.folder = ""
        self.news = False  # the server has announced new mail; a sweep sets this back

    def _connect(self) -> IMAPClient:
        account = self._account
        if account.security == "none" and not tls.is_loopback(account.host):
            raise NotTrusted(
                f"{account.host} would be spoken to in plaintext, and only this machine may be", host=account.host
            )
        context = tls.context(account.ca_file)
        timeout = SocketTimeout(_CONNECT_S, _READ_S)
        client: IMAPClient | None = None
        try:
            client = IMAPClient(
                account.host,
                account.port,
                ssl=account.security == "tls",
                ssl_context=context if account.security == "tls" else None,
                timeout=timeout,
            )
            client.normalise_times = False  # otherwise imapclient gives naive times in the machine's zone
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if account.security == "starttls":
                client.starttls(context)
        except ssl.SSLError as error:
            _drop(client)
            reason = getattr(error, "verify_message", "") or error.reason or error
            raise NotTrusted(f"{account.host}:{account.port}: TLS failed: {reason}", host=account.host) from error
        except BROKEN as error:
            _drop(client)
            if account.security == "starttls" and isinstance(error, IMAPClientError):
                raise NotTrusted(
                    f"{account.host}:{account.port}: the server offers no STARTTLS: {_said(error)}", host=account.host
                ) from error
            raise NotReached(
                f"{account.host}:{account.port}: cannot connect: {_said(error)}", host=account.host
            ) from error
        ids = {"host": account.host, "username": account.username}
        try:
            _log_in(client, account.username, account.password.read())
        except PasswordProblem as error:
            _drop(client)
            raise LoginRefused(f"the password for {account.username}: {error}", **ids) from error
        except LoginError as error:
            _drop(client)
            # A server that is out of order refuses every login (UNAVAILABLE, RFC 5530 §3): the password is not at fault.
            if isinstance(error, imaplib.IMAP4.abort) or "UNAVAILABLE" in str(error).upper():
                raise ImapProblem(f"{account.host}: {_said(error)}", **ids) from error
            raise LoginRefused(f"{account.host} refuses {account.username}: {_said(error)}", **ids) from error
        except BROKEN as error:
            _drop(client)
            raise ImapProblem(f"{account.host}: {_said(error)}", **ids) from error
        return client

    @property
    def can_idle(self) -> bool:
        """Whether the server offers IDLE (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def select(self, folder: str) -> Selected:
        """Open a folder read-only (EXAMINE). Names beyond ASCII work too, in modified UTF-7 (D20). Raises ImapProblem."""
        self.folder = ""  # after a SELECT that fails no folder is selected (RFC 3501 §6.3.1)
        with self._guarded(f"folder {folder}"):
            answer = self._client.select_folder(folder, readonly=True)
            self.folder = folder
            uidvalidity = int(answer[b"UIDVALIDITY"])
            uidnext = int(answer.get(b"UIDNEXT") or 0) or max(self._client.search("ALL"), default=0) + 1
        return Selected(uidvalidity, uidnext)

    def uids_after(self, uid: int) -> list[int]:
        """UIDs above `uid`, ascending. The server's answer to `n:*` may hold an older last mail, which is left out (D7)."""
        with self._guarded("search"):
            return sorted({int(one) for one in self._client.search(["UID", f"{uid + 1}:*"]) if int(one) > uid})

    def uids_since(self, day: datetime) -> list[int]:
        """UIDs of mails whose internal date is that day or later, ascending. Zones are disregarded (RFC 3501 §6.4.4)."""
        with self._guarded("search"):
            return sorted(int(one) for one in self._client.search(["SINCE", day.date()]))

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Size and internal date of these mails, by ascending UID. Mails that are gone are left out."""
        with self._guarded("fetch"):
            answer = self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
        found = []
        for uid in sorted(uids):
            data = answer.get(uid)
            if data and data.get(b"RFC822.SIZE") is not None:
                found.append(Envelope(uid, int(data[b"RFC822.SIZE"]), _aware(data.get(b"INTERNALDATE"))))
        return found

    def whole(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The bytes of whole mails. A mail that the server does not give is left out (D8)."""
        with self._guarded("fetch"):
            answer = self._client.fetch(list(uids), ["BODY.PEEK[]"])
        return {
            uid: bytes(data[b"BODY[]"]) for uid in uids if (data := answer.get(uid)) and data.get(b"BODY[]") is not None
        }

    def skeleton(self, uid: int) -> bytes | None:
        """
        A large mail without the content of its attachments: with the same header, parts and texts (D19).

        None if the server does not give it. `Message.parse` makes the same Message from it as from the whole mail.
        """
        with self._guarded("fetch"):
            answer = self._client.fetch([uid], ["BODY.PEEK[HEADER]", "BODYSTRUCTURE"]).get(uid, {})
        header, structure = answer.get(b"BODY[HEADER]"), answer.get(b"BODYSTRUCTURE")
        if header is None:
            return None
        if structure is None:
            return bytes(header) + self._first(uid, "TEXT")
        wanted = _Wanted()
        wanted.walk(structure, "")
        sections = [f"BODY.PEEK[{section}.MIME]" for section in wanted.mime]
        sections += [f"BODY.PEEK[{section}]<0.{_TEXT_UP_TO}>" for section in wanted.text]
        sections += [f"BODY.PEEK[{section}.HEADER]" for section in wanted.mails]
        parts: dict[bytes, Any] = {}
        with self._guarded("fetch"):
            for start in range(0, len(sections), 100):
                parts.update(self._client.fetch([uid], sections[start : start + 100]).get(uid, {}))
        return _rebuilt(bytes(header), structure, "", parts)

    def _first(self, uid: int, section: str) -> bytes:
        with self._guarded("fetch"):
            answer = self._client.fetch([uid], [f"BODY.PEEK[{section}]<0.{_TEXT_UP_TO}>"]).get(uid, {})
        return bytes(answer.get(f"BODY[{section}]<0>".encode()) or b"")

    def part_sizes(self, uid: int) -> dict[str, int]:
        """The encoded size in octets of every part of a mail, by section."""
        with self._guarded("fetch"):
            structure = self._client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {}).get(b"BODYSTRUCTURE")
        wanted = _Wanted()
        if structure is not None:
            wanted.walk(structure, "")
        return wanted.sizes

    def part(self, uid: int, section: str) -> Iterator[bytes]:
        """A part as encoded, in pieces of bounded size: its MIME header with the blank line first, then its content."""
        mime = f"BODY[{section}.MIME]".encode()
        with self._guarded("fetch"):
            answer = self._client.fetch([uid], [f"BODY.PEEK[{section}.MIME]"]).get(uid, {})
        yield _content_fields(bytes(answer.get(mime) or b""))
        start = 0
        while True:
            with self._guarded("fetch"):
                answer = self._client.fetch([uid], [f"BODY.PEEK[{section}]<{start}.{_CHUNK}>"]).get(uid, {})
            piece = bytes(answer.get(f"BODY[{section}]<{start}>".encode()) or b"")
            if piece:
                yield piece
            if len(piece) < _CHUNK:
                return
            start += len(piece)

    def has_message_id(self, folder: str, message_id: str) -> bool:
        """Whether a folder has a mail with this Message-ID. Selects the folder."""
        return bool(self.uids_with(folder, [("Message-ID", message_id)]))

    def has_answer(self, folder: str, message_id: str) -> bool:
        """Whether a folder has a mail that answers this Message-ID. Selects the folder."""
        return bool(self.uids_with(folder, [("In-Reply-To", message_id), ("References", message_id)]))

    def uids_with(self, folder: str, fields: Sequence[tuple[str, str]]) -> list[int]:
        """UIDs of the mails in a folder for which any (field name, text) pair matches, ascending. Selects the folder."""
        self.select(folder)
        with self._guarded("search"):
            return sorted({int(uid) for name, text in fields for uid in self._client.search(["HEADER", name, text])})

    def status(self, folder: str) -> Selected:
        """The state of a folder now. The selected folder stays selected (STATUS). Raises ImapProblem."""
        with self._guarded(f"folder {folder}"):
            answer = self._client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
            return Selected(int(answer[b"UIDVALIDITY"]), int(answer[b"UIDNEXT"]))

    def ids(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The header fields of each mail that distinguish our own mails from others."""
        with self._guarded("fetch"):
            answer = self._client.fetch(list(uids), ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-ACKBOT-ID)]"])
        named = b"BODY[HEADER.FIELDS (MESSAGE-ID X-ACKBOT-ID)]"
        return {uid: bytes(data.get(named) or b"") for uid, data in answer.items()}

    def sent_folder(self) -> str:
        """The server's Sent folder: the one that it marks (RFC 6154), otherwise one with a usual name; "" if there is none."""
        with self._guarded("list"):
            return str(self._client.find_special_folder(b"\\Sent") or "")

    def count(self, folder: str) -> int:
        """How many mails are in a folder. The selected folder stays selected (STATUS)."""
        with self._guarded(f"folder {folder}"):
            return int(self._client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])

    def noop(self) -> bool:
        """Whether the server has announced anything, so that a sweep is due."""
        with self._guarded("noop"):
            said = bool(self._client.noop()[1])
        return said or self.news

    def idle(self, seconds: float, stop: int) -> bool:
        """
        Wait for a push, for `seconds`, or until the file descriptor `stop` is readable. Returns whether the server said anything.

        imapclient's own idle_check misses a push that came together with the continuation, so we look into the buffer
        before we wait for the socket (dependencies.md).
        """
        with self._guarded("idle"):
            client = self._client
            client.idle()
            sock, reader = client.socket(), client._imap.file
            sock.setblocking(False)
            try:
                with contextlib.suppress(ssl.SSLWantReadError):
                    if reader.peek(1):
                        seconds = 0
                poller = select.poll()
                poller.register(sock, select.POLLIN)
                poller.register(stop, select.POLLIN)
                poller.poll(seconds * 1000)
            finally:
                client._set_read_timeout()
            return bool(client.idle_done()[1])

    def move(self, uid: int, folder: str) -> tuple[int, int] | None:
        """
        Move one mail, by its UID only (D3).

        Returns:
            Its new UIDVALIDITY and UID; None if the server does not tell them (RFC 4315).
        """
        with self._guarded(f"move to {folder}"):
            client = self._client
            client.select_folder(self.folder)  # a folder that was opened with EXAMINE cannot be changed
            try:
                client.move([uid], folder)
                told = client._imap.untagged_responses.pop("COPYUID", [])
            finally:
                client.select_folder(self.folder, readonly=True)
            words = told[-1].split() if told and told[-1] else []
            return (int(words[0]), int(words[2])) if len(words) == 3 and words[2].isdigit() else None

    def close(self) -> None:
        """Log out, if the server still answers. Never raises."""
        with contextlib.suppress(*BROKEN):
            self._client.socket().settimeout(2)
            self._client.logout()
        _drop(self._client)

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        try:
            yield
        except ImapProblem:
            raise
        except BROKEN as error:
            raise ImapProblem(f"{self._account.host}: {what}: {_said(error)}", host=self._account.host) from error
        # EXISTS may come with the reply to any command (RFC 3501 §7.3.1), and no later NOOP or IDLE repeats it.
        if self._client._imap.untagged_responses.pop("EXISTS", None):
            self.news = True


def _log_in(client: IMAPClient, username: str, password: str) -> None:
    """Log in with LOGIN, or with SASL PLAIN (UTF-8, RFC 4616) for other than ASCII, which LOGIN lacks (RFC 3501 §6.2.3)."""
    if (username + password).isascii():
        client.login(username, password)
    elif client.has_capability("AUTH=PLAIN"):
        client.sasl_login("PLAIN", lambda _: sasl_plain(username, password))
    else:
        raise PasswordProblem("it has characters beyond ASCII, and the server offers no AUTH=PLAIN; choose another")


class _Wanted:
    """The sections of a BODYSTRUCTURE that make the skeleton, and the size of every part."""

    def __init__(self) -> None:
        self.mime: list[str] = []
        self.text: list[str] = []
        self.mails: list[str] = []
        self.sizes: dict[str, int] = {}

    def walk(self, structure: Any, section: str) -> None:
        """Note a part and all parts below it."""
        if len(self.mime) >= MOST_PARTS:  # the parser of whole mails stops there too, and both must see the same
            return
        if section:
            self.mime.append(section)
        if isinstance(structure[0], list):
            for number, child in enumerate(structure[0], 1):
                self.walk(child, f"{section}.{number}" if section else str(number))
            return
        own = section or "1"
        content_type = _content_type(structure)
        self.sizes[own] = int(structure[6] or 0)
        if content_type in _TEXTUAL and _disposition(structure) != "attachment":
            self.text.append(own if section else "TEXT")
        elif content_type == "message/rfc822" and section:
            self.mails.append(section)


def _content_type(structure: Any) -> str:
    main, sub = (bytes(one or b"").decode("ascii", "replace") for one in structure[:2])
    return f"{main or 'text'}/{sub or 'plain'}".lower()


def _disposition(structure: Any) -> str:
    """The disposition, wherever it is in the extension data (RFC 3501 §7.4.2); "" if there is none."""
    for item in structure[7:]:
        if (
            isinstance(item, tuple)
            and item
            and isinstance(item[0], bytes)
            and item[0].lower() in (b"attachment", b"inline")
        ):
            return item[0].decode().lower()
    return ""


def _rebuilt(header: bytes, structure: Any, section: str, parts: dict[bytes, Any]) -> bytes:
    """Put a part together again: its header, followed by what was fetched of its content."""
    header = header if header.endswith(b"\r\n\r\n") else head_of(header).rstrip(b"\r\n") + b"\r\n\r\n"
    if not isinstance(structure[0], list):
        name = section or "TEXT"
        content = parts.get(f"BODY[{name}]<0>".encode()) or parts.get(f"BODY[{section}.HEADER]".encode()) or b""
        return header + bytes(content)
    boundary = _boundary(header)
    pieces = [header]
    for number, child in enumerate(structure[0], 1):
        inner = f"{section}.{number}" if section else str(number)
        mime = parts.get(f"BODY[{inner}.MIME]".encode())
        if mime is None:
            break  # the parts from here on were not fetched (MOST_PARTS)
        pieces += [b"--", boundary, b"\r\n", _rebuilt(bytes(mime), child, inner, parts), b"\r\n"]
    return b"".join([*pieces, b"--", boundary, b"--\r\n"])


def _boundary(header: bytes) -> bytes:
    import email.parser
    import email.policy

    message = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    headers = Headers((name, str(value)) for name, value in message.raw_items())
    return parameters(headers.raw("content-type"), headers)[1].get("boundary", "").encode("utf-8", "surrogateescape")


def _content_fields(header: bytes) -> bytes:
    """
    The type, encoding and name out of a part's MIME header. For a mail with a single part, servers give its whole header.

    The part becomes an attachment, whatever the sender asked for: an owner's mail shows no stranger's HTML (D28).
    """
    fields = re.split(rb"\r\n(?![ \t])", header.strip(b"\r\n"))
    kept = [field for field in fields if field.lower().startswith((b"content-type:", b"content-transfer-encoding:"))]
    disposition = next((field for field in fields if field.lower().startswith(b"content-disposition:")), b"")
    parameters = disposition.partition(b";")[2]
    kept.append(b"Content-Disposition: attachment" + (b";" + parameters if parameters else b""))
    return b"".join(field + b"\r\n" for field in kept) + b"\r\n"


def _aware(moment: datetime | None) -> datetime:
    if moment is None:
        return datetime.now(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _said(error: BaseException) -> str:
    """What the server or library said, on one line of at most 200 characters."""
    text = " ".join(str(error).removeprefix("b'").removesuffix("'").split()) or type(error).__name__
    return text[:200]


def _drop(client: IMAPClient | None) -> None:
    if client is not None:
        with contextlib.suppress(*BROKEN):
            client.shutdown()
