"""
Microsoft Graph's sendMail, for tenants that have SMTP switched off (domain.md §6.2): a relay like smtp.py, with its states.

The mail goes as base64 MIME from the inbox's own mailbox, and Exchange files the copy in Sent Items.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from urllib.parse import quote

from ackbot.wires import oauth, token_words, web
from ackbot.wires.smtp import Envelope, Relay
from ackbot.wires.smtp_problems import (
    Busy,
    NoToken,
    NotReached,
    Refused,
    RelayTrouble,
    SmtpProblem,
    TakenAway,
    Unknown,
)

HOST = "graph.microsoft.com"
MOST = 3_000_000  # octets of a mail: base64 makes 4 MB of them, the most that a request may have
LARGEST_FILES = 2_000_000  # octets of the files in such a mail, before they are base64
_SEND_S = 120.0  # for the answer to a mail
_ID = re.compile(rb"^Message-ID:\s*(<[^<>\r\n]{1,900}>)", re.MULTILINE | re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]{1,60}")


class Connection:
    """
    One mailbox that sends. It belongs to one thread, and keeps nothing open between mails.

    Args:
        relay: with `tokens`.
        username: the mailbox, by its own address.
    """

    copy_refused = ""  # Graph tells of no single recipient

    def __init__(self, relay: Relay, username: str) -> None:
        self._relay = relay
        self._username = username
        self._in_doubt: set[bytes] = set()  # Message-IDs of mails after which the server failed

    def send(self, envelope: Envelope, content: Callable[[], Iterable[bytes]], begin: Callable[[], bool]) -> str:
        """
        Send one mail and return what Graph answered. The envelope's recipient is the mail's own To.

        Args:
            content, begin: as in `smtp.Connection.send`.

        Raises:
            NotReached, RelayTrouble, Busy, Refused: the mail was not taken, as far as Graph tells.
            Unknown: the answer was lost.
            TakenAway: `begin` returned False.
        """
        if envelope.size > MOST:
            raise Refused(f"552 5.3.4 the mail has {envelope.size} octets, and Graph takes {MOST}")
        token = self._token()
        raw = b"".join(content())
        if envelope.copy_to:
            raw = f"Bcc: {envelope.copy_to}\r\n".encode() + raw
        found = _ID.search(raw)
        own_id = found[1] if found else b""
        if not begin():
            raise TakenAway("the claim on the mail is no longer ours")
        if own_id in self._in_doubt and self._was_sent(own_id.decode("ascii", "replace")):
            self._in_doubt.discard(own_id)
            return "202 it was sent before, and lies in Sent Items"
        body = b64encode(raw)
        answer = self._asked("POST", "/sendMail", token, body)
        if answer.status == 401:  # the token has ended, or was refused; a fresh one shows which
            answer = self._asked("POST", "/sendMail", self._token(refused=token), body)
        if answer.status >= 500:
            self._in_doubt.add(own_id)
        if answer.status != 202:
            raise self._problem(answer)
        self._in_doubt.discard(own_id)
        return "202 accepted"

    def lies_in_sent_items(self, message_id: str) -> bool:
        """
        Whether the mailbox's Sent Items hold a mail with this Message-ID.

        Raises:
            SmtpProblem: they cannot be looked into.
        """
        wanted = quote("internetMessageId eq '{}'".format(message_id.replace("'", "''")))
        answer = self._got(f"/mailFolders/sentitems/messages?$select=id&$top=1&$filter={wanted}")
        found = answer.table().get("value")
        return isinstance(found, list) and bool(found)

    def _was_sent(self, message_id: str) -> bool:
        """Whether a mail lies in Sent Items, as far as the app may see: after a 5xx it most likely was not sent."""
        try:
            return self.lies_in_sent_items(message_id)
        except _Denied:
            return False

    def probe(self) -> str:
        """
        Get a token, and look into Sent Items.

        Returns:
            What the login may do, in words.

        Raises:
            SmtpProblem: there is no token, Graph is not reached, or the mailbox is not there.
        """
        try:
            self._got("/mailFolders/sentitems?$select=id")
        except _Denied as error:
            return f"sendMail; Sent Items cannot be looked into, so a lost answer cannot be cleared up: {error.reply}"
        return "sendMail, Sent Items"

    def close(self) -> None:
        """Nothing is open."""

    def _token(self, refused: str = "") -> str:
        tokens = self._relay.tokens
        if tokens is None:
            raise NotReached("no oauth is configured", host=self._relay.host)
        scope = "" if tokens.grant.kind == "google" else f"https://{self._relay.host}/.default"
        try:
            return tokens.token(self._username, scope=scope, refused=refused)
        except oauth.TokenProblem as error:
            raise NoToken(str(error), host=self._relay.host, **error.ids) from error

    def _got(self, path: str) -> web.Answer:
        token = self._token()
        answer = self._asked("GET", path, token)
        if answer.status == 401:
            answer = self._asked("GET", path, self._token(refused=token))
        if answer.status != 200:
            raise self._problem(answer)
        return answer

    def _asked(self, method: str, path: str, token: str, body: bytes | None = None) -> web.Answer:
        relay = self._relay
        url = f"https://{relay.host}:{relay.port}/v1.0/users/{quote(self._username, safe='@')}{path}"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        try:
            return web.ask(method, url, headers=headers, body=body, ca_file=relay.ca_file, timeout_s=_SEND_S)
        except web.NotAsked as error:
            raise NotReached(str(error), host=relay.host) from error
        except web.WebProblem as error:
            if body is None:
                raise RelayTrouble(str(error), host=relay.host) from error
            raise Unknown(str(error), host=relay.host) from error

    def _problem(self, answer: web.Answer) -> SmtpProblem:
        """What an answer means. Of its words only the code is kept: they may quote an address (P11)."""
        error = answer.table().get("error")
        told = str(error.get("code") or "") if isinstance(error, dict) else ""
        code = told if _CODE.fullmatch(told) else ""
        said, host = f"{answer.status} {code}".strip(), self._relay.host
        if answer.status == 429 or answer.status >= 500:
            return Busy(f"451 4.3.2 Graph answers {said}", wait_s=answer.retry_after_s or 0.0)
        if answer.status in (400, 413, 422):
            enhanced = "5.3.4" if answer.status == 413 else "5.1.3" if "Recipient" in code else "5.6.0"
            return Refused(f"550 {enhanced} Graph answers {said}")
        words = token_words.graph_refused(answer.status, code, self._username, self._client_id)
        kind = _Denied if answer.status == 403 else NotReached
        return kind("; ".join(filter(None, [said, words])), host=host)

    @property
    def _client_id(self) -> str:
        return (self._relay.tokens.grant.client_id if self._relay.tokens else "") or "CLIENT"


class _Denied(NotReached):
    """403: the app may not do this with this mailbox."""
