"""
IMAP (RFC 3501), for reading: nothing here sets a flag (`BODY.PEEK`, P8), and only `move` and `remove` change a folder.

One connection belongs to one thread.
"""

import contextlib
import imaplib
import select
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import _normalise_search_criteria
from imapclient.response_parser import parse_fetch_response

from ackbot.wires import answers, oauth, tls, token_words
from ackbot.wires.imap_account import (
    Account,
    Envelope,
    ImapProblem,
    LoginRefused,
    NoToken,
    NotReached,
    NotTrusted,
    Selected,
)
from ackbot.wires.secrets import PasswordProblem, sasl_plain
from ackbot.wires.structure import MISSHAPEN, content_fields, rebuilt, wanted

__all__ = ["Account", "ImapProblem", "LoginRefused", "NoToken", "NotReached", "NotTrusted"]  # of imap_account
__all__ += ["BROKEN", "WHOLE_UP_TO", "Envelope", "Mailbox", "Selected", "parsed"]

WHOLE_UP_TO = 262_144  # octets; larger mails are fetched by structure (design.md, "The life of a letter")
_OPENING_UP_TO = 4_000_000  # octets that are fetched of the body of a larger mail whose structure cannot be followed
_CHUNK = 262_144  # octets of an attachment that are fetched at a time
_CONNECT_S, _READ_S = 10, 30
# A server sends the structure of a mail as one line, and a stranger may write a part's parameters as long as a mail. The standard
# library gives a line up at 1 MB, and the connection with it: four such mails kept an inbox unread for minutes (E1, D4).
imaplib._MAXLINE = 64_000_000  # type: ignore[attr-defined]
# Every error that a dead or confused connection raises (dependencies.md). The client is dropped after any of them.
BROKEN = (IMAPClientError, OSError, AssertionError, *MISSHAPEN)
_NEWS = ("EXISTS", "RECENT", "EXPUNGE", "FETCH")  # untagged data that tell of a change in the selected folder


_NO_UIDVALIDITY = (
    "{host}: the server tells no UIDVALIDITY for the folder {folder} (RFC 3501 §2.3.1.1), so a letter there cannot be told from "
    "one that was read before. Ask whoever runs the mail server to mend that, or let `folder` name another folder"
)


