"""A certificate authority, and an HTTPS server that gives and checks tokens, or answers whatever a test says."""

import json
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ackbot.wires.token_words import claims

Reply = (
    tuple[int, Any] | tuple[int, Any, dict[str, str]] | str | None
)  # status, JSON, headers; "DROP"; None for the usual


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate(
    issuer: tuple[rsa.RSAPrivateKey, x509.Certificate] | None, name: str, ends_at: datetime | None = None
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and its certificate for 127.0.0.1; self-signed as an authority without an issuer."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = ends_at or datetime.now(UTC) + timedelta(days=90)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=365))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
    )
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


@cache
def authority() -> tuple[Path, Path]:
    """The files of a test authority's certificate, and of a server certificate (with its key) that it signed."""
    folder = Path(mkdtemp(prefix="ackbot-ca-"))
    folder.chmod(0o755)
    root = certificate(None, "Test authority")
    key, server = certificate(root, "127.0.0.1")
    ca, chain = folder / "ca.pem", folder / "server.pem"
    ca.write_bytes(root[1].public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(server.public_bytes(serialization.Encoding.PEM) + _pem(key))
    return ca, chain


def client_certificate(folder: Path, ends_at: datetime | None = None) -> Path:
    """A PEM file with a client's certificate and its key."""
    key, own = certificate(None, "ackbot", ends_at)
    file = folder / "client.pem"
    file.write_bytes(_pem(key) + own.public_bytes(serialization.Encoding.PEM))
    return file


class HttpsServer:
    """
    Answers every request as `answer(method, path, body, headers)` says. Use it as a context manager.

    `asked` has (method, path) of each request so far.
    """

    def __init__(self, *, tls: bool = True) -> None:
        self.ca, chain = authority()
        self.asked: list[tuple[str, str]] = []
        self.changed = threading.Condition()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with owner.changed:
                    owner.asked.append((self.command, self.path))
                reply = owner.answer(self.command, self.path, body, headers)
                with owner.changed:
                    owner.changed.notify_all()
                if not isinstance(reply, tuple):
                    self.close_connection = True
                    return
                content = reply[1] if isinstance(reply[1], bytes) else json.dumps(reply[1]).encode()
                self.send_response(reply[0])
                for name, value in (reply[2] if len(reply) == 3 else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that hangs up is part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """The answer to a request; "DROP" to hang up."""
        raise NotImplementedError

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class TokenServer(HttpsServer):
    """
    Gives tokens to whoever knows the secret, and tells Dovecot whether one is good. Its time stands still until a test moves it.

    A token opens the mailbox that its assertion names, otherwise `mailbox`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secret = "first secret"
        self.life_s = 3_600
        self.now_s = 0.0
        self.problem: Reply = None  # what every request for a token gets instead
        self.forms: list[dict[str, str]] = []
        self.ends: dict[str, float] = {}  # by token: when it is no longer good
        self.mailbox = "housing@northgate.example"
        self.named: dict[str, str] = {}  # the mailboxes that assertions named, by token
        self.hold: Callable[[], object] = lambda: None  # called in each request for a token
        self.made = lambda number: f"token-{number}-" + "x" * 2_000  # as long as Microsoft's

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """See HttpsServer.answer."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path.startswith("/introspect"):
            token = form.get("token", "")
            good = self.ends.get(token, 0.0) > self.now_s
            return 200, {"active": good, "email": self.named.get(token, self.mailbox)} if good else {"active": False}
        with self.changed:
            self.forms.append(form)
        self.hold()
        if self.problem is not None:
            return self.problem
        if form.get("grant_type") == "client_credentials" and form.get("client_secret", self.secret) != self.secret:
            return 401, refusal("AADSTS7000215: Invalid client secret provided: " + form.get("client_secret", ""))
        with self.changed:
            token = self.made(len(self.forms))
            self.ends[token] = self.now_s + self.life_s
            if "assertion" in form:
                self.named[token] = str(claims(form["assertion"])["sub"])
        return 200, {"token_type": "Bearer", "expires_in": self.life_s, "access_token": token}


def refusal(description: str, error: str = "invalid_client") -> dict[str, Any]:
    """The body of a refusal as Microsoft writes it."""
    return {
        "error": error,
        "error_description": f"{description} Trace ID: 0f1e Correlation ID: 2d3c Timestamp: 2026-11-30 10:12:00Z",
        "error_codes": [7000215],
    }
