"""SMTP to the council's relay (RFC 5321), and what each of its replies means: for the mail, the recipient or the relay."""

import contextlib
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ackbot.crashpoints import crash_point
from ackbot.errors import AckbotError
from ackbot.wires import oauth, tls, token_words
from ackbot.wires.secrets import Password, PasswordProblem, sasl_plain
from ackbot.wires.smtp_problems import (
    Busy,
    Later,
    NoToken,
    NotReached,
    Refused,
    RefusedAfterData,
    RelayTrouble,
    SmtpProblem,
    TakenAway,
    Unknown,
)

__all__ = ["Busy", "Later", "NoToken", "NotReached", "Refused", "RefusedAfterData", "RelayTrouble", "SmtpProblem"]
__all__ += ["Connection", "Envelope", "Relay", "TakenAway", "Unknown", "code_of", "told_of"]

_TIMEOUT_S = 30
_END_TIMEOUT_S = 120  # for the reply to the final dot (RFC 5321 §4.5.3.2.6 recommends ten minutes)
_EXCHANGE_BUSY = 432  # "432 4.3.2 concurrent connections limit exceeded" of Exchange Online
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")

_CODE = re.compile(r"(?:[a-z ]+: )?([245]\d\d)\b(?:[ -]([245]\.\d{1,3}\.\d{1,3})\b)?")


def code_of(reply: str) -> str:
    """The code and enhanced code, such as `550 5.1.1`, of a reply or of a sentence that ends with one; "" if there is none."""
    found = _CODE.match(reply)
    return " ".join(filter(None, found.groups())) if found else ""


def told_of(reply: str, username: str) -> str:
    """What an admin is told of a relay's reply to a mail: its code, and what can be done about it. No words of the reply."""
    return "; ".join(filter(None, [code_of(reply), token_words.reply_advice(reply, username)]))


def advised(reply: str, username: str) -> str:
    """A reply that says nothing of a mail's content, and what can be done about it, unless it says that already."""
    advice = token_words.reply_advice(reply, username)
    return reply if advice in reply else f"{reply}; {advice}"


