"""OAuth from end to end: Dovecot and Postfix that take tokens, a token server over TLS, and relays that speak like Exchange."""

import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from ackbot.config import load
from ackbot.daemon import Runtime
from ackbot.demo.servers import Sink
from ackbot.store import inboxes, open_database
from ackbot.wires import oauth, smtp
from ackbot.wires.imap import Account, ImapProblem, LoginRefused, Mailbox, NoToken
from ackbot.wires.oauth import Grant, Tokens
from ackbot.wires.secrets import Password
from ackbot.wires.smtp import Connection, Envelope, NotReached, Relay, RelayTrouble
from tests.conftest import missing
from tests.support.badimap import BadImap
from tests.support.badsmtp import BadSmtp
from tests.support.council import configured
from tests.support.letters import letter, parsed
from tests.support.oauth_servers import dovecot_with_tokens, postfix_with_tokens
from tests.support.servers import INSTALL_DOVECOT, INSTALL_POSTFIX, Ackbot, Dovecot, Postfix, run, until_true
from tests.support.tokens import TokenServer, refusal
from tests.support.watching import without_waits
from tests.test_oauth import OUTLOOK, account, token_of

USER = "housing@northgate.example"
MAIL = b"From: housing@northgate.example\r\nTo: edward@resident.example\r\nSubject: x\r\n\r\nhello\r\n"
BOTH = ("xoauth2", "oauthbearer")
OPENED: list[Connection] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every connection a test opened is closed after it."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    """The token server."""
    with TokenServer() as running:
        (tmp_path / "client-secret").write_text(running.secret)
        yield running


@pytest.fixture
def given(tokens: TokenServer, tmp_path: Path) -> Tokens:
    """The tokens that it gives us."""
    return of(tokens, tmp_path)


def of(server: TokenServer, folder: Path) -> Tokens:
    """The tokens of a client whose secret is in a file."""
    file = folder / "client-secret"
    return Tokens(
        Grant(
            name="m365",
            kind="client-credentials",
            token_url=server.url("/token"),
            client_id="0f1e",
            secret=Password(file),
            secret_file=str(file),
            ca_file=server.ca,
        )
    )


@pytest.fixture(params=BOTH)
def dovecot(request: pytest.FixtureRequest, tmp_path: Path, tokens: TokenServer) -> Iterator[Dovecot]:
    """Debian's Dovecot, which asks the token server about each token; by one mechanism at a time."""
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    with dovecot_with_tokens(tmp_path, tokens, request.param) as running:
        yield running


@pytest.fixture
def postfix(tmp_path: Path, dovecot: Dovecot) -> Iterator[Postfix]:
    """Debian's Postfix, which relays only for whoever logs in."""
    if not Postfix.is_there():
        missing(INSTALL_POSTFIX)
    with postfix_with_tokens(tmp_path, dovecot) as running:
        yield running


def inbox(port: int, given: Tokens) -> Account:
    return Account("127.0.0.1", port, "none", USER, tokens=given)


def relay(port: int, given: Tokens | None) -> Connection:
    opened = Connection(Relay("default", "127.0.0.1", port, "none", tokens=given), USER if given else "", "ackbot.test")
    OPENED.append(opened)
    return opened


def send(connection: Connection) -> str:
    return connection.send(Envelope(USER, "edward@resident.example", len(MAIL)), lambda: [MAIL], lambda: True)


def test_reading_and_sending(dovecot: Dovecot, postfix: Postfix, tokens: TokenServer, given: Tokens) -> None:
    """One token of two thousand characters opens Dovecot and Postfix, by XOAUTH2 and by OAUTHBEARER."""
    dovecot.append("housing", letter())
    box = Mailbox(inbox(dovecot.port, given))
    box.select("INBOX")
    uids = box.uids_after(0)
    box.close()
    connection = relay(postfix.port, given)
    reply = send(connection)

    assert (len(uids), reply[:9]) == (1, "250 2.0.0")
    assert len(tokens.forms) == 1
    with pytest.raises(smtp.Refused):  # and without a login it relays nothing
        send(relay(postfix.port, None))


