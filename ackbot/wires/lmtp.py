"""Takes mail from mail servers by LMTP (RFC 2033) or SMTP (RFC 5321). Nothing else in the daemon imports aiosmtpd."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from ackbot import log_events
from ackbot.wires import tls
from ackbot.wires.places import Place

CONNECTIONS = 100  # at the same time; a further one is told to try again
PER_PEER = 20  # of them from one address, so that one server that hangs does not shut out the others
IDLE_GIVES_WAY_S = (
    30.0  # a connection that was silent this long, and has no mail in hand, is closed to make room for a new one
)
_LONGEST_LINE = 1_000_000  # octets; RFC 5321 allows 1,000, but real mail has longer lines
_TURNS = 10  # of the event loop
_IDLE_S = 300.0  # RFC 5321 §4.5.3.2.7
_LATER = "451 4.3.0 not now, try again"
_SILENT = "421 4.4.2 silent for too long, try again"
_STOPPING = "421 4.3.2 stopping, try again"

log = structlog.get_logger()


class Mailroom(Protocol):
    """Takes the mail that is delivered. `take` is called from several threads, and may be slow."""

    def may_send(self) -> str:
        """Asked before each mail: "" if it may come now, otherwise the reply that defers it."""
        ...

    def may_receive(self, recipient: str) -> str:
        """Asked for each envelope recipient: "" if it is ours, otherwise the reply that refuses it."""
        ...

    def take(self, sender: str, recipients: Sequence[str], content: bytes) -> list[str]:
        """
        Take a whole mail.

        Args:
            sender: the envelope sender; "" for the null sender.

        Returns:
            One reply for each recipient; 250 only after the commit (P1).
        """
        ...


class Listener:
    """Listens as soon as it is constructed, and takes mail while `run` runs."""

    def __init__(
        self,
        place: Place,
        mailroom: Mailroom,
        *,
        peers: Collection[ipaddress.IPv4Network | ipaddress.IPv6Network],
        size: int,
        certificate: Path | None,
    ) -> None:
        """
        Args:
            peers: the networks that may connect. Everybody who can reach a unix socket may.
            size: octets of the largest mail.
            certificate: PEM file with chain and key for STARTTLS. Without it no mail is taken from other machines.

        Raises:
            PlaceTaken: we cannot listen there.
            OSError: the certificate cannot be read.
        """
        self.mailroom, self.size, self.peers = mailroom, size, peers
        self.tls = tls.server_context(certificate) if certificate else None
        self.plaintext = place.is_loopback  # from other machines, mail is taken only after STARTTLS
        self.stopping = False
        self.connections: set[_Session] = set()
        self.executor = ThreadPoolExecutor(4, thread_name_prefix="delivered")
        self._place = place
        self._socket = place.bind()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd logs addresses there (P11)

    def run(self, stop: int) -> None:
        """Take mail until the file descriptor `stop` is readable. A mail that is being decided is still decided and answered."""
        try:
            asyncio.run(self._serve(stop))
        finally:
            self._socket.close()
            self.executor.shutdown()

    async def _serve(self, stop: int) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(stop, ended.set)
        make = loop.create_unix_server if self._socket.family == socket.AF_UNIX else loop.create_server
        server = await make(lambda: _Session(self, loop), sock=self._socket)
        log.info(log_events.LISTENING, at=str(self._place))
        await ended.wait()
        loop.remove_reader(stop)
        self.stopping = True
        server.close()
        if self._place.path:
            Path(self._place.path).unlink(missing_ok=True)
        while deciding := [one.deciding for one in self.connections if not one.deciding.is_set()]:
            await deciding[0].wait()
        for one in list(self.connections):
            one.hang_up()
        for _ in range(_TURNS):  # the event loop needs some turns to close the transports
            await asyncio.sleep(0)

    def refusal(self, session: "_Session", peer: Any) -> str:
        """The reply that refuses a new connection; "" if it is served. For it, a connection that was long silent may be closed."""
        if self.stopping:
            return _STOPPING
        if isinstance(peer, tuple):
            address = ipaddress.ip_address(peer[0])
            address = getattr(address, "ipv4_mapped", None) or address
            if not any(address in one for one in self.peers):
                log.warning(log_events.DELIVERY_REFUSED, peer=str(address))
                return "554 5.7.1 you are not among lmtp_peers"
            session.peer = str(address)
            if self._is_full({one for one in self.connections if one.peer == session.peer}, PER_PEER):
                return "421 4.3.2 too many connections from you, try again"
        return "421 4.3.2 too many connections, try again" if self._is_full(self.connections, CONNECTIONS) else ""

    @staticmethod
    def _is_full(connections: "set[_Session]", most: int) -> bool:
        """Whether these connections, with the new one, are too many, even after closing the one that was silent longest."""
        if len(connections) <= most:
            return False
        silent = max((one for one in connections if one.gives_way()), key=lambda one: one.silent_s(), default=None)
        if silent is not None:
            silent.hang_up(_SILENT)
        return silent is None


class _Session(LMTP):
    """One connection. After LHLO it speaks LMTP, with a reply for each recipient; after EHLO SMTP, with one reply for all."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = listener
        self.deciding = asyncio.Event()  # cleared while a mail is being decided, until its reply is written
        self.deciding.set()
        self._each = True  # LMTP: each recipient gets a reply of its own
        self._told = 1  # the number of recipients that the next reply to a mail's content is for
        self.peer = ""  # the peer's address; "" for a unix socket
        self._clock = loop.time
        self._heard_at = loop.time()
        super().__init__(
            self,
            data_size_limit=listener.size,
            enable_SMTPUTF8=True,
            ident="ackbot",
            tls_context=listener.tls,
            timeout=_IDLE_S,
            loop=loop,
        )

    async def _handle_client(self) -> None:
        self._listener.connections.add(self)
        peer = self.session.peer if self.session else None
        if refusal := self._listener.refusal(self, peer):
            await self.push(refusal)
            self.cut()
            return
        await super()._handle_client()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._heard_at = self._clock()
        super().data_received(data)

    def silent_s(self) -> float:
        """Seconds since the peer last said anything."""
        return self._clock() - self._heard_at

    def gives_way(self) -> bool:
        """Whether this connection may be closed for another: it has no mail in hand and was silent for long."""
        begun = self.envelope is not None and self.envelope.mail_from is not None
        return not begun and self.deciding.is_set() and self.silent_s() >= IDLE_GIVES_WAY_S

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._listener.connections.discard(self)
        self.deciding.set()
        super().connection_lost(error)

    def hang_up(self, words: str = _STOPPING) -> None:
        """Tell the peer why, and close."""
        if self.transport is not None:
            self._writer.write(words.encode() + b"\r\n")
            self.cut()

    def cut(self) -> None:
        """Close, after what is already written has been sent."""
        if self.transport is not None:
            self.transport.close()

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:
        """Speak LMTP from here on."""
        self._each = True
        await SMTP.smtp_EHLO(self, arg)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, arg: str) -> None:
        """Speak SMTP from here on."""
        self._each = False
        await SMTP.smtp_EHLO(self, arg)

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        plain = self.session is None or not self.session.ssl
        if plain and not self._listener.plaintext:
            return "530 5.7.0 STARTTLS first"
        reply = _STOPPING if self._listener.stopping else self._listener.mailroom.may_send()
        if not reply:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 2.1.0 ok"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        reply = self._listener.mailroom.may_receive(address)
        if not reply:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply or "250 2.1.5 ok"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        if self._listener.stopping:
            return self._joined([_LATER] * len(envelope.rcpt_tos))
        self.deciding.clear()
        sender = "" if envelope.mail_from == "<>" else str(envelope.mail_from)
        content = envelope.original_content or b""
        take = partial(self._listener.mailroom.take, sender, envelope.rcpt_tos, content)
        return self._joined(await self.loop.run_in_executor(self._listener.executor, take))

    def _joined(self, replies: Sequence[str]) -> str:
        """All replies for LMTP; for SMTP the first that is not 250, because one reply stands for all recipients."""
        if self._each:
            return "\r\n".join(replies)
        return next((one for one in replies if not one.startswith("250")), replies[0])

    async def smtp_DATA(self, arg: str) -> None:
        """Reply once for each recipient, even to a mail that is too large (RFC 2033 §4.2)."""
        self._told = len(self.envelope.rcpt_tos) if self._each and self.envelope else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._told = 1
            self.deciding.set()

    async def push(self, status: Any) -> None:
        """Write a reply. The library's own replies to oversized mail get an enhanced code (RFC 3463)."""
        if isinstance(status, str) and status.startswith(("552 Error", "500 Line")):
            words = "552 5.3.4 the mail is too large" if status.startswith("552") else "554 5.6.0 a line is too long"
            status = "\r\n".join([words] * self._told)
        await super().push(status)

    async def handle_exception(self, error: Exception) -> str:
        log.error(log_events.DELIVERY_FAILED, error=type(error).__name__)
        return _LATER