@dataclass(frozen=True)
class Relay:
    """
    One relay. `security` is tls, starttls, or none (loopback hosts only). `tokens` stand for a password.

    `username` "" means that there is no login.
    """

    name: str
    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str = ""
    password: Password = field(default_factory=Password)
    ca_file: Path | None = None
    tokens: oauth.Tokens | None = None
    by_graph: bool = False  # it is Microsoft Graph (graph.py)


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    The envelope of one mail (RFC 5321 §2.3.1).

    Args:
        sender: envelope sender; "" for the null sender.
        copy_to: a second recipient, the council's archive; "" for none. If the relay refuses it, the mail still goes out.
        size: approximate octets, to compare with the largest mail that the relay takes.
    """

    sender: str
    recipient: str
    size: int
    copy_to: str = ""


class Connection:
    """
    A connection that is kept open. It belongs to one thread, and is opened when it is needed, again after it broke.

    Args:
        username: the login; "" for no login.
    """

    def __init__(self, relay: Relay, username: str, local_hostname: str) -> None:
        self._relay = relay
        self._username = username
        self._local_hostname = local_hostname
        self._smtp: smtplib.SMTP | None = None
        self._token = ""  # with which the connection logged in
        self.copy_refused = ""  # the relay's reply if it refused the copy of the last mail

    def send(self, envelope: Envelope, content: Callable[[], Iterable[bytes]], begin: Callable[[], bool]) -> str:
        """
        Send one mail and return the relay's reply to the final dot.

        Args:
            content: gives the mail's bytes with CRLF line ends; called once, after the relay has said 354.
            begin: called just before DATA may reach the relay, and again on a second connection. False stops the mail
                (TakenAway).

        Raises:
            RelayTrouble, RefusedAfterData, Later, Busy, Refused: the mail was certainly not taken.
            Unknown: nobody knows whether the relay took the mail.
            TakenAway: `begin` returned False.
        """
        kept, expired = self._smtp is not None, ""
        try:
            return self._transaction(self._smtp or self._open(), envelope, content, begin)
        except _GoneBeforeMail as error:
            self.close()
            expired = self._token if error.login_ended else ""
            # A relay closes idle connections, so a kept one is opened anew; one that was just opened would fail again.
            if not kept:
                raise self._gone("", error) from error
        try:
            return self._transaction(self._open(refused=expired), envelope, content, begin)
        except _GoneBeforeMail as error:
            self.close()
            raise self._gone(" twice", error) from error

    def _gone(self, how: str, error: "_GoneBeforeMail") -> "RelayTrouble":
        """What the admin is told of it."""
        if error.login_ended:
            return RelayTrouble(self._said_to_login(str(error), self._token))
        return RelayTrouble(f"the relay hung up{how}: {error}")

    def probe(self) -> str:
        """
        Connect, secure the connection, log in, and hang up. Returns the extensions that the relay offers.

        Raises:
            NotReached: the relay cannot be used; with its reply.
        """
        smtp = self._open()
        offers = [
            name.upper()
            for name in ("pipelining", "8bitmime", "smtputf8", "dsn", "size")
            if name in smtp.esmtp_features
        ]
        self.close()
        return ", ".join(offers)

    def _transaction(
        self, smtp: smtplib.SMTP, envelope: Envelope, content: Callable[[], Iterable[bytes]], begin: Callable[[], bool]
    ) -> str:
        features = smtp.esmtp_features
        # A mail that the relay announces not to take fails here, and the connection is kept for the next mail.
        most = features.get("size", "")
        if most.isdigit() and 0 < int(most) < envelope.size:
            raise Refused(f"552 5.3.4 the mail has {envelope.size} octets and the relay takes {most}")
        utf8 = not (envelope.sender + envelope.recipient).isascii()
        if utf8 and "smtputf8" not in features:
            raise Refused("550 5.6.7 the relay has no SMTPUTF8, which this address needs")
        offered = {"BODY=8BITMIME": "8bitmime" in features, "SMTPUTF8": utf8, "RET=HDRS": "dsn" in features}
        mail = " ".join([f"MAIL FROM:<{envelope.sender}>", *(word for word, use in offered.items() if use)])
        notify = " NOTIFY=FAILURE" if "dsn" in features else ""
        recipients = [f"RCPT TO:<{one}>{notify}" for one in (envelope.recipient, envelope.copy_to) if one]
        converse = self._pipelined if "pipelining" in features else self._in_turn
        if not converse(smtp, mail, recipients, begin):
            raise TakenAway("the claim on the mail is no longer ours")
        return self._data(smtp, content)

    def _pipelined(self, smtp: smtplib.SMTP, mail: str, recipients: list[str], begin: Callable[[], bool]) -> bool:
        """
        MAIL, RCPT and DATA in one write (RFC 2920). Returns whether the relay waits for the mail; False if `begin` was.

        `begin`, which commits the row as `sending`, comes before all three, because DATA goes out together with them.
        """
        if not begin():
            return False
        try:
            smtp.sock.sendall("\r\n".join([mail, *recipients, "DATA", ""]).encode())  # type: ignore[union-attr] # it is open
            first = _reply(smtp)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise _GoneBeforeMail(str(error)) from error
        self._must_go_on(first)
        try:
            replies = [_reply(smtp) for _ in recipients]
            last = _reply(smtp)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            raise Later(f"the relay hung up before the mail was sent: {error}") from error
        self._note_copy(replies)
        refused = _envelope_problem(first, replies[0], last)
        if refused is None:
            return True
        if last[0] == 354:
            self._break_off()  # the relay waits for a mail in spite of the refusal: a final dot would send an empty one
        else:
            self._reset(smtp)
        raise refused

    def _in_turn(self, smtp: smtplib.SMTP, mail: str, recipients: list[str], begin: Callable[[], bool]) -> bool:
        """The same as `_pipelined`, but one command at a time, so `begin` can wait until the recipient is accepted."""
        try:
            first = smtp.docmd(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise _GoneBeforeMail(str(error)) from error
        self._must_go_on(first)
        try:
            replies = [smtp.docmd(one) for one in recipients] if first[0] == 250 else [first]
            self._note_copy(replies)
            refused = _envelope_problem(first, replies[0], (354, b""))
            if refused is None:
                if not begin():
                    self._reset(smtp)
                    return False
                refused = _envelope_problem(first, replies[0], smtp.docmd("DATA"))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Later(f"the relay hung up before the mail was sent: {error}") from error
        if refused is not None:
            self._reset(smtp)
            raise refused
        return True

    def _must_go_on(self, first: tuple[int, bytes]) -> None:
        """Raise _GoneBeforeMail if the reply to MAIL means that the connection, or the login with a token, has ended."""
        login_ended = first[0] in (530, 535) and self._relay.tokens is not None
        if first[0] == 421 or login_ended:
            raise _GoneBeforeMail(_text(first), login_ended=login_ended)

    def _note_copy(self, replies: list[tuple[int, bytes]]) -> None:
        self.copy_refused = _text(replies[1]) if len(replies) > 1 and replies[1][0] not in (250, 251, 252) else ""

    def _data(self, smtp: smtplib.SMTP, content: Callable[[], Iterable[bytes]]) -> str:
        """Send the mail and its final dot. After a break before the dot, the mail was not taken; after it, nobody knows."""
        dotted = False
        try:
            last = b"\r\n"
            sock = smtp.sock
            assert sock is not None  # noqa: S101 - an open smtplib.SMTP has a socket
            for piece in content():
                sock.sendall(_stuffed(piece, last))
                last = (last + piece)[-2:]
            crash_point("smtp.content")
            sock.settimeout(_END_TIMEOUT_S)
            dotted = True
            sock.sendall(b".\r\n" if last == b"\r\n" else b"\r\n.\r\n")
            crash_point("smtp.dot")
            reply = _reply(smtp)
            sock.settimeout(_TIMEOUT_S)
        except (OSError, smtplib.SMTPException) as error:
            self._break_off()
            if not dotted:
                raise Later(f"the relay hung up in the middle of the mail: {error}") from error
            raise Unknown(f"no reply to the final dot: {error}") from error
        except BaseException:  # raised by `content`: the final dot was not sent
            self._break_off()
            raise
        if reply[0] == 250:
            return _text(reply)
        raise _after_data(reply)

    def _open(self, refused: str = "") -> smtplib.SMTP:
        """
        Open and keep a connection.

        Args:
            refused: a token that the relay refused; another one is used.

        Raises:
            NotReached: at connect, EHLO, STARTTLS or AUTH.
        """
        relay = self._relay
        if relay.security == "none" and not tls.is_loopback(relay.host):
            raise NotReached(
                f"{relay.host} would be spoken to in plaintext, and only this machine may be", host=relay.host
            )
        smtp: smtplib.SMTP | None = None
        token = ""
        try:
            context = tls.context(relay.ca_file)
            if relay.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    relay.host, relay.port, local_hostname=self._local_hostname, timeout=_TIMEOUT_S, context=context
                )
            else:
                smtp = smtplib.SMTP(relay.host, relay.port, local_hostname=self._local_hostname, timeout=_TIMEOUT_S)
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
            smtp.command_encoding = "utf-8"  # for SMTPUTF8; everything else is ASCII
            smtp.ehlo_or_helo_if_needed()
            if relay.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if relay.tokens is not None:
                token = relay.tokens.token(self._username, refused=refused)
                self._log_in_with_token(smtp, token)
                self._token = token
            elif self._username:
                _log_in(smtp, self._username, relay.password.read())
        except smtplib.SMTPResponseException as error:
            _hang_up(smtp)
            # A refused token is refused for good only if a fresh one is refused too (D17).
            if token and not refused and isinstance(error, smtplib.SMTPAuthenticationError):
                return self._open(refused=token)
            raise NotReached(
                self._said_to_login(_text((error.smtp_code, error.smtp_error)), token), host=relay.host
            ) from error
        except oauth.TokenProblem as error:
            _hang_up(smtp)
            raise NoToken(str(error), host=relay.host, **error.ids) from error
        except PasswordProblem as error:
            _hang_up(smtp)
            raise NotReached(f"the password for {self._username}: {error}", host=relay.host) from error
        except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
            _hang_up(smtp)
            raise NotReached(f"{relay.host}:{relay.port}: {error or type(error).__name__}", host=relay.host) from error
        except ValueError as error:  # a UnicodeError: its words would contain a part of the password
            _hang_up(smtp)
            raise NotReached(
                f"{relay.host}:{relay.port}: cannot log in: {type(error).__name__}", host=relay.host
            ) from error
        self._smtp = smtp
        return smtp

    def _log_in_with_token(self, smtp: smtplib.SMTP, token: str) -> None:
        """Log in with OAUTHBEARER (RFC 7628) or XOAUTH2. Raises SMTPResponseException."""
        offered = smtp.esmtp_features.get("auth", "")
        mechanism = oauth.mechanism(offered)
        if mechanism is None:
            raise smtplib.SMTPResponseException(504, f"5.5.4 it takes no tokens, only {offered.strip() or 'no login'}")
        bearer = oauth.Bearer(mechanism, self._username, token, self._relay.host, self._relay.port)
        # Relays cut the line of an AUTH command, and a token is longer than that: it goes on a line of its own.
        smtp.auth(mechanism, bearer, initial_response_ok=False)

    def _said_to_login(self, reply: str, token: str) -> str:
        """A reply to a login, with what an admin can do about it."""
        advice = token_words.reply_advice(reply, self._username)
        if token and not advice and self._relay.tokens is not None:
            client_id = self._relay.tokens.grant.client_id
            advice = token_words.login_refused(token, self._username, client_id, "SMTP")
        return "; ".join(filter(None, [reply, advice]))

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            if smtp.docmd("RSET")[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _break_off(self) -> None:
        """Hang up without QUIT, which the relay would take for a line of the mail."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def close(self) -> None:
        """Hang up. Never raises."""
        smtp, self._smtp = self._smtp, None
        _hang_up(smtp)


