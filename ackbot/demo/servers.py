"""A real IMAP server (pymap) and a real SMTP sink (aiosmtpd) on loopback, each in a thread of its own."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from imapclient import IMAPClient
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Login
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
_PATIENCE_S = 60.0  # on a busy machine a large mail takes long


class MailServer:
    """
    An IMAP server in memory. Each user is a mailbox. After a new start every folder has another UIDVALIDITY.

    Use it as a context manager. `port` stays the same after `stop` and `start`.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._failed: Exception | None = None
        self._kept: dict[str, IMAPClient] = {}

    def start(self) -> None:
        """Listen. Returns when connections are accepted, and raises what kept the server from listening."""
        logging.getLogger("pymap").setLevel(logging.CRITICAL)
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="demo imap", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failed is not None:
            raise self._failed

    def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)  # tests break connections on purpose
        try:
            self._loop.run_until_complete(self._listen())
        except Exception as error:  # noqa: BLE001 - start() raises it again in its own thread
            self._failed = error
            return
        finally:
            ready.set()
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _listen(self) -> None:
        config = Config(
            Namespace(proxy_protocol=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host=HOST,
            port=self.port,
            tls_enabled=False,
            secure_auth=False,
            reject_dnsbl=False,
            invalid_user_sleep=0.0,
            hash_context=Cleartext(),
            max_append_len=100_000_000,
        )
        config.apply_context()
        login = Login(config)
        for name, password in self._users.items():
            login.users_dict[name] = UserMetadata(config, name, password=password)
        reader = ProxyProtocolReader(config.proxy_protocol)
        self._server = await asyncio.start_server(reader.get_callback(IMAPServer(login, config)), HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close all connections and forget all mail."""
        if self._loop is None or self._thread is None:
            return
        while self._kept:
            self._kept.popitem()[1].shutdown()
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = None

    @contextlib.contextmanager
    def client(self, user: str) -> Any:
        """A logged-in IMAP client, such as a person's mail program."""
        with IMAPClient(HOST, self.port, ssl=False, timeout=_PATIENCE_S) as client:
            client.login(user, self._users[user])
            yield client

    def append(self, user: str, mail: bytes, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Deliver a mail by APPEND, with `at` as its internal date."""
        with self.client(user) as client:
            client.append(folder, mail, (), at)

    def deliver(self, user: str, mail: bytes, at: datetime | None = None) -> None:
        """Deliver a mail into INBOX over a connection that is kept open, which is faster than `append`."""
        if user not in self._kept:
            client = self._kept[user] = IMAPClient(HOST, self.port, ssl=False, timeout=_PATIENCE_S)
            client.login(user, self._users[user])
        self._kept[user].append("INBOX", mail, (), at)

    def __enter__(self) -> "MailServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that the sink took. `at` is the monotonic clock at its final dot, in seconds."""

    envelope_from: str
    recipients: tuple[str, ...]
    content: bytes
    at: float


@dataclass
class Sink:
    """
    An SMTP server that takes every mail and remembers it. Use as a context manager.

    Args:
        on_mail: called with every mail that is taken, before the reply to its final dot.
        answer: gives the reply to a mail, such as "451 4.3.0 later"; None takes the mail.
        refuse_recipient: gives the reply to a recipient, such as "550 5.1.1 unknown"; None takes the recipient.
        port: the port to listen on; 0 for a free one.
    """

    on_mail: Callable[[Sent], None] | None = None
    answer: Callable[[Sent], str | None] | None = None
    refuse_recipient: Callable[[str], str | None] | None = None
    port: int = 0
    mails: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._arrived = threading.Condition()
        self._controller: _Listening | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        refused = self.refuse_recipient(address) if self.refuse_recipient else None
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        sent = Sent(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, time.monotonic())
        reply = self.answer(sent) if self.answer else None
        if reply:
            return reply
        if self.on_mail:
            self.on_mail(sent)
        with self._arrived:
            self.mails.append(sent)
            self._arrived.notify_all()
        return "250 2.0.0 ok queued"

    def wait_for(self, test: Callable[[list[Sent]], bool], timeout_s: float = _PATIENCE_S) -> bool:
        """Wait until the mails so far pass a test. Returns whether they did in time."""
        with self._arrived:
            return self._arrived.wait_for(lambda: test(self.mails), timeout_s)

    def start(self) -> None:
        """Listen on `port`, or on a free one."""
        listener = socket.create_server((HOST, self.port))
        self.port = listener.getsockname()[1]
        self._controller = _Listening(self, listener)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> "Sink":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listening(Controller):
    """A controller that uses a bound socket: a port that was free a moment ago may be taken when it is bound."""

    def __init__(self, sink: Sink, listener: socket.socket) -> None:
        super().__init__(
            sink,
            hostname=HOST,
            port=listener.getsockname()[1],
            enable_SMTPUTF8=True,
            data_size_limit=100_000_000,
            ready_timeout=_PATIENCE_S,
        )
        self._listener = listener

    def _create_server(self) -> Coroutine[Any, Any, asyncio.Server]:
        server: Coroutine[Any, Any, asyncio.Server] = self.loop.create_server(
            self._factory_invoker, sock=self._listener
        )
        return server
