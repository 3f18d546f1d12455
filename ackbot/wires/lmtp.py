"""Mail servers deliver to us by LMTP (RFC 2033) or SMTP (RFC 5321); the only importer of aiosmtpd in the daemon."""

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

CONNECTIONS = 100  # at once; more are told to come later
PER_PEER = 20  # of them from one address: one server that hangs does not shut out the others
IDLE_GIVES_WAY_S = 30.0  # without a word; then a connection that has no mail in hand makes room for a new one
_LONGEST_LINE = 1_000_000  # octets; RFC 5321 allows 1,000, and mail that has more is mail all the same
_TURNS = 10
_IDLE_S = 300.0  # RFC 5321 §4.5.3.2.7
_LATER = "451 4.3.0 not now, try again"
_SILENT = "421 4.4.2 silent for too long, try again"
_STOPPING = "421 4.3.2 stopping, try again"

log = structlog.get_logger()


class Mailroom(Protocol):
    """Who takes what is delivered. Called from several threads; may take its time."""

    def may_send(self) -> str:
        """Before each mail: "" when it may come now, else the reply that puts it off."""
        ...

    def may_receive(self, recipient: str) -> str:
        """ "" for an envelope recipient that is ours, else the reply that refuses it."""
        ...

    def take(self, sender: str, recipients: Sequence[str], content: bytes) -> list[str]:
        """A whole mail, its envelope sender "" for the null sender: one reply for each recipient, 250 only after commit."""
        ...


class Listener:
    """Listens from the moment it is made; takes mail while `run` runs."""

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
            peers: who may connect; whoever reaches a unix socket may.
            size: octets of the largest mail.
            certificate: PEM file of chain and key for STARTTLS. Without it, and beyond this machine, nothing is taken.

        Raises:
            PlaceTaken: nobody can listen there.
            OSError: the certificate cannot be read.
        """
        self.mailroom, self.size, self.peers = mailroom, size, peers
        self.tls = tls.server_context(certificate) if certificate else None
        self.plaintext = place.is_loopback  # beyond this machine, STARTTLS is asked for
        self.stopping = False
        self.connections: set[_Session] = set()
        self.executor = ThreadPoolExecutor(4, thread_name_prefix="delivered")
        self._place = place
        self._socket = place.bind()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it names people

    def run(self, stop: int) -> None:
        """Take mail until the file descriptor `stop` can be read; a mail that is being decided is decided and answered."""
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
        for _ in range(_TURNS):  # of the loop, in which those that listen are closed
            await asyncio.sleep(0)

    def refusal(self, session: "_Session", peer: Any) -> str:
        """Why a connection is not served; "" when it is. One that has been silent for long gives way to it."""
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
        """Whether these are too many, the new one counted, after the one that was silent longest has gone."""
        if len(connections) <= most:
            return False
        silent = max((one for one in connections if one.gives_way()), key=lambda one: one.silent_s(), default=None)
        if silent is not None:
            silent.hang_up(_SILENT)
        return silent is None


class _Session(LMTP):
    """One connection. LHLO begins LMTP, with a reply for each recipient; EHLO begins SMTP, with one for all."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = listener
        self.deciding = asyncio.Event()  # clear while a mail is being decided and its reply is not written
        self.deciding.set()
        self._each = True
        self._told = 1  # recipients that the next reply to a mail's content is for
        self.peer = ""  # its address; "" for a unix socket
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
        """Whether it may be closed for another: it has no mail in hand and has been silent for long."""
        begun = self.envelope is not None and self.envelope.mail_from is not None
        return not begun and self.deciding.is_set() and self.silent_s() >= IDLE_GIVES_WAY_S

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._listener.connections.discard(self)
        self.deciding.set()
        super().connection_lost(error)

    def hang_up(self, words: str = _STOPPING) -> None:
        """Say why, and close."""
        if self.transport is not None:
            self._writer.write(words.encode() + b"\r\n")
            self.cut()

    def cut(self) -> None:
        """Close, after what is written already."""
        if self.transport is not None:
            self.transport.close()

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:
        """LMTP from here on."""
        self._each = True
        await SMTP.smtp_EHLO(self, arg)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, arg: str) -> None:
        """SMTP from here on."""
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
        if self._each:
            return "\r\n".join(replies)
        return next((one for one in replies if not one.startswith("250")), replies[0])

    async def smtp_DATA(self, arg: str) -> None:
        """One reply for each recipient, also to a mail that is too large (RFC 2033 §4.2)."""
        self._told = len(self.envelope.rcpt_tos) if self._each and self.envelope else 1
        try:
            await super().smtp_DATA(arg)
        finally:
            self._told = 1
            self.deciding.set()

    async def push(self, status: Any) -> None:
        """Replies of the library's own have their codes of RFC 3463."""
        if isinstance(status, str) and status.startswith(("552 Error", "500 Line")):
            words = "552 5.3.4 the mail is too large" if status.startswith("552") else "554 5.6.0 a line is too long"
            status = "\r\n".join([words] * self._told)
        await super().push(status)

    async def handle_exception(self, error: Exception) -> str:
        log.error(log_events.DELIVERY_FAILED, error=type(error).__name__)
        return _LATER
