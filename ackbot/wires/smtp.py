"""SMTP to the council's relay: which reply means what for the mail, for the recipient, and for the relay (RFC 5321)."""

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
from ackbot.wires import tls
from ackbot.wires.secrets import Password, PasswordProblem, sasl_plain

_TIMEOUT_S = 30
_END_TIMEOUT_S = 120  # for the reply to the final dot (RFC 5321 §4.5.3.2.6 would wait ten minutes)
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")

_CODE = re.compile(r"(?:[a-z ]+: )?([245]\d\d)\b(?:[ -]([245]\.\d{1,3}\.\d{1,3})\b)?")


class SmtpProblem(AckbotError):
    """
    A mail did not go out. `reply` is what the relay said, or what happened instead.

    Relays quote addresses and subjects: logs are given `code_of(reply)` (P11).
    """

    def __init__(self, reply: str, **ids: object) -> None:
        super().__init__(reply, **ids)
        self.reply = reply


def code_of(reply: str) -> str:
    """Of a relay's reply, or a sentence that ends with it, the code and the enhanced code: `550 5.1.1`; "" without a reply."""
    found = _CODE.match(reply)
    return " ".join(filter(None, found.groups())) if found else ""


class RelayTrouble(SmtpProblem):
    """The relay refuses us, not the mail: its lane waits, its mails are kept, somebody is told."""

    passing = True


class NotReached(RelayTrouble):
    """At connect, EHLO, STARTTLS or AUTH: nothing of any mail was said yet, so that logs may have the reply."""


class RefusedAfterData(RelayTrouble):
    """5.2.0 or 5.7.x to the final dot: it is the relay's trouble, unless it takes the next mail."""


class Later(SmtpProblem):
    """4xx for this mail, read: it is queued again."""

    passing = True


class Busy(Later):
    """4.3.2, "system not accepting messages" (RFC 3463 §3.4): later, and not one mail after the other until then."""


class Refused(SmtpProblem):
    """5xx for this recipient or this mail: it will never go out."""


class Unknown(SmtpProblem):
    """The final dot may have arrived and no reply was read: it must not simply be sent again."""


class TakenAway(AckbotError):
    """The claim on the mail is no longer ours; nothing was sent."""