class Mailbox:
    """One logged-in connection with at most one folder selected, read-only."""

    def __init__(self, account: Account) -> None:
        """
        Connect, secure the connection, and log in.

        Raises:
            LoginRefused, NoToken, NotTrusted, NotReached, ImapProblem.
        """
        self._account = account
        self._client = self._logged_in()
        self.folder = ""
        self._uidvalidity = 0  # of the selected folder
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
        return client

    def _logged_in(self) -> IMAPClient:
        """A connection with a login. A refused token is refused for good only if a fresh one is refused too (D17)."""
        account, refused = self._account, ""
        ids = {"host": account.host, "username": account.username}
        while True:
            client, token = self._connect(), ""
            try:
                if account.tokens is None:
                    _log_in(client, account.username, account.password.read())
                else:
                    token = account.tokens.token(account.username, refused=refused)
                    _log_in_with_token(client, account, token)
                return client
            except PasswordProblem as error:
                _drop(client)
                raise LoginRefused(f"the password for {account.username}: {error}", **ids) from error
            except oauth.TokenProblem as error:
                _drop(client)
                raise (ImapProblem if error.passing else NoToken)(str(error), **ids, **error.ids) from error
            except LoginError as error:
                _drop(client)
                # A server that is out of order refuses every login (UNAVAILABLE, RFC 5530 §3): the password is not at fault.
                if isinstance(error, imaplib.IMAP4.abort) or "UNAVAILABLE" in str(error).upper():
                    raise ImapProblem(f"{account.host}: {_said(error)}", **ids) from error
                if token and not refused:
                    refused = token
                    continue
                said = f"{account.host} refuses {account.username}: {_said(error)}"
                if account.tokens is not None:
                    client_id = account.tokens.grant.client_id
                    said += f"; {token_words.login_refused(token, account.username, client_id, 'IMAP')}"
                raise LoginRefused(said, **ids) from error
            except BROKEN as error:
                _drop(client)
                raise ImapProblem(f"{account.host}: {_said(error)}", **ids) from error

    @property
    def can_idle(self) -> bool:
        """Whether the server offers IDLE (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def select(self, folder: str) -> Selected:
        """Open a folder read-only (EXAMINE). Names beyond ASCII work too, in modified UTF-7 (D20). Raises ImapProblem."""
        self.folder = ""  # after a SELECT that fails no folder is selected (RFC 3501 §6.3.1)
        with self._guarded(f"folder {folder}"):
            client = self._client
            client._command_and_check("select", client._normalise_folder(folder), True)
            uidvalidity, uidnext = answers.number(self._taken("UIDVALIDITY")), answers.number(self._taken("UIDNEXT"))
            self._taken(*_NEWS)
            if not uidvalidity:
                shown = self.status(folder)
                uidvalidity = shown.uidvalidity if shown else 0
            if not uidvalidity:
                raise ImapProblem(_NO_UIDVALIDITY.format(host=self._account.host, folder=folder))
            self.folder, self._uidvalidity = folder, uidvalidity
            if uidnext:
                return Selected(uidvalidity, uidnext)
            return Selected(uidvalidity, max(self._uids_from(1), default=0) + 1, told=False)

    def uids_after(self, uid: int) -> list[int]:
        """UIDs above `uid`, ascending. The server's answer to `n:*` may hold an older last mail, which is left out (D7)."""
        return [one for one in self.last_uids(uid) if one > uid]

    def last_uids(self, uid: int) -> list[int]:
        """UIDs above `uid`, ascending; or the highest of all, if it is not above (RFC 3501 §6.4.8)."""
        with self._guarded("search"):
            return self._uids_from(uid + 1)

    def _uids_from(self, first: int) -> list[int]:
        """The UIDs in `first:*`. A server whose answer to SEARCH cannot be understood, or that gives none, is asked by FETCH."""
        try:
            found = self._search(["UID", f"{first}:*"])
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:  # it refuses
            found = None
        if found is None:
            found = sorted(self._fetch(f"{first}:*", ["UID"]))
        return found

    def uids_since(self, day: datetime) -> list[int]:
        """UIDs of mails whose internal date is that day or later, ascending. Zones are disregarded (RFC 3501 §6.4.4)."""
        with self._guarded("search"):
            return self._understood(self._search(["SINCE", day.date()]))

    def _search(self, criteria: Sequence[Any]) -> list[int] | None:
        """UIDs, ascending; None if the answer cannot be understood."""
        self._taken("SEARCH", "ESEARCH")
        client = self._client
        client._checkok("search", *client._raw_command(b"SEARCH", _normalise_search_criteria(criteria, None)))
        return answers.found_by_search(self._taken("SEARCH"), self._taken("ESEARCH"))

    def _understood(self, found: list[int] | None) -> list[int]:
        if found is None:
            raise ImapProblem(
                f"{self._account.host}: its answer to SEARCH cannot be understood", host=self._account.host
            )
        return found

    def _taken(self, *names: str) -> list[Any]:
        """Take untagged data of these names out of what the server said, in any case of their letters."""
        said = self._client._imap.untagged_responses
        return [one for key in [key for key in said if key.upper() in names] for one in said.pop(key)]

    def _fetch(self, uids: Sequence[int] | str, items: Sequence[str]) -> dict[int, answers.Items]:
        """What the server says of these mails, by UID. A mail of which nothing can be understood is left out, and no other."""
        if not uids:
            return {}
        listed = uids if isinstance(uids, str) else ",".join(map(str, uids))
        self._taken("FETCH")
        answer = self._client._imap._simple_command("UID", "FETCH", listed, f"({' '.join(items)})")
        self._client._checkok("fetch", *answer)
        return answers.fetched(self._taken("FETCH"), parsed)

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Size and internal date of these mails, by ascending UID. Mails that are gone are left out."""
        with self._guarded("fetch"):
            told = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        sized = {
            uid: items for uid in sorted(uids) if isinstance((items := told.get(uid, {})).get(b"RFC822.SIZE"), int)
        }
        return [
            Envelope(uid, one[b"RFC822.SIZE"], answers.aware(one.get(b"INTERNALDATE"))) for uid, one in sized.items()
        ]

    def whole(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The bytes of whole mails. A mail that the server does not give is left out (D8)."""
        with self._guarded("fetch"):
            told = self._fetch(uids, ["BODY.PEEK[]"])
            found = {uid: bytes(raw) for uid in uids if (raw := told.get(uid, {}).get(b"BODY[]")) is not None}
            # An empty answer for a mail that has a size is none (E21).
            empty = [uid for uid, raw in found.items() if not raw]
            sizes = self._fetch(empty, ["RFC822.SIZE"]) if empty else {}
        return {uid: raw for uid, raw in found.items() if raw or not sizes.get(uid, {}).get(b"RFC822.SIZE")}

    def skeleton(self, uid: int) -> bytes | None:
        """
        A large mail without the content of its files, but with the same header, parts, texts and attached mails (D19, E20).

        None if the server does not give it. `Message.parse` makes the same Message from it as from the whole mail. One whose
        structure cannot be followed is given as by `opening`.
        """
        with self._guarded("fetch"):
            told = self._fetch([uid], ["BODY.PEEK[HEADER]", "BODYSTRUCTURE"]).get(uid, {})
            header, structure = told.get(b"BODY[HEADER]"), told.get(b"BODYSTRUCTURE")
            plan = wanted(structure)
            # A wrong boundary gives a structure without parts, or with one that is empty: the mail is read as it is (E18).
            if header is None or plan is None or sum(plan.sizes.values()) < WHOLE_UP_TO // 2:
                return self.opening(uid)
            parts: answers.Items = {}
            sections = plan.sections()
            for start in range(0, len(sections), 100):
                parts.update(self._fetch([uid], sections[start : start + 100]).get(uid, {}))
            return rebuilt(bytes(header), structure, "", parts) if plan.is_whole(parts) else self.opening(uid)

    def opening(self, uid: int) -> bytes | None:
        """A mail's header and the first megabytes of its body, without asking for its structure. None if it is not given."""
        with self._guarded("fetch"):
            told = self._fetch([uid], ["BODY.PEEK[HEADER]", f"BODY.PEEK[TEXT]<0.{_OPENING_UP_TO}>"]).get(uid, {})
            header = told.get(b"BODY[HEADER]")
            return None if header is None else bytes(header) + bytes(told.get(b"BODY[TEXT]<0>") or b"")

    def part_sizes(self, uid: int) -> dict[str, int]:
        """
        The encoded size in octets of every part of a mail, by section; empty if the mail is not there.

        Raises:
            ImapProblem: also if the structure that the server tells cannot be followed.
        """
        with self._guarded("fetch"):
            told = self._fetch([uid], ["BODYSTRUCTURE"])
            if uid not in told and not self._fetch([uid], ["UID"]):
                return {}
            plan = wanted(told.get(uid, {}).get(b"BODYSTRUCTURE"))
            if plan is None:
                raise ImapProblem(f"the structure of uid {uid} cannot be followed", host=self._account.host)
            return plan.sizes

    def part(self, uid: int, section: str) -> Iterator[bytes]:
        """A part as encoded, in pieces of bounded size: its MIME header with the blank line first, then its content."""
        mime = f"BODY[{section}.MIME]".encode()
        with self._guarded("fetch"):
            answer = self._fetch([uid], [f"BODY.PEEK[{section}.MIME]"]).get(uid, {})
        yield content_fields(bytes(answer.get(mime) or b""))
        start = 0
        while True:
            with self._guarded("fetch"):
                answer = self._fetch([uid], [f"BODY.PEEK[{section}]<{start}.{_CHUNK}>"]).get(uid, {})
            piece = bytes(answer.get(f"BODY[{section}]<{start}>".encode()) or b"")
            if piece:
                yield piece
            if len(piece) < _CHUNK:
                return
            start += len(piece)

    def has_message_id(self, folder: str, message_id: str) -> bool:
        """Whether a folder has a mail of ours with this Message-ID, which Exchange may have moved. Selects the folder."""
        names = ("Message-ID", "X-Microsoft-Original-Message-ID", "X-Ackbot-Id")
        return bool(self.uids_with(folder, [(name, message_id) for name in names]))

    def has_answer(self, folder: str, message_id: str) -> bool:
        """Whether a folder has a mail that answers this Message-ID. Selects the folder."""
        return bool(self.uids_with(folder, [("In-Reply-To", message_id), ("References", message_id)]))

    def uids_with(self, folder: str, fields: Sequence[tuple[str, str]]) -> list[int]:
        """UIDs of the mails in a folder for which any (field name, text) pair matches, ascending. Selects the folder."""
        self.select(folder)
        with self._guarded("search"):
            return sorted({uid for one in fields for uid in self._understood(self._search(["HEADER", *one]))})

    def status(self, folder: str) -> Selected | None:
        """The state of a folder now; None if the answer cannot be understood. The selected folder stays selected (STATUS)."""
        with self._guarded(f"folder {folder}"):
            try:
                told = self._client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
                return Selected(int(told[b"UIDVALIDITY"]), int(told.get(b"UIDNEXT") or 0))
            except MISSHAPEN:
                return None

    def ids(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The header fields of each mail that distinguish our own mails from others."""
        with self._guarded("fetch"):
            told = self._fetch(uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-ACKBOT-ID)]"])
        # A server may repeat the names of fields in its own order, case and quotes.
        named = (
            (uid, value) for uid, items in told.items() for name, value in items.items() if b"HEADER.FIELDS" in name
        )
        return {uid: bytes(value or b"") for uid, value in named}

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
            self._client._checkok("noop", *self._client._imap.noop())
            said = bool(self._taken(*_NEWS))
        return said or self.news

    def idle(self, seconds: float, stop: int) -> bool:
        """
        Wait for a push, for `seconds`, or until the file descriptor `stop` is readable. Returns whether the server said anything.

        imapclient's own idle_check misses a push that came together with the continuation, so we look into the buffer
        before we wait for the socket (dependencies.md). It gives up on data between the command and the continuation, and on
        data with literals.
        """
        with self._guarded("idle"):
            client = self._client
            imap = client._imap
            tag = imap._command("IDLE")
            while imap._get_response() is not None:
                if imap.tagged_commands[tag]:
                    raise IMAPClientError("the server refuses IDLE")
            sock, reader = client.socket(), imap.file
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
            imap.send(b"DONE\r\n")
            client._checkok("idle", *imap._command_complete("IDLE", tag))
            return bool(self._taken(*_NEWS))

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

    def remove(self, uids: Sequence[int]) -> bool:
        """Remove mails by UID alone. False if the server cannot (RFC 4315): a plain EXPUNGE would take what others marked too."""
        with self._guarded("remove"):
            if not self._client.has_capability("UIDPLUS"):
                return False
            self._client.select_folder(self.folder)  # a folder that was opened with EXAMINE cannot be changed
            self._client.delete_messages(list(uids), silent=True)
            self._client.uid_expunge(list(uids))
            return True

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
            said = f"{self._account.host}: {what}: {_said(error)}"
            if "authenticated but not connected" in said:
                said += f"; {token_words.not_connected(self._account.username)}"
            raise ImapProblem(said, host=self._account.host) from error
        # EXISTS may come with the reply to any command (RFC 3501 §7.3.1), and no later NOOP or IDLE repeats it.
        if self._taken("EXISTS"):
            self.news = True
        if self.folder and (now := answers.number(self._taken("UIDVALIDITY"))) not in (0, self._uidvalidity):
            raise ImapProblem(f"{self._account.host}: {self.folder} was numbered anew: UIDVALIDITY {now}")


def _log_in(client: IMAPClient, username: str, password: str) -> None:
    """Log in with LOGIN, or with SASL PLAIN (UTF-8, RFC 4616) for other than ASCII, which LOGIN lacks (RFC 3501 §6.2.3)."""
    if (username + password).isascii():
        client.login(username, password)
    elif client.has_capability("AUTH=PLAIN"):
        client.sasl_login("PLAIN", lambda _: sasl_plain(username, password))
    else:
        raise PasswordProblem("it has characters beyond ASCII, and the server offers no AUTH=PLAIN; choose another")


def _log_in_with_token(client: IMAPClient, account: Account, token: str) -> None:
    """
    Log in with OAUTHBEARER (RFC 7628) or XOAUTH2.

    Raises:
        LoginError: with the reason that the server gives in its challenge, if it gives one.
    """
    mechanisms = [one.decode("ascii", "replace") for one in client.capabilities() if one.upper().startswith(b"AUTH=")]
    mechanism = oauth.mechanism(" ".join(mechanisms))
    if mechanism is None:
        raise LoginError(f"it takes no tokens, only {' '.join(mechanisms) or 'a password'}")
    bearer = oauth.Bearer(mechanism, account.username, token, account.host, account.port)
    try:
        client.sasl_login(mechanism, bearer)
    except LoginError as error:
        raise LoginError(" ".join(filter(None, [_said(error), bearer.said]))) from error


def parsed(answer: list[Any]) -> Mapping[int, answers.Items]:
    """The items of one untagged FETCH answer, by sequence number; empty if it cannot be understood."""
    try:
        return dict(parse_fetch_response(answer, normalise_times=False, uid_is_key=False))
    except (IMAPClientError, AssertionError, *MISSHAPEN):
        return {}


def _said(error: BaseException) -> str:
    """What the server or library said, on one line of at most 200 characters."""
    text = " ".join(str(error).removeprefix("b'").removesuffix("'").split()) or type(error).__name__
    return text[:200]


def _drop(client: IMAPClient | None) -> None:
    if client is not None:
        with contextlib.suppress(*BROKEN):
            client.shutdown()