def test_tokens_that_end_all_the_time(dovecot: Dovecot, postfix: Postfix, tokens: TokenServer, given: Tokens) -> None:
    """D17: a token that the servers no longer take is replaced by one fresh one, each time, and nobody notices."""
    for number in range(1, 16):
        box = Mailbox(inbox(dovecot.port, given))
        box.select("INBOX")
        box.close()
        connection = relay(postfix.port, given)
        assert send(connection).startswith("250")
        connection.close()
        assert len(tokens.forms) == number
        tokens.now_s += tokens.life_s


def test_a_mailbox_that_is_not_ours(dovecot: Dovecot, postfix: Postfix, tokens: TokenServer, given: Tokens) -> None:
    """D17, D18: a fresh token is refused too: one more try, and then words; the server's reason among them."""
    tokens.mailbox = "streets@northgate.example"
    with pytest.raises(LoginRefused, match="compare scope, client and mailbox"):
        Mailbox(inbox(dovecot.port, given))
    assert len(tokens.forms) == 2
    with pytest.raises(NotReached, match=r"535 5\.7\.8 .*; it takes no token of this \[oauth\]"):
        send(relay(postfix.port, given))

    assert len(tokens.forms) == 3


def break_connections(dovecot: Dovecot) -> None:
    """End the processes that serve a mailbox each; the server goes on."""
    assert dovecot._process is not None
    for child in psutil.Process(dovecot._process.pid).children():
        if child.name() == "imap":
            child.kill()


def council(tmp_path: Path, dovecot: Dovecot, sink: Sink, tokens: TokenServer) -> Runtime:
    """A daemon: two inboxes with one grant, and a third with a password."""
    oauth_of = '\npassword_env = "ACKBOT_TEST_PASSWORD"\n'
    changes = [
        (f'username = "{name}@northgate.example"{oauth_of}', f'username = "{name}@northgate.example"\noauth = "m365"\n')
        for name in ("housing", "streets")
    ]
    table = (
        f'[oauth.m365]\ntoken_url = "{tokens.url("/token")}"\nclient_id = "0f1e"\nsecret_expires = 2099-01-01\n'
        f'client_secret_file = "client-secret"\nca_file = "{tokens.ca}"\n'
    )
    config = load(configured(tmp_path, dovecot.port, sink.port, *changes, ("# end", table)))
    db = open_database(config.store_url, exclusive=True)
    db.migrate()
    return Runtime(config, db, "test", lambda: datetime.now(UTC))


TROUBLES: dict[str, tuple[Callable[[TokenServer, Path], object], Callable[[TokenServer, Path], object], str]] = {
    "a revoked grant": (
        lambda server, _: setattr(server, "problem", (400, refusal("AADSTS7000112: Application is disabled."))),
        lambda server, _: setattr(server, "problem", None),
        "oauth.m365: AADSTS7000112: the app is switched off: run `az ad sp update --id 0f1e --set accountEnabled=true`",
    ),
    "a rotated secret": (
        lambda server, _: setattr(server, "secret", "second secret"),
        lambda _, folder: (folder / "client-secret").write_text("second secret"),
        "oauth.m365: AADSTS7000215: the client secret is wrong",
    ),
}


