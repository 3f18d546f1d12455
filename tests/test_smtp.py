"""The SMTP border: what each reply means for the mail, the recipient and the relay."""

import os
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from ackbot.wires import smtp, tls
from ackbot.wires.secrets import Password
from ackbot.wires.smtp import (
    Busy,
    Connection,
    Envelope,
    Later,
    NotReached,
    Refused,
    RefusedAfterData,
    Relay,
    RelayTrouble,
    TakenAway,
    Unknown,
    code_of,
)
from tests.support.badsmtp import BadSmtp

DATA = Path(__file__).parent / "data"
MAIL = b"Subject: x\r\n\r\nhello\r\n"
OPENED: list[Connection] = []
PIPELINED = pytest.mark.parametrize(
    "features", [("PIPELINING", "8BITMIME"), ("8BITMIME",)], ids=["pipelined", "in turn"]
)


def relay(server: BadSmtp, **changes: object) -> Relay:
    """The test server as a relay."""
    return Relay(**{"name": "default", "host": "127.0.0.1", "port": server.port, "security": "none", **changes})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every connection a test opened is closed after it."""
    yield
    while OPENED:
        OPENED.pop().close()


def connect(made: Relay, username: str = "") -> Connection:
    """A connection that is closed after the test."""
    OPENED.append(Connection(made, username, "test"))
    return OPENED[-1]


def send(
    server: BadSmtp,
    content: bytes = MAIL,
    recipient: str = "edward@resident.example",
    begin: bool = True,
    connection: Connection | None = None,
    copy_to: str = "",
) -> str:
    """One mail, over a new connection unless one is given."""
    used = connection or connect(relay(server))
    return used.send(
        Envelope("housing@northgate.example", recipient, len(content), copy_to), lambda: [content], lambda: begin
    )


@PIPELINED
def test_a_mail_goes_out(features: tuple[str, ...]) -> None:
    """The relay's reply, queue id included, comes back; the content arrives to the octet."""
    with BadSmtp(features=features) as server:
        reply = send(server, b"Subject: x\r\n\r\n.dot\r\n..two\r\n")

    assert reply == "250 2.0.0 ok queued as 4711"
    assert server.mails == [
        ("housing@northgate.example", ["edward@resident.example"], b"Subject: x\r\n\r\n.dot\r\n..two\r\n")
    ]


@PIPELINED
@pytest.mark.parametrize("taken", [True, False])
def test_a_copy_for_the_archive(features: tuple[str, ...], taken: bool) -> None:
    """domain.md §13: the council's archive gets the very bytes; when it is refused, the resident's mail goes all the same."""
    with BadSmtp(
        lambda what, line: "550 no" if what == "RCPT" and "archive" in line and not taken else None, features
    ) as server:
        connection = connect(relay(server))
        send(server, connection=connection, copy_to="archive@northgate.example")

    assert server.mails[0][1] == ["edward@resident.example", *(["archive@northgate.example"] if taken else [])]
    assert connection.copy_refused == ("" if taken else "550 no")


@PIPELINED
def test_a_relay_that_hangs_up_every_time(features: tuple[str, ...]) -> None:
    """One new connection is tried, not a hundred."""
    with BadSmtp(lambda what, _: "DROP" if what == "MAIL" else None, features) as server:
        connection = connect(relay(server))
        with pytest.raises(RelayTrouble, match="hung up"):
            send(server, connection=connection)
        connection._open()
        with pytest.raises(RelayTrouble, match="hung up twice"):
            send(server, connection=connection)

    assert server.connections == 3


def test_dots_across_pieces() -> None:
    """RFC 5321 §4.5.2: a dot that begins a line is doubled, also where a streamed piece begins."""
    pieces = [b"Subject: x\r\n\r\nline\r", b"\n.dot\r\n", b".dot again", b".no\r\n"]
    with BadSmtp() as server:
        connect(relay(server)).send(Envelope("a@b.example", "c@d.example", 50), lambda: pieces, lambda: True)

    assert server.mails[0][2] == b"".join(pieces)


def test_a_kept_connection_serves_many_mails() -> None:
    """design.md §3: connections are kept open."""
    with BadSmtp() as server:
        connection = connect(relay(server))
        for _ in range(5):
            send(server, connection=connection)
        connection.close()

    assert (server.connections, len(server.mails)) == (1, 5)


