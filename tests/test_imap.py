"""The IMAP border, against a server that behaves (pymap) and one that does not."""

import os
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ackbot.demo.servers import MailServer
from ackbot.mail.message import Message
from ackbot.wires import imap, tls
from ackbot.wires.imap import Account, ImapProblem, LoginRefused, Mailbox, NotReached, NotTrusted
from ackbot.wires.secrets import Password
from tests.support.badimap import BadImap
from tests.support.letters import letter

DATA = Path(__file__).parent / "data"
USER = "housing@northgate.example"
SECRET = Password(env="ACKBOT_TEST_PASSWORD")
OPENED: list[Mailbox] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every mailbox a test opened is closed after it."""
    yield
    while OPENED:
        OPENED.pop().close()


def mailbox(
    server: MailServer | BadImap, folder: str = "INBOX", security: str = "none", host: str = "127.0.0.1"
) -> Mailbox:
    """Logged in, folder open."""
    opened = Mailbox(Account(host, server.port, security, USER, SECRET))  # type: ignore[arg-type]
    OPENED.append(opened)
    opened.select(folder)
    return opened


def unsized(message: Message) -> Message:
    """Without sizes, because this server counts a part's header as its content."""
    return replace(message, attachments=tuple(replace(one, octets=0) for one in message.attachments))