@pytest.mark.parametrize("dovecot", ["oauthbearer"], indirect=True)
@pytest.mark.parametrize(("breaks", "mends", "words"), TROUBLES.values(), ids=TROUBLES)
def test_other_inboxes_go_on(
    dovecot: Dovecot,
    sink: Sink,
    tokens: TokenServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[TokenServer, Path], object],
    mends: Callable[[TokenServer, Path], object],
    words: str,
) -> None:
    """D17: other inboxes go on, the admin is told once for both inboxes with the code, and all is well again without a restart."""
    without_waits(monkeypatch)
    monkeypatch.setattr(oauth, "AGAIN_S", 0.05)
    runtime = council(tmp_path, dovecot, sink, tokens)
    db = runtime._db
    states = lambda: {one["inbox"]: one["state"] for one in inboxes.states(db)}  # noqa: E731
    told = lambda: [mail for mail in sink.mails if b"cannot sign in" in mail.content]  # noqa: E731
    tokens.mailbox = USER
    runtime.start()
    try:
        assert until_true(lambda: states().get("housing") == states().get("dana") == "watching")
        breaks(tokens, tmp_path)
        tokens.now_s += tokens.life_s
        break_connections(dovecot)
        assert until_true(
            lambda: (
                [states().get(name) for name in ("housing", "streets", "dana")] == ["stopped", "stopped", "watching"]
            )
        )
        asked = len(tokens.forms)
        assert until_true(lambda: len(tokens.forms) > asked + 3)  # again and again
        dovecot.append("dana", letter(to="dana@northgate.example", message_id="<d@resident.example>"))
        assert until_true(lambda: db.run("SELECT 1 FROM letters"))
        mends(tokens, tmp_path)
        assert until_true(lambda: states()["housing"] == "watching")
        dovecot.append("housing", letter())
        assert until_true(lambda: len(db.run("SELECT 1 FROM letters")) == 2)
        assert until_true(told)
    finally:
        assert runtime.end(30)
        shown = told()
        db.close()

    assert len(shown) == 1
    assert words in " ".join(shown[0].content.decode().replace("=\r\n", "").replace("=60", "`").split())


@pytest.mark.parametrize("dovecot", ["xoauth2 oauthbearer"], indirect=True)
def test_the_daemon_itself(dovecot: Dovecot, postfix: Postfix, tokens: TokenServer, tmp_path: Path) -> None:
    """
    Three inboxes of a service account read and send while their tokens end again and again; D17: the admin hears nothing of it.

    P11: neither log, store, `status` nor `show` has a token or the key.
    """
    file, _ = account(tmp_path)
    changes = [
        (
            f'username = "{name}@northgate.example"\npassword_env = "ACKBOT_TEST_PASSWORD"\n',
            f'username = "{name}@northgate.example"\noauth = "google"\n',
        )
        for name in ("housing", "streets", "dana")
    ]
    table = f'[oauth.google]\ngrant = "google"\ntoken_url = "{tokens.url("/token")}"\nclient_secret_file = "{file}"\nca_file = "{tokens.ca}"\n'
    relay = ("# smtp", 'oauth = "google"\nlogin_as = "inbox"')
    config = configured(tmp_path, dovecot.port, postfix.port, *changes, relay, ("# end", table))
    command = [sys.executable, "-m", "ackbot.cli", "-c", str(config)]
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        for number, name in enumerate(("housing", "streets", "housing"), 1):
            tokens.now_s += tokens.life_s
            break_connections(dovecot)
            ackbot.wait_for_log('"watching"', 3 + 3 * number)
            writer = f"Resident {number} <r{number}@resident.example>"
            mail = letter(writer, f"{name}@northgate.example", f"Matter {number}", message_id=f"<{number}@r.example>")
            dovecot.append(name, mail)
            ackbot.wait_for_log('"sent"', 2 * number)
        shown = run([*command, "status"]).stdout + run([*command, "show", "r1@resident.example"]).stdout
    residents = [f"r{number}" for number in (1, 2, 3)]
    assert until_true(lambda: all(len(dovecot.mails(one)) == 1 for one in residents))
    senders = [parsed(dovecot.mails(one)[0])["From"].addresses[0].addr_spec.partition("@")[0] for one in residents]
    kept = shown.encode() + ackbot.log.read_bytes() + (tmp_path / "ackbot.db").read_bytes()

    assert senders == ["housing", "streets", "housing"]
    assert dovecot.mails("admins") == []
    assert len(tokens.ends) >= 8
    assert [token for token in tokens.ends if token.encode() in kept] == []
    assert b"PRIVATE KEY" not in kept