@PIPELINED
def test_a_connection_closed_meanwhile_is_opened_once_more(features: tuple[str, ...]) -> None:
    """The relay hung up between two mails: a new connection, once, and the mail goes out once."""
    drops = ["DROP"]
    with BadSmtp(
        lambda what, _: drops.pop() if what == "MAIL" and len(server.mails) == 1 and drops else None, features
    ) as server:
        connection = connect(relay(server))
        send(server, connection=connection)
        send(server, connection=connection)

    assert (server.connections, len(server.mails)) == (2, 2)


@PIPELINED
@pytest.mark.parametrize(
    ("where", "reply", "problem"),
    [
        ("CONNECT", "554 go away", NotReached),
        ("CONNECT", "421 4.3.2 shutting down", NotReached),
        ("EHLO HELO", "550 no", NotReached),
        ("EHLO HELO", "421 4.3.2 shutting down", NotReached),
        ("MAIL", "421 4.3.2 shutting down", RelayTrouble),
        ("RCPT", "421 4.3.2 shutting down", Later),
        ("DATA", "421 4.3.2 shutting down", Later),
        ("DOT", "421 4.4.2 timed out", Later),
        ("MAIL", "451 4.3.0 later", RelayTrouble),
        ("MAIL", "550 5.7.60 SendAsDenied", RelayTrouble),
        ("RCPT", "450 4.2.0 greylisted", Later),
        ("RCPT", "451 4.7.1 greylisted", Later),
        ("RCPT", "452 4.2.2 mailbox full", Later),
        ("RCPT", "552 5.2.2 mailbox full", Refused),
        ("RCPT", "550 5.1.1 user unknown", Refused),
        ("DATA", "451 4.3.0 later", Later),
        ("DATA", "554 5.5.1 no valid recipients", RelayTrouble),
        ("DOT", "432 4.3.2 concurrent connections", Busy),
        ("MAIL", "432 4.3.2 concurrent connections", Busy),
        ("DATA", "432 4.3.2 concurrent connections", Busy),
        ("DOT", "451 4.7.1 later", Later),
        ("DOT", "554 5.2.0 limit exceeded", RefusedAfterData),
        ("DOT", "550 5.7.1 not permitted", RefusedAfterData),
        ("DOT", "552 5.3.4 too big", Refused),
        ("DOT", "554 5.6.0 bad content", Refused),
        ("DOT", "DROP", Unknown),
    ],
)
def test_what_replies_mean(features: tuple[str, ...], where: str, reply: str, problem: type[Exception]) -> None:
    """D49, and design.md, "The life of a letter" step 4: the relay's trouble, later, refused, unknown; and the connection serves on."""
    with BadSmtp(lambda what, _: reply if what in where.split() else None, features) as server:
        connection = connect(relay(server))
        with pytest.raises(problem) as caught:
            send(server, connection=connection)
        server.answer = None
        send(server, connection=connection)

    assert type(caught.value) is problem
    assert len(server.mails) == 1
    if reply != "DROP":
        assert reply[:3] in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("550 5.1.1 <edward@resident.example>: user unknown", "550 5.1.1"),
        ('554 Message "My daughter\'s bedroom" refused', "554"),
        ("given up after five days: 451 4.3.0 later", "451 4.3.0"),
        ("the relay hung up: 421 4.7.0 bye", "421 4.7.0"),
        ("127.0.0.1:587: [Errno 111] Connection refused", ""),
        ("no reply to the final dot: timed out", ""),
        ("5.7.1 edward@resident.example", ""),
    ],
)
def test_what_logs_are_given_of_a_reply(reply: str, code: str) -> None:
    """P11: relays quote addresses and subjects; the code and the enhanced code hold neither."""
    assert code_of(reply) == code


def test_a_host_that_cannot_be_named() -> None:
    """D15: a name that DNS cannot carry raises a UnicodeError; it is the relay's trouble like any other."""
    with pytest.raises(RelayTrouble, match="cannot log in: UnicodeError"):
        connect(Relay("default", f"{'a' * 70}.example", 25, "starttls")).probe()


def test_no_reply_to_the_final_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    """D47, D15: a relay that takes everything and never answers: nobody knows, and that is what is said."""
    monkeypatch.setattr(smtp, "_END_TIMEOUT_S", 1.0)
    with BadSmtp(lambda what, _: "HANG" if what == "DOT" else None) as server, pytest.raises(Unknown):
        send(server)