def _log_in(smtp: smtplib.SMTP, username: str, password: str) -> None:
    """
    Log in; other than ASCII, which smtplib cannot send, only by SASL PLAIN.

    SASL PLAIN is UTF-8 (RFC 4616). The other mechanisms define no encoding.
    """
    if (username + password).isascii():
        smtp.login(username, password)
        return
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise PasswordProblem("it has characters beyond ASCII, and the relay offers no AUTH PLAIN; choose another")
    code, reply = smtp.docmd("AUTH", "PLAIN " + b64encode(sasl_plain(username, password)).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


class _GoneBeforeMail(AckbotError):
    """
    The relay closed the connection, or ended the login, before the mail began; a new connection is tried once.

    Args:
        login_ended: the token with which the connection logged in is no longer good.
    """

    passing = True

    def __init__(self, sentence: str, *, login_ended: bool = False) -> None:
        super().__init__(sentence)
        self.login_ended = login_ended


def _envelope_problem(mail: tuple[int, bytes], rcpt: tuple[int, bytes], data: tuple[int, bytes]) -> SmtpProblem | None:
    """The problem that the replies to MAIL, RCPT and DATA mean together; None if the mail may be sent."""
    if _EXCHANGE_BUSY in (mail[0], data[0]):
        return Busy(_text(mail if mail[0] == _EXCHANGE_BUSY else data))
    if mail[0] != 250:  # our sender address or our login: the next mail would be refused as well
        return RelayTrouble(_text(mail))
    if rcpt[0] not in (250, 251, 252):
        return Refused(_text(rcpt)) if 500 <= rcpt[0] < 600 else Later(_text(rcpt))
    if data[0] != 354:
        return RelayTrouble(_text(data)) if 500 <= data[0] < 600 else Later(_text(data))
    return None


def _after_data(reply: tuple[int, bytes]) -> SmtpProblem:
    """
    The problem that a reply to the final dot means.

    4xx: try again later. 5.2.0, Exchange's 5.2.252 and 5.7.x (limits, permission): the next mail shows whether it is the
    relay's trouble.
    Any other 5xx: the mail is refused.
    """
    text = _text(reply)
    enhanced = _ENHANCED.search(text)
    if not 500 <= reply[0] < 600:
        return Busy(text) if enhanced and enhanced[1] == "4.3.2" else Later(text)
    if enhanced and (enhanced[1] in ("5.2.0", "5.2.252") or enhanced[1].startswith("5.7.")):
        return RefusedAfterData(text)
    return Refused(text)


def _reply(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    code, text = smtp.getreply()
    if code == -1:
        raise smtplib.SMTPServerDisconnected("the relay hung up")
    return code, text


def _text(reply: tuple[int, bytes | str]) -> str:
    words = reply[1].decode("utf-8", "replace") if isinstance(reply[1], bytes) else reply[1]
    return f"{reply[0]} {' '.join(words.split())}"[:500]


def _stuffed(piece: bytes, before: bytes) -> bytes:
    """A piece with the dots at line starts doubled (RFC 5321 §4.5.2). `before` holds the two octets that were sent last."""
    stuffed = piece.replace(b"\r\n.", b"\r\n..")
    # A line may begin exactly at the border of two pieces, or its CRLF may be split by it.
    if piece.startswith(b".") and before == b"\r\n":
        stuffed = b"." + stuffed
    elif piece.startswith(b"\n.") and before.endswith(b"\r"):
        stuffed = b"\n." + stuffed[1:]
    return stuffed


def _hang_up(smtp: smtplib.SMTP | None) -> None:
    if smtp is None:
        return
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if smtp.sock is not None:
            smtp.sock.settimeout(2)
            smtp.quit()
    smtp.close()