@dataclass(frozen=True)
class Relay:
    """One relay. `security` is tls, starttls, or none (loopback hosts only). No username: no login."""

    name: str
    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str = ""
    password: Password = field(default_factory=Password)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    One mail's way (RFC 5321 §2.3.1).

    Args:
        sender: "" is the null sender.
        copy_to: a second recipient, the council's archive; "" for none. Its refusal does not stop the mail.
        size: octets, roughly, against what the relay takes at most.
    """

    sender: str
    recipient: str
    size: int
    copy_to: str = ""


class Connection:
    """
    One kept-open connection, belonging to one thread; opened when first needed, and again after it broke.

    Args:
        username: to log in as; "" logs in nowhere.
    """

    def __init__(self, relay: Relay, username: str, local_hostname: str) -> None:
        self._relay = relay
        self._username = username
        self._local_hostname = local_hostname
        self._smtp: smtplib.SMTP | None = None
        self.copy_refused = ""  # the relay's reply, when it last would not take a copy

    def send(self, envelope: Envelope, content: Callable[[], Iterable[bytes]], begin: Callable[[], bool]) -> str:
        """
        Send one mail and return the relay's reply to the final dot.

        Args:
            content: gives the mail's bytes, CRLF line ends; called once, after the relay said 354.
            begin: called just before DATA may reach the relay, again on a second connection; False stops it (TakenAway).

        Raises:
            RelayTrouble, RefusedAfterData, Later, Busy, Refused: the mail was certainly not taken.
            Unknown: nobody knows.
        """
        kept = self._smtp is not None
        try:
            return self._transaction(self._smtp or self._open(), envelope, content, begin)
        except _GoneBeforeMail as error:
            self.close()
            if not kept:
                raise RelayTrouble(f"the relay hung up: {error}") from error
        try:
            return self._transaction(self._open(), envelope, content, begin)
        except _GoneBeforeMail as error:
            self.close()
            raise RelayTrouble(f"the relay hung up twice: {error}") from error

    def probe(self) -> str:
        """
        Connect, secure, log in, and hang up again. What the relay offers, in a few words.

        Raises:
            NotReached: with the relay's reply.
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
        """MAIL, RCPT and DATA in one write (RFC 2920): the commit that makes the row `sending` comes before all three."""
        if not begin():
            return False
        try:
            smtp.sock.sendall("\r\n".join([mail, *recipients, "DATA", ""]).encode())  # type: ignore[union-attr] # it is open
            first = _reply(smtp)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise _GoneBeforeMail(str(error)) from error
        if first[0] == 421:
            raise _GoneBeforeMail(_text(first))
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
            self._break_off()  # it waits for a mail all the same: a final dot would make an empty one of it
        else:
            self._reset(smtp)
        raise refused

    def _in_turn(self, smtp: smtplib.SMTP, mail: str, recipients: list[str], begin: Callable[[], bool]) -> bool:
        """The same, one command at a time. Whether the relay waits for the mail."""
        try:
            first = smtp.docmd(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise _GoneBeforeMail(str(error)) from error
        if first[0] == 421:
            raise _GoneBeforeMail(_text(first))
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

    def _note_copy(self, replies: list[tuple[int, bytes]]) -> None:
        self.copy_refused = _text(replies[1]) if len(replies) > 1 and replies[1][0] not in (250, 251, 252) else ""

    def _data(self, smtp: smtplib.SMTP, content: Callable[[], Iterable[bytes]]) -> str:
        """The mail and its final dot. A break before the dot is certain, one after it means that nobody knows."""
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
        except BaseException:  # out of `content`: the final dot was not sent
            self._break_off()
            raise
        if reply[0] == 250:
            return _text(reply)
        raise _after_data(reply)

    def _open(self) -> smtplib.SMTP:
        """
        Raises:
            NotReached: at connect, EHLO, STARTTLS or AUTH.
        """
        relay = self._relay
        if relay.security == "none" and not tls.is_loopback(relay.host):
            raise NotReached(
                f"{relay.host} would be spoken to in plaintext, and only this machine may be", host=relay.host
            )
        smtp: smtplib.SMTP | None = None
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
            if self._username:
                _log_in(smtp, self._username, relay.password.read())
        except smtplib.SMTPResponseException as error:
            _hang_up(smtp)
            raise NotReached(_text((error.smtp_code, error.smtp_error)), host=relay.host) from error
        except PasswordProblem as error:
            _hang_up(smtp)
            raise NotReached(f"the password for {self._username}: {error}", host=relay.host) from error
        except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
            _hang_up(smtp)
            raise NotReached(f"{relay.host}:{relay.port}: {error or type(error).__name__}", host=relay.host) from error
        except ValueError as error:  # a UnicodeError, whose words would hold a piece of the password
            _hang_up(smtp)
            raise NotReached(
                f"{relay.host}:{relay.port}: cannot log in: {type(error).__name__}", host=relay.host
            ) from error
        self._smtp = smtp
        return smtp

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            if smtp.docmd("RSET")[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _break_off(self) -> None:
        """Hang up without a word: in the middle of a mail, QUIT would be taken for a line of it."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def close(self) -> None:
        """Hang up; never raises."""
        smtp, self._smtp = self._smtp, None
        _hang_up(smtp)


def _log_in(smtp: smtplib.SMTP, username: str, password: str) -> None:
    """smtplib speaks ASCII only; beyond it SASL PLAIN is UTF-8 (RFC 4616), and the other mechanisms have no encoding."""
    if (username + password).isascii():
        smtp.login(username, password)
        return
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise PasswordProblem("it has characters beyond ASCII, and the relay offers no AUTH PLAIN; choose another")
    code, reply = smtp.docmd("AUTH", "PLAIN " + b64encode(sasl_plain(username, password)).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


class _GoneBeforeMail(AckbotError):
    """The kept-open connection was closed by the relay meanwhile; a new one is tried once."""

    passing = True


def _envelope_problem(mail: tuple[int, bytes], rcpt: tuple[int, bytes], data: tuple[int, bytes]) -> SmtpProblem | None:
    """What the replies to MAIL, RCPT and DATA mean together; None when the mail may be sent."""
    if mail[0] != 250:
        return RelayTrouble(_text(mail))
    if rcpt[0] not in (250, 251, 252):
        return Refused(_text(rcpt)) if 500 <= rcpt[0] < 600 else Later(_text(rcpt))
    if data[0] != 354:
        return RelayTrouble(_text(data)) if 500 <= data[0] < 600 else Later(_text(data))
    return None


def _after_data(reply: tuple[int, bytes]) -> SmtpProblem:
    """4xx: again later. 5.2.0 and 5.7.x (limits, permission): the next mails tell whose trouble. Another 5xx: this mail's."""
    text = _text(reply)
    enhanced = _ENHANCED.search(text)
    if not 500 <= reply[0] < 600:
        return Busy(text) if enhanced and enhanced[1] == "4.3.2" else Later(text)
    if enhanced and (enhanced[1] == "5.2.0" or enhanced[1].startswith("5.7.")):
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
    """Dots at line starts doubled (RFC 5321 §4.5.2); `before` are the two octets sent last."""
    stuffed = piece.replace(b"\r\n.", b"\r\n..")
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