def large(parts: int = 1) -> bytes:
    """A mail over the size that is fetched whole: text, HTML, attachments, a forwarded mail."""
    alternative = "--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\u00fc\u00dfe\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--c--\r\n"
    body = f"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n{alternative}"
    for number in range(parts):
        content = "QUJDRA==\r\n" * (40_000 // parts)
        body += f'--b\r\nContent-Type: image/jpeg; name="photo {number}.jpg"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n{content}'
    body += (
        "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n\r\ninner words\r\n--b--\r\n"
    )
    head = "From: Edward Quan <edward@resident.example>\r\nTo: housing@northgate.example\r\nSubject: Large\r\nMessage-ID: <l@r.example>\r\nMIME-Version: 1.0\r\n"
    return (head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body).encode()


def test_reading_changes_nothing(server: MailServer) -> None:
    """P8, D1: whole, skeleton, part and envelope set no \\Seen and no other flag; a mail that was read is still there to take."""
    server.append(USER, letter())
    server.append(USER, large())
    with server.client(USER) as person:
        person.select_folder("INBOX")
        person.set_flags([101], [rb"\Seen"])
    box = mailbox(server)
    uids = box.uids_after(0)
    box.whole(uids)
    box.skeleton(uids[1])
    list(box.part(uids[1], "2"))
    box.envelopes(uids)
    box.close()

    with server.client(USER) as person:
        person.select_folder("INBOX", readonly=True)
        flags = {
            uid: [flag for flag in data[b"FLAGS"] if flag != rb"\Recent"]
            for uid, data in person.fetch(uids, ["FLAGS"]).items()
        }
    assert uids == [101, 102]
    assert flags == {101: [rb"\Seen"], 102: []}


@pytest.mark.parametrize("parts", [1, 3])
def test_a_large_mail_by_structure_is_the_same_message(server: MailServer, parts: int) -> None:
    """D19: header, structure and texts alone make an equal Message, and a small fraction of the octets travel."""
    raw = large(parts)
    server.append(USER, raw)
    skeleton = mailbox(server).skeleton(101)

    assert skeleton is not None
    assert len(skeleton) < len(raw) / 50
    assert unsized(Message.parse(skeleton)) == unsized(Message.parse(raw))


def test_parts_come_in_pieces(server: MailServer) -> None:
    """D19: an attachment is never held whole."""
    raw = large()
    server.append(USER, raw)
    pieces = list(mailbox(server).part(101, "2"))

    assert b'name="photo 0.jpg"' in pieces[0]
    assert max(map(len, pieces)) <= 262_144
    assert b"".join(pieces[1:]).count(b"QUJDRA==") == 40_000


@pytest.mark.parametrize("folder", ["With space", "Archive.2026", "Ünïcödé", "Box & Co", "日本"])
def test_folder_names(server: MailServer, folder: str) -> None:
    """D20: spaces, dots, ampersands and other alphabets, in modified UTF-7 on the wire."""
    with server.client(USER) as person:
        person.create_folder(folder)
        person.append(folder, letter())

    assert mailbox(server, folder).uids_after(0) == [101]


def test_internal_dates_are_instants(server: MailServer) -> None:
    """INTERNALDATE is the arrival time, in UTC, whatever zone the server writes."""
    moment = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    server.append(USER, letter(), moment)

    assert mailbox(server).envelopes([101])[0].internal_date == moment


def test_uidvalidity_changes_are_seen(server: MailServer) -> None:
    """D7: a server that was rebuilt says so, at the next select."""
    before = mailbox(server).select("INBOX").uidvalidity
    server.stop()
    server.start()

    assert mailbox(server).select("INBOX").uidvalidity != before


def test_wrong_password_is_the_admins(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused login is told apart from trouble that passes, and names no password."""
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "wrong-one")

    with pytest.raises(LoginRefused) as caught:
        mailbox(server)
    assert USER in str(caught.value)
    assert "wrong-one" not in str(caught.value)


def test_unreadable_password_file(tmp_path: Path, server: MailServer) -> None:
    """A password that is not there is the admin's too."""
    with pytest.raises(LoginRefused, match="cannot be read"):
        Mailbox(Account("127.0.0.1", server.port, "none", USER, Password(tmp_path / "none")))


def test_a_password_beyond_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 4616: SASL PLAIN is UTF-8, and LOGIN is not."""
    tags: list[str] = []

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        if command == "AUTHENTICATE PLAIN":
            tags.append(tag)
            return b"+ \r\n"
        if tags and not command:
            right = b64decode(tag).decode() == f"\0{USER}\0pässwörd€"
            return f"{tags.pop()} {'OK in' if right else 'NO wrong'}\r\n".encode()
        return None

    with BadImap(answer, capabilities="IMAP4rev1 AUTH=PLAIN") as server:
        monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "pässwörd€")
        assert mailbox(server).select("INBOX").uidvalidity == 5
        monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "pässwörd")
        with pytest.raises(LoginRefused, match="wrong"):
            mailbox(server)


def test_a_password_beyond_ascii_where_plain_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The admin has to mend it: the sentence says so, and it is retried rarely."""
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "pässwörd€")
    with BadImap() as server, pytest.raises(LoginRefused, match="beyond ASCII, and the server offers no AUTH=PLAIN"):
        Mailbox(Account("127.0.0.1", server.port, "none", USER, Password(env="ACKBOT_TEST_PASSWORD")))


def test_a_password_file_that_is_not_utf8(tmp_path: Path, server: MailServer) -> None:
    """The admin has to mend a password file in another encoding, too."""
    (tmp_path / "pw").write_bytes(b"p\xe9\n")
    with pytest.raises(LoginRefused, match="is not UTF-8"):
        Mailbox(Account("127.0.0.1", server.port, "none", USER, Password(tmp_path / "pw")))


def test_search_beyond_the_end(server: MailServer) -> None:
    """D7: `n:*` also returns the newest mail when it is older than n; that one is left out."""
    server.append(USER, letter())

    assert mailbox(server).uids_after(101) == []
    assert mailbox(server).uids_after(0) == [101]


def test_replies_without_uid_and_unasked_ones() -> None:
    """D8: a FETCH without UID, an unasked FLAGS, an EXPUNGE in between: the mail asked for is still read."""

    def answer(server: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("UID FETCH") and "BODY.PEEK[]" in command:
            noise = b"* 9 FETCH (FLAGS (\\Seen))\r\n* 3 EXPUNGE\r\n* 12 EXISTS\r\n"
            return noise + server.usual(tag, command)
        return None

    with BadImap(answer) as server:
        assert mailbox(server).whole([7]) == {7: BadImap.MAIL}


def test_nil_bodies() -> None:
    """D8: a body that is NIL is not there; nothing is raised and nothing invented."""

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("UID FETCH") and "BODY.PEEK[]" in command:
            return b"* 1 FETCH (UID 7 BODY[] NIL)\r\n" + f"{tag} OK done\r\n".encode()
        return None

    with BadImap(answer) as server:
        assert mailbox(server).whole([7]) == {}


@pytest.mark.parametrize("what", ["UID FETCH", "UID SEARCH", "EXAMINE", "NOOP"])
@pytest.mark.parametrize("how", [b"* BYE shutting down\r\n", b"DROP", b"X1 nonsense (((\r\n", b"X1 BAD syntax\r\n"])
def test_servers_that_break_off(what: str, how: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """D8: BYE, a hang-up, nonsense: one kind of problem, after which the connection is given up."""
    if what == "UID SEARCH" and b"BAD" in how:
        what = "UID FETCH"  # a server that refuses SEARCH is asked by FETCH (E32)
    monkeypatch.setattr(imap, "_READ_S", 1.0)

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        return how.replace(b"X1", tag.encode()) if command.startswith(what) else None

    with BadImap(answer) as server:
        with pytest.raises(ImapProblem):
            box = mailbox(server)
            box.noop()
            box.uids_after(0)
            box.whole([7])
        assert server.commands[-1].startswith(what)


@pytest.mark.parametrize("what", ["LOGIN", "EXAMINE", "UID FETCH", "NOOP"])
def test_everything_has_a_timeout(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """D15: a server that takes a command and never answers cannot block us for ever."""
    monkeypatch.setattr(imap, "_READ_S", 1.0)

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return b"HANG" if command.startswith(what) else None

    with BadImap(answer) as server:
        with pytest.raises(ImapProblem):
            box = mailbox(server)
            box.noop()
            box.whole([7])
        assert server.commands[-1].startswith(what)


def test_connecting_has_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """D15: a server that accepts the connection and says nothing cannot block us either."""
    monkeypatch.setattr(imap, "_CONNECT_S", 1.0)
    with BadImap(greeting=b"") as server, pytest.raises(ImapProblem):
        mailbox(server)


def test_idle_ends_by_itself_and_by_the_stop() -> None:
    """D15: a silent IDLE ends after its time; a stop ends it at once."""
    read, write = os.pipe()
    with BadImap(_idle_answer) as server:
        box = mailbox(server)
        assert box.idle(0.05, read) is False
        os.write(write, b"x")
        assert box.idle(600, read) is False
    os.close(read)
    os.close(write)


def _idle_answer(server: BadImap, tag: str, command: str) -> bytes | None:
    if command == "IDLE":
        server.idle_tag = tag  # type: ignore[attr-defined]
        return b"+ idling\r\n"
    if tag == "DONE":
        return f"{server.idle_tag} OK done\r\n".encode()  # type: ignore[attr-defined]
    return None


def test_a_push_together_with_the_continuation() -> None:
    """A push that arrives in the same packet as "+ idling" is seen at once (dependencies.md)."""

    def answer(server: BadImap, tag: str, command: str) -> bytes | None:
        if command == "IDLE":
            server.idle_tag = tag  # type: ignore[attr-defined]
            return b"+ idling\r\n* 2 EXISTS\r\n"
        return _idle_answer(server, tag, command)

    with BadImap(answer) as server:
        box = mailbox(server)
        read, write = os.pipe()
        assert box.idle(600, read) is True
        os.close(read)
        os.close(write)


def test_plaintext_is_for_this_machine_only() -> None:
    """D16: `security = "none"` to another host is refused before a byte is sent."""
    with pytest.raises(NotTrusted, match="plaintext"):
        Mailbox(Account("mail.example", 143, "none", USER, SECRET))


def test_no_starttls_no_login() -> None:
    """D16: a server, or a man in the middle, that offers no STARTTLS gets no password."""
    with BadImap(capabilities="IMAP4rev1") as server:
        with pytest.raises(NotTrusted, match="STARTTLS"):
            mailbox(server, security="starttls")
        assert not any(command.startswith("LOGIN") for command in server.commands)


CERTIFICATES = {
    "right": ("loopback", ""),
    "wrong host name": ("other", "TLS failed: .*certificate is not valid for '127.0.0.1'"),
    "expired": ("expired", "TLS failed: certificate has expired"),
}


@pytest.mark.parametrize(("certificate", "wrong"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates_are_checked(certificate: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """D16: a wrong certificate stops the mailbox with a clear sentence; it never goes on without."""
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / f"{certificate}.crt"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / f"{certificate}.crt", DATA / f"{certificate}.key")
    with BadImap() as server:
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
        if not wrong:
            assert mailbox(server, security="tls").whole([7]) == {7: BadImap.MAIL}
        else:
            with pytest.raises(NotTrusted, match=wrong):
                mailbox(server, security="tls")
            assert server.commands == []


def test_one_context_for_each_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections share what costs 17 ms and 1 MB, by what they trust; a renewed certificate is read, without a restart."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    own = tmp_path / "ca.crt"
    own.write_bytes((DATA / "loopback.crt").read_bytes())
    first = tls.context(own)

    assert tls.context() is tls.context() is not first
    assert tls.context(own) is first
    own.write_bytes((DATA / "other.crt").read_bytes())
    os.utime(own, ns=(1, 1))
    renewed = tls.context(own)
    assert renewed is not first
    assert renewed.get_ca_certs(binary_form=True) != first.get_ca_certs(binary_form=True)


def test_a_self_signed_certificate_nobody_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    """D16: the right name is not enough; a trusted authority must have signed the certificate."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "loopback.crt", DATA / "loopback.key")
    with BadImap() as server:
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
        with pytest.raises(NotTrusted, match="TLS failed"):
            mailbox(server, security="tls")


def test_plaintext_where_tls_was_asked_for() -> None:
    """D16: a server that speaks plaintext on the TLS port gets no password, and there is no second try without."""
    with BadImap() as server, pytest.raises(NotTrusted, match="TLS failed"):
        mailbox(server, security="tls")

    assert not any("LOGIN" in command for command in server.commands)
    assert server.connections == 1


def test_a_dead_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """D15: a failing DNS is reported as a server that cannot be reached."""

    def dead(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", dead)
    with pytest.raises(NotReached, match=r"imap\.example:993: cannot connect: .*Temporary failure in name resolution"):
        Mailbox(Account("imap.example", 993, "tls", USER, SECRET))


def test_moving_is_by_uid(server: MailServer) -> None:
    """D3: one mail of ours is moved by its UID; others stay, whatever their sequence numbers."""
    for number in range(3):
        server.append(USER, letter(subject=f"Matter {number}"))
    with server.client(USER) as person:
        person.create_folder("Done")
    box = mailbox(server)
    place = box.move(102, "Done")

    assert box.uids_after(0) == [101, 103]
    with server.client(USER) as person:
        found = person.select_folder("Done")
        assert person.search("ALL") == [101]
    assert place == (found[b"UIDVALIDITY"], 101)


def test_message_ids_are_found(server: MailServer) -> None:
    """D47: whether a mail lies in the Sent folder, before it would be sent again."""
    with server.client(USER) as person:
        person.create_folder("Sent")
        person.append("Sent", letter(message_id="<ours@northgate.example>"))

    assert mailbox(server).has_message_id("Sent", "<ours@northgate.example>")
    assert not mailbox(server).has_message_id("Sent", "<other@northgate.example>")


@pytest.mark.parametrize("field", ["Message-ID", "X-Microsoft-Original-Message-ID", "X-Ackbot-Id", "message-id"])
def test_ids_that_exchange_replaced(server: MailServer, field: str) -> None:
    """D47: a copy in Sent Items is ours by the id that it was given, wherever Exchange has put that."""
    ours, others = b"<ours@northgate.example>", b"<AM0PR05@eurprd05.prod.outlook.example>"
    own = field.lower() == "message-id"
    head = b"" if own else b"Message-ID: " + others + b"\r\n"
    mail = head + field.encode() + b": " + ours + b"\r\nFrom: housing@northgate.example\r\nSubject: x\r\n\r\nhello\r\n"
    server.append(USER, mail)
    box = mailbox(server)

    assert box.has_message_id("INBOX", ours.decode())
    assert not box.has_message_id("INBOX", "<other@northgate.example>")