class Exchange(BadImap):
    """Takes a token's line as an answer to AUTHENTICATE; says OK or NO, and what follows to a SELECT."""

    def __init__(self, *, accepts: bool) -> None:
        super().__init__(
            capabilities="IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE"
        )
        self.accepts = accepts
        self.logins: list[str] = []
        self._tag = ""

    def usual(self, tag: str, command: str) -> bytes:
        """See BadImap.usual."""
        if command.upper().startswith("AUTHENTICATE"):
            self._tag = tag
            return b"+ \r\n"
        if not command:
            self.logins.append(b64decode(tag).decode())
            said = "OK AUTHENTICATE completed." if self.accepts else "NO AUTHENTICATE failed."
            return f"{self._tag} {said}\r\n".encode()
        if command.upper().startswith("EXAMINE"):
            return f"{tag} BAD User is authenticated but not connected.\r\n".encode()
        return super().usual(tag, command)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "https://graph.microsoft.com", "roles": ["Mail.Send"]}, "set scope ="),
        ({"aud": OUTLOOK, "roles": ["SMTP.SendAsApp"]}, "has no IMAP.AccessAsApp"),
        ({"aud": OUTLOOK, "roles": ["IMAP.AccessAsApp"]}, f"`Add-MailboxPermission -Identity {USER} -User OBJECT"),
        (
            {"aud": OUTLOOK, "scp": "IMAP.AccessAsUser.All", "upn": "it@northgate.example"},
            "it@northgate.example signed in",
        ),
    ],
)
def test_exchange_refuses_a_token(tokens: TokenServer, given: Tokens, claims: dict[str, object], words: str) -> None:
    """D18: Exchange says the same to each of these; the token itself tells which it is."""
    tokens.made = lambda number: token_of(**claims, n=number)
    with Exchange(accepts=False) as server, pytest.raises(LoginRefused) as refused:
        Mailbox(inbox(server.port, given))

    assert words in str(refused.value)
    assert [one.split("\1")[0] for one in server.logins] == [f"user={USER}"] * 2
    assert len(set(server.logins)) == 2  # the second token was a fresh one


def test_authenticated_but_not_connected(given: Tokens) -> None:
    """D18: the login is good and the mailbox does not open: other words than of a refused login."""
    with Exchange(accepts=True) as server:
        box = Mailbox(inbox(server.port, given))
        with pytest.raises(ImapProblem, match="Exchange accepts the login and does not open the mailbox"):
            box.select("INBOX")
        box.close()


def test_servers_that_take_no_tokens(given: Tokens) -> None:
    """The admin reads what the server takes instead."""
    with BadImap(capabilities="IMAP4rev1 AUTH=PLAIN") as server, pytest.raises(LoginRefused, match="only AUTH=PLAIN"):
        Mailbox(inbox(server.port, given))
    with BadSmtp(features=("AUTH LOGIN",)) as server, pytest.raises(NotReached, match="takes no tokens, only LOGIN"):
        send(relay(server.port, given))


def test_no_token_at_all(tokens: TokenServer, given: Tokens) -> None:
    """D17: without a token neither server is spoken of; an outage of the token server is not the admin's to mend."""
    tokens.problem = (401, refusal("AADSTS7000222: expired"))
    with BadImap(capabilities="IMAP4rev1 AUTH=XOAUTH2") as server:
        with pytest.raises(NoToken, match="AADSTS7000222") as refused:
            Mailbox(inbox(server.port, given))
        tokens.problem = (503, {})
        again = of(tokens, Path(given.grant.secret_file).parent)
        with pytest.raises(ImapProblem, match="answers 503") as away:
            Mailbox(inbox(server.port, again))
    with BadSmtp(features=("AUTH XOAUTH2",)) as server, pytest.raises(smtp.NoToken) as unsent:
        send(relay(server.port, again))

    assert (refused.value.ids["oauth"], away.value.passing, unsent.value.ids["oauth"]) == ("m365", True, "m365")