@pytest.mark.parametrize("where", ["CONNECT", "EHLO"])
def test_everything_has_a_timeout(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """D15: connect and every command."""
    monkeypatch.setattr(smtp, "_TIMEOUT_S", 1.0)
    with BadSmtp(lambda what, _: "HANG" if what == where else None) as server, pytest.raises(RelayTrouble):
        send(server)


@pytest.mark.parametrize("how", ["DROP", "HANG"])
def test_a_break_in_the_middle_of_a_mail(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """P2: before the final dot no relay can have taken the mail: it is sent again like any other, not doubted."""
    monkeypatch.setattr(smtp, "_TIMEOUT_S", 1.0)
    with BadSmtp(lambda what, _: how if what == "BODY" else None) as server:
        connection = connect(relay(server))
        with pytest.raises(Later, match="in the middle of the mail"):
            send(server, MAIL + b"0123456789\r\n" * 2_000_000, connection=connection)
        server.answer = None
        send(server, connection=connection)

    assert [content for _, _, content in server.mails] == [MAIL]


def test_a_dead_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """D15: no name is resolved: the relay's trouble, in words, as when nobody listens."""

    def dead(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    with pytest.raises(NotReached, match=r"relay\.example:587: .*Temporary failure in name resolution"):
        connect(Relay("default", "relay.example", 587, "starttls")).probe()


def test_plaintext_where_tls_was_asked_for() -> None:
    """D16: a relay that speaks plaintext on the TLS port gets neither password nor mail, and there is no second try without."""
    with BadSmtp() as server:
        connection = connect(relay(server, security="tls", password=Password(env="ACKBOT_TEST_PASSWORD")), "user")
        with pytest.raises(NotReached, match="SSL"):
            send(server, connection=connection)

    assert not any("AUTH" in line or "MAIL" in line for line in server.lines)
    assert server.connections == 1


def test_nobody_listens() -> None:
    """A relay that is down is the relay's trouble."""
    with BadSmtp() as server:
        port = server.port
    with pytest.raises(RelayTrouble):
        connect(Relay("default", "127.0.0.1", port, "none")).send(
            Envelope("a@b.example", "c@d.example", 9), lambda: [MAIL], lambda: True
        )


@PIPELINED
def test_a_lost_claim_sends_nothing(features: tuple[str, ...]) -> None:
    """P2: when the row is no longer ours, not even an empty mail goes out."""
    with BadSmtp(features=features) as server:
        with pytest.raises(TakenAway):
            send(server, begin=False)
        assert server.mails == []


@pytest.mark.parametrize("refused", ["MAIL", "RCPT"])
def test_a_relay_that_would_take_a_mail_all_the_same(refused: str) -> None:
    """A relay that refuses the envelope and waits for the mail gets none, not even an empty one."""
    answers = {refused: "550 5.1.1 no", "DATA": "354 go on"}
    with BadSmtp(lambda what, _: answers.get(what)) as server, pytest.raises((Refused, RelayTrouble)):
        send(server)

    assert server.mails == []


def test_size_limit() -> None:
    """RFC 1870: a mail larger than the relay takes is refused before it is sent, and the relay is well."""
    with BadSmtp(features=("SIZE 1000",)) as server, pytest.raises(Refused, match="takes 1000"):
        send(server, b"x" * 2_000)


@pytest.mark.parametrize(("features", "goes"), [(("SMTPUTF8",), True), ((), False)])
def test_international_addresses(features: tuple[str, ...], goes: bool) -> None:
    """RFC 6531: with SMTPUTF8 they are written to; without, that recipient is refused for good."""
    with BadSmtp(features=features) as server:
        if goes:
            send(server, recipient="jdöe@xn--mchine-bua.example")
            assert any("SMTPUTF8" in line for line in server.lines)
        else:
            with pytest.raises(Refused, match="SMTPUTF8"):
                send(server, recipient="jdöe@xn--mchine-bua.example")


def test_delivery_status_is_asked_for() -> None:
    """R23: an undelivered acknowledgement is a broken promise, so failures are asked for where DSN is offered."""
    with BadSmtp(features=("DSN",)) as server:
        send(server)

    assert any(line.startswith("RCPT") and "NOTIFY=FAILURE" in line for line in server.lines)


def test_plaintext_is_for_this_machine_only() -> None:
    """D16: another host is never spoken to in plaintext."""
    with pytest.raises(RelayTrouble, match="plaintext"):
        connect(Relay("default", "mail.example", 25, "none")).send(
            Envelope("a@b.example", "c@d.example", 9), lambda: [MAIL], lambda: True
        )


def test_no_starttls_no_mail() -> None:
    """D16: a relay that offers no STARTTLS gets neither password nor mail."""
    with BadSmtp() as server:
        connection = connect(relay(server, security="starttls", password=Password(env="ACKBOT_TEST_PASSWORD")), "user")
        with pytest.raises(RelayTrouble):
            send(server, connection=connection)
        assert not any(line.startswith(("AUTH", "MAIL")) for line in server.lines)


CERTIFICATES = {
    "right": ("loopback", ""),
    "wrong host name": ("other", "certificate is not valid for '127.0.0.1'"),
    "expired": ("expired", "certificate has expired"),
}


@pytest.mark.parametrize(("certificate", "wrong"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates_are_checked(certificate: str, wrong: str) -> None:
    """D16: the right name, in time, and an authority the admin named, or nothing; and it is said which it was."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / f"{certificate}.crt", DATA / f"{certificate}.key")
    with BadSmtp() as server:
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
        connection = connect(relay(server, security="tls", ca_file=DATA / f"{certificate}.crt"))
        if not wrong:
            send(server, connection=connection)
        else:
            with pytest.raises(NotReached, match=wrong):
                send(server, connection=connection)
        assert bool(server.mails) is not wrong


def test_connections_share_a_context_until_the_authorities_change(tmp_path: Path) -> None:
    """Each context takes 1 MB and 17 ms; a renewed file of authorities is trusted without a restart."""
    trusted = tmp_path / "ca.crt"
    trusted.write_bytes((DATA / "loopback.crt").read_bytes())
    first = tls.context(trusted)
    assert tls.context(trusted) is first
    assert tls.context() is not first

    os.utime(trusted, ns=(1, 1))
    assert tls.context(trusted) is not first


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN CRAM-MD5", ""])
def test_a_password_beyond_ascii(mechanisms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 4616: SASL PLAIN is UTF-8; a relay without it is the relay's trouble, in words, and nothing breaks."""
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "pässwörd€")

    def answer(what: str, line: str) -> str | None:
        plain = b64decode(line.split()[2]).decode() if line.startswith("AUTH PLAIN ") else ""
        return {"\0user\0pässwörd€": "235 2.7.0 ok"}.get(plain, "535 5.7.8 no") if what == "AUTH" else None

    with BadSmtp(answer, features=(f"AUTH {mechanisms}",) if mechanisms else ()) as server:
        connection = connect(relay(server, password=Password(env="ACKBOT_TEST_PASSWORD")), "user")
        if "PLAIN" in mechanisms:
            send(server, connection=connection)
            assert len(server.mails) == 1
        else:
            with pytest.raises(RelayTrouble, match="characters beyond ASCII, and the relay offers no AUTH PLAIN"):
                send(server, connection=connection)


def test_a_password_beyond_ascii_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay's reply is told as with any other."""
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "pässwörd")
    with BadSmtp(lambda what, _: "535 5.7.8 no" if what == "AUTH" else None, features=("AUTH PLAIN",)) as server:
        connection = connect(relay(server, password=Password(env="ACKBOT_TEST_PASSWORD")), "user")
        with pytest.raises(RelayTrouble, match=r"535 5\.7\.8 no"):
            send(server, connection=connection)


@pytest.mark.parametrize("content", [None, b"p\xe9\n"])
def test_a_password_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """A missing file or wrong encoding is the relay's trouble, told once; a mail waits, nothing is tried in a storm."""
    if content is not None:
        (tmp_path / "pw").write_bytes(content)
    with BadSmtp(features=("AUTH PLAIN",)) as server:
        connection = connect(relay(server, password=Password(tmp_path / "pw")), "user")
        with pytest.raises(RelayTrouble, match=r"the password for user: .*(cannot be read|is not UTF-8)"):
            send(server, connection=connection)