class Smtp365(BadSmtp):
    """A relay that takes tokens until a test says otherwise."""

    def __init__(self, features: tuple[str, ...] = ("PIPELINING", "AUTH LOGIN XOAUTH2")) -> None:
        super().__init__(self._answers, features)
        self.refuses = ""  # the reply to a login
        self.mail = ""  # the reply to MAIL, once
        self.dot = ""
        self.tokens: list[str] = []

    def _answers(self, what: str, line: str) -> str | None:
        if what == "AUTH":
            return "334 "
        if what == "MAIL":
            reply, self.mail = self.mail, ""
            return reply or None
        if what == "DOT":
            return self.dot or None
        try:
            said = b64decode(line, validate=True).decode()
        except ValueError:
            return None
        if said.startswith("user="):
            self.tokens.append(said)
            return self.refuses or "235 2.7.0 Authentication successful"
        return None


@pytest.mark.parametrize("features", [("PIPELINING", "AUTH LOGIN XOAUTH2"), ("AUTH XOAUTH2",)])
@pytest.mark.parametrize(
    "reply", ["530 5.7.57 Client not authenticated to send mail", "535 5.7.3 Authentication unsuccessful"]
)
def test_a_token_that_ends_in_mid_connection(given: Tokens, features: tuple[str, ...], reply: str) -> None:
    """D17: a kept connection whose login ends gets one fresh token, and the mail goes out once."""
    with Smtp365(features) as server:
        connection = relay(server.port, given)
        send(connection)
        server.mail = reply
        assert send(connection).startswith("250")
        connection.close()

    assert len(server.mails) == 2
    assert (server.connections, len(set(server.tokens))) == (2, 2)


def test_a_login_that_ends_again_and_again(given: Tokens) -> None:
    """D17: one fresh token, not more; then the admin hears."""
    with Smtp365() as server:
        server.mail = "530 5.7.57 Client not authenticated to send mail"
        with pytest.raises(RelayTrouble, match=r"^530 5\.7\.57 .*compare scope, client and mailbox"):
            send(relay(server.port, given))

    assert (server.mails, server.connections) == ([], 1)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            "535 5.7.3 Authentication unsuccessful",
            f"`Set-CASMailbox -Identity {USER} -SmtpClientAuthenticationDisabled $false`",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            'the tenant has SMTP logins switched off: send with via = "graph"',
        ),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "Microsoft takes no passwords"),
        ("535 5.7.8 Username and Password not accepted", "compare scope, client and mailbox"),
    ],
)
def test_relays_that_refuse_a_token(tokens: TokenServer, given: Tokens, reply: str, words: str) -> None:
    """D18: SMTP switched off for the mailbox or for the tenant, and a wrong login, are different things to mend."""
    with Smtp365() as server:
        server.refuses = reply
        with pytest.raises(NotReached) as refused:
            send(relay(server.port, given))

    assert refused.value.reply.startswith(reply[:9])
    assert words in refused.value.reply
    assert len(tokens.forms) == 2


@pytest.mark.parametrize(
    "reply",
    [
        "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; secret@resident.example",
        "554 5.2.252 SendAsDenied; ackbot@northgate.example not allowed to send as secret@resident.example",
    ],
)
def test_send_as_denied(given: Tokens, reply: str) -> None:
    """D18, P11: the mail waits, and the admin is told how to permit it, without the words of the reply."""
    with Smtp365() as server:
        server.dot = reply
        with pytest.raises(smtp.RefusedAfterData) as refused:
            send(relay(server.port, given))
    told = smtp.told_of(refused.value.reply, USER)

    with Smtp365() as server:
        server.mail = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
        with pytest.raises(RelayTrouble) as before:
            send(relay(server.port, given))

    assert "Add-RecipientPermission INBOX" in smtp.advised(before.value.reply, USER)
    assert told.startswith(reply[:9])
    assert (
        f'set login_as = "inbox", or run `Add-RecipientPermission INBOX -AccessRights SendAs -Trustee {USER}`' in told
    )
    assert "secret" not in told
