"""Tokens: fetched over TLS, kept, renewed ahead, shared by threads, never told; and a refusal that an admin can act on."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ackbot.wires import oauth, token_words, web
from ackbot.wires.oauth import AGAIN_S, Bearer, Grant, GrantRefused, TokenProblem, Tokens
from ackbot.wires.secrets import Password
from tests.support.tokens import HttpsServer, Reply, TokenServer, certificate, client_certificate, refusal


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[TokenServer]:
    """A token server whose secret is in the file that `tokens` reads."""
    with TokenServer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """The clock of `tokens`."""
    return Clock()


@pytest.fixture
def tokens(server: TokenServer, clock: Clock, tmp_path: Path) -> Tokens:
    """The tokens of a client with a secret."""
    (tmp_path / "secret").write_text(f"{server.secret}\n")
    return Tokens(grant(server, tmp_path), clock)


def grant(server: HttpsServer, folder: Path, **changes: Any) -> Grant:
    """A client with the secret in a file."""
    file = folder / "secret"
    usual: dict[str, Any] = {
        "name": "m365",
        "kind": "client-credentials",
        "token_url": server.url("/token"),
        "client_id": "0f1e-client",
        "secret": Password(file),
        "secret_file": str(file),
        "scope": token_words.OUTLOOK,
        "device_url": server.url("/devicecode"),
        "ca_file": server.ca,
    }
    return Grant(**{**usual, **changes})


def test_client_credentials(server: TokenServer, tokens: Tokens) -> None:
    """domain.md §6.1: the form of RFC 6749 §4.4.2, over TLS with an authority of one's own."""
    token = tokens.token("housing@northgate.example")

    assert token == server.made(1)
    assert server.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "0f1e-client",
            "client_secret": "first secret",
            "scope": "https://outlook.office365.com/.default",
        }
    ]


def test_many_threads_ask_once(server: TokenServer, tokens: Tokens) -> None:
    """Fifty inboxes that start together make one request; so do fifty whose token was refused."""
    met = threading.Barrier(50)
    got: list[str] = []

    def ask(refused: str) -> None:
        met.wait()
        got.append(tokens.token("a@northgate.example", refused=refused))

    for refused in ("", server.made(1)):
        threads = [threading.Thread(target=ask, args=(refused,)) for _ in range(50)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    assert got == [server.made(1)] * 50 + [server.made(2)] * 50
    assert len(server.forms) == 2


@pytest.mark.parametrize(("life_s", "renewed_s"), [(3_600, 3_300), (20, 15), (600, 450)])
def test_renewed_ahead_of_its_end(
    server: TokenServer, tokens: Tokens, clock: Clock, life_s: int, renewed_s: int
) -> None:
    """domain.md §6.1: five minutes before the end; a short token in its last quarter."""
    server.life_s = life_s
    tokens.token()
    clock.now += renewed_s - 1
    assert tokens.token() == server.made(1)
    clock.now += 1

    assert tokens.token() == server.made(2)


def test_while_one_renews_others_keep_the_old(server: TokenServer, tokens: Tokens, clock: Clock) -> None:
    """A slow token server delays the one thread that asks it, and no other, until the old token ends."""
    tokens.token()
    clock.now += 3_400
    asked, answer = threading.Event(), threading.Event()
    server.hold = lambda: (asked.set(), answer.wait(60))
    got: list[str] = []
    renewing = threading.Thread(target=lambda: got.append(tokens.token()))
    renewing.start()
    assert asked.wait(60)
    meanwhile = tokens.token()
    answer.set()
    renewing.join()

    assert (meanwhile, got) == (server.made(1), [server.made(2)])


def test_a_server_that_is_away(server: TokenServer, tokens: Tokens, clock: Clock) -> None:
    """The old token serves until its end, nobody asks more often than every AGAIN_S, and it is well again by itself (D17)."""
    tokens.token()
    server.problem = (503, {})
    clock.now += 3_400
    assert [tokens.token(), tokens.token()] == [server.made(1)] * 2
    assert len(server.forms) == 2
    clock.now += 200
    for _ in range(3):
        with pytest.raises(TokenProblem, match=r"oauth\.m365: the token server answers 503; it is asked again"):
            tokens.token()
    assert len(server.forms) == 3
    server.problem = None
    clock.now += AGAIN_S

    assert tokens.token() == server.made(4)


def test_a_rotated_secret(server: TokenServer, tokens: Tokens, clock: Clock, tmp_path: Path) -> None:
    """D17: a new secret at the server is refused with its code and the command; a new one in the file is taken, no restart."""
    tokens.token()
    server.secret = "second secret"
    clock.now += 3_600
    with pytest.raises(GrantRefused) as refused:
        tokens.token()
    (tmp_path / "secret").write_text("second secret\n")
    clock.now += AGAIN_S

    assert "AADSTS7000215: the client secret is wrong" in str(refused.value)
    assert f"`az ad app credential reset --id 0f1e-client --append`, and write its value into {tmp_path}/secret" in str(
        refused.value
    )
    assert (refused.value.passing, refused.value.ids) == (False, {"oauth": "m365"})
    assert tokens.token() == server.made(3)


REFUSALS = {
    "AADSTS7000222: The provided client secret keys for app are expired.": "the client secret has expired: make a new one",
    "AADSTS700016: Application with identifier was not found": "az account show --query tenantId",
    "AADSTS90002: Tenant 'x' not found.": "there is no such tenant: mend token_url",
    "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered": "--cert @",
    "AADSTS1002012: The provided value for scope is not valid.": 'set scope = "https://outlook.office365.com/.default"',
    "AADSTS500011: The resource principal named x was not found": "the tenant does not know what scope names",
    "AADSTS65001: The user or administrator has not consented": "az ad app permission admin-consent --id 0f1e-client",
    "AADSTS7000112: Application is disabled.": "--set accountEnabled=true",
    "AADSTS53003: Access has been blocked by Conditional Access policies.": "Conditional Access",
    "AADSTS7000218: The request body must contain client_assertion or client_secret": "--is-fallback-public-client true",
    "AADSTS1: nobody knows this one": "AADSTS",
}


@pytest.mark.parametrize(("description", "words"), REFUSALS.items(), ids=lambda one: one[:14])
def test_refusals_in_words(server: TokenServer, tokens: Tokens, description: str, words: str) -> None:
    """D17, D18: each code has words of its own with what to do; what the server says itself is not repeated."""
    server.problem = (401, refusal(description))
    with pytest.raises(GrantRefused) as refused:
        tokens.token()

    assert words in str(refused.value) or description.startswith("AADSTS1:")
    assert description.split(" ", 1)[1] not in str(refused.value)


def test_every_code_has_words_of_its_own() -> None:
    """D18: no name in a sentence is left open, whatever the grant."""
    names = {"client_id": "c", "file": "f", "scope": "s"}
    for code in token_words._AADSTS:
        said, _ = token_words.refused({"error": "e", "error_description": f"AADSTS{code}: x"}, "device", **names)
        assert said.startswith(f"AADSTS{code}: ") and "{" not in said
    for kind in ("google", "device", "client-credentials"):
        for error in token_words._ERRORS:
            assert "{" not in token_words.refused({"error": error}, kind, **names)[0]


ANSWERS: dict[str, Reply] = {
    "no JSON": (200, b"<html>"),
    "no token": (200, {"token_type": "Bearer"}),
    "a token that is no text": (200, {"access_token": 7}),
    "a token that would break the login": (200, {"access_token": "a\x01auth=Bearer b"}),
    "a redirect": (302, {}, {"Location": "https://elsewhere.example/"}),
    "hangs up": "DROP",
    "too long": (200, {"access_token": "x" * 5_000_000}),
    "an odd error": (400, {"error": {"code": 7}}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_none(server: TokenServer, tokens: Tokens, answer: Reply) -> None:
    """Whatever a token server sends is a token, or a problem with words."""
    server.problem = answer
    with pytest.raises(TokenProblem, match=r"^oauth\.m365: "):
        tokens.token()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/token", "file:///etc/passwd", "data:,x", "https:///token", ""]
)
def test_https_only(server: TokenServer, tokens: Tokens, url: str) -> None:
    """D16: a secret goes nowhere but over TLS, not even to this machine."""
    plain = Tokens(replace(tokens.grant, token_url=url.format(port=server.port)))
    with pytest.raises(GrantRefused, match="must begin with https://"):
        plain.token()

    assert server.forms == []


def test_a_certificate_nobody_trusts(server: TokenServer, tokens: Tokens, tmp_path: Path) -> None:
    """D16: no fallback past a certificate; an authority that cannot be read is said."""
    with pytest.raises(GrantRefused, match=r"TLS failed: unable to get local issuer certificate"):
        Tokens(replace(tokens.grant, ca_file=None)).token()
    with pytest.raises(GrantRefused, match="is not a file of certificates"):
        Tokens(replace(tokens.grant, ca_file=tmp_path / "secret")).token()

    assert server.forms == []


def test_nothing_secret_is_told(server: TokenServer, tokens: Tokens, tmp_path: Path) -> None:
    """P11: neither secret nor token is in a repr, a problem or its causes, though the server repeats the secret."""
    shown = [repr(tokens), repr(tokens.grant)]
    token = tokens.token()
    shown += [repr(tokens), repr(vars(tokens))]
    server.problem = (401, refusal(f"AADSTS7000215: {server.secret} {token}", f"{server.secret} is wrong"))
    with pytest.raises(GrantRefused) as refused:
        tokens.token(refused=token)
    error: BaseException | None = refused.value
    while error is not None:
        shown += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__
    bearer = Bearer("XOAUTH2", "u", token, "h", 1)
    bearer()
    bearer(f'{{"status":"401","token":"{token}"}}'.encode())

    assert not [
        one for one in [*shown, bearer.said] if token in one or "first secret" in one.replace(str(tmp_path), "")
    ]


def test_a_certificate_instead_of_a_secret(server: TokenServer, tmp_path: Path) -> None:
    """domain.md §6.1: an assertion that the certificate signs (RFC 7523), with its thumbprint; PS256 as Microsoft wants."""
    file = client_certificate(tmp_path)
    Tokens(grant(server, tmp_path, certificate=file, secret=Password(), secret_file="")).token()
    form = server.forms[0]
    own = x509.load_pem_x509_certificate(file.read_bytes())
    said = jwt.decode(
        form["client_assertion"],
        own.public_key(),
        algorithms=["PS256"],
        audience=server.url("/token"),  # type: ignore[arg-type]
    )

    assert "client_secret" not in form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert (said["iss"], said["sub"]) == ("0f1e-client", "0f1e-client")
    thumbprint = sha256(own.public_bytes(serialization.Encoding.DER)).digest()
    head = jwt.get_unverified_header(form["client_assertion"])
    assert head["x5t#S256"] == urlsafe_b64encode(thumbprint).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_certificate_that_is_none(server: TokenServer, tmp_path: Path, content: bytes) -> None:
    """P10: a file that cannot sign is named, and nothing of it is shown."""
    (tmp_path / "bad.pem").write_bytes(content)
    with pytest.raises(GrantRefused, match=r"bad\.pem does not hold a certificate with its key") as refused:
        Tokens(grant(server, tmp_path, certificate=tmp_path / "bad.pem")).token()

    assert "AAAA" not in str(refused.value)


def test_when_a_certificate_ends(tmp_path: Path) -> None:
    """domain.md §6.1: a certificate tells its own last day."""
    end = datetime(2027, 6, 30, 12, tzinfo=UTC)

    assert oauth.expires_on(client_certificate(tmp_path, end)) == end.date()
    assert oauth.expires_on(tmp_path / "none.pem") is None


def account(tmp_path: Path) -> tuple[Path, Any]:
    """A Google service account's key file, and the public key."""
    key, own = certificate(None, "account", datetime.now(UTC) + timedelta(days=9))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    file = tmp_path / "account.json"
    told = {"client_email": "ackbot@p.iam.gserviceaccount.example", "private_key": pem, "private_key_id": "k1"}
    file.write_text(json.dumps(told, indent=1))
    return file, own.public_key()


def test_google(server: TokenServer, tmp_path: Path) -> None:
    """domain.md §6.2: a service account signs for one mailbox each, so each mailbox has a token of its own."""
    file, public = account(tmp_path)
    own = grant(
        server, tmp_path, kind="google", secret=Password(file), secret_file=str(file), scope="https://mail.google.com/"
    )
    tokens = Tokens(own)
    got = [tokens.token(one) for one in ("housing@northgate.example", "streets@northgate.example")]
    again = tokens.token("housing@northgate.example")
    said = [
        jwt.decode(form["assertion"], public, algorithms=["RS256"], audience=server.url("/token"))
        for form in server.forms
    ]

    assert [one["sub"] for one in said] == ["housing@northgate.example", "streets@northgate.example"]
    assert {(one["iss"], one["scope"]) for one in said} == {
        ("ackbot@p.iam.gserviceaccount.example", "https://mail.google.com/")
    }
    assert server.forms[0]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert (len(set(got)), again) == (2, got[0])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("unauthorized_client", "Domain-wide delegation add the client ID of the service account with the scope"),
        ("invalid_grant", "`username` must be a mailbox of this Workspace"),
    ],
)
def test_google_refuses(server: TokenServer, tmp_path: Path, error: str, words: str) -> None:
    """D18: Google's refusals mean other things than Microsoft's."""
    file, _ = account(tmp_path)
    server.problem = (400, {"error": error, "error_description": "Invalid email or User ID"})
    with pytest.raises(GrantRefused, match=words):
        Tokens(grant(server, tmp_path, kind="google", secret=Password(file), secret_file=str(file))).token(
            "x@y.example"
        )


@pytest.mark.parametrize(
    "content", ["not JSON", "[]", '{"client_email": "x"}', '{"client_email": "x", "private_key": "AAAA"}']
)
def test_a_google_key_that_is_none(server: TokenServer, tmp_path: Path, content: str) -> None:
    """P10: a key file of another kind is named."""
    (tmp_path / "account.json").write_text(content)
    file = tmp_path / "account.json"
    with pytest.raises(GrantRefused, match=r"account\.json (is not the key|cannot sign)"):
        Tokens(grant(server, tmp_path, kind="google", secret=Password(file), secret_file=str(file))).token(
            "x@y.example"
        )


class DeviceServer(TokenServer):
    """A token server at which a person signs in on another screen after `pending` questions."""

    pending = 2
    good = "refresh-1"

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """See HttpsServer.answer."""
        if path == "/devicecode":
            return 200, {
                "device_code": "long-code",
                "user_code": "ABC-123",
                "verification_uri": "https://login.example/device",
                "interval": 5,
                "expires_in": 900,
            }
        if b"device_code=long-code" in body:
            self.pending -= 1
            if self.pending >= 0:
                return 400, {"error": ("authorization_pending", "slow_down")[self.pending % 2]}
            return 200, {"access_token": "t", "refresh_token": self.good}
        if f"refresh_token={self.good}".encode() not in body:
            return 400, refusal("AADSTS50173: The provided grant has expired due to it being revoked", "invalid_grant")
        status, told = super().answer(method, path, body, headers)  # type: ignore[misc]
        self.good = "refresh-2"
        return status, {**told, "refresh_token": self.good}


def test_a_person_signs_in_once(tmp_path: Path) -> None:
    """RFC 8628: a code to type, waiting as the server says, the refresh token kept for this user alone and replaced by new ones."""
    file = tmp_path / "signed-in"
    waited: list[float] = []
    with DeviceServer() as server:
        clock = Clock()
        tokens = Tokens(grant(server, tmp_path, kind="device", secret=Password(), token_file=file), clock)
        with pytest.raises(GrantRefused, match=r"nobody has signed in yet: sign in again: run `ackbot check --online`"):
            tokens.token()
        device = tokens.device_code()
        tokens.signed_in(device, waited.append)
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("refresh-1\n", 0o600)
        token = tokens.token()
        assert file.read_text() == "refresh-2\n"
        server.good = "revoked"
        with pytest.raises(GrantRefused, match=r"AADSTS50173: the grant was revoked.* run `ackbot check --online`"):
            tokens.token(refused=token)

    assert (device.user_code, device.url) == ("ABC-123", "https://login.example/device")
    assert waited == [5.0, 10.0, 10.0]
    assert "long-code" not in repr(device)


def test_nobody_signs_in(tmp_path: Path) -> None:
    """RFC 8628 §3.5: the code ends, and that is said."""
    with DeviceServer() as server:
        server.pending = 10_000
        tokens = Tokens(grant(server, tmp_path, kind="device", secret=Password(), token_file=tmp_path / "none"))
        with pytest.raises(GrantRefused, match="nobody signed in while the code was good"):
            tokens.signed_in(tokens.device_code(), lambda _: None)


def test_what_a_login_says() -> None:
    """RFC 7628 §3.1 and Google's XOAUTH2: the words, and the answer to a refusal's challenge."""
    xoauth2 = Bearer("XOAUTH2", "h@n.example", "tok", "imap.example", 993)
    oauthbearer = Bearer("OAUTHBEARER", "a=b,c@n.example", "tok", "imap.example", 993)

    assert [xoauth2(b""), xoauth2(b'{"status":"400"}')] == ["user=h@n.example\1auth=Bearer tok\1\1", ""]
    assert [oauthbearer(b""), oauthbearer(b'{"status":"invalid_token"}')] == [
        "n,a=a=3Db=2Cc@n.example,\1host=imap.example\1port=993\1auth=Bearer tok\1\1",
        "\1",
    ]
    assert xoauth2.said == '{"status":"400"}'


def token_of(**claims: Any) -> str:
    """A token of Microsoft's with these claims; its signature is nobody's business here."""
    return jwt.encode({"iss": "https://sts.windows.net/x/", **claims}, "k" * 32, algorithm="HS256")


OUTLOOK = "https://outlook.office365.com"
LOGINS = {
    "wrong scope": (
        token_of(aud="https://graph.microsoft.com", roles=["Mail.Read"]),
        'set scope = "https://outlook.office',
    ),
    "app-only, no role": (
        token_of(aud=OUTLOOK, roles=["POP.AccessAsApp"]),
        "has no IMAP.AccessAsApp (it has POP.AccessAsApp)",
    ),
    "app-only, no role at all": (token_of(aud=OUTLOOK), "has no IMAP.AccessAsApp (it has no role)"),
    "app-only, not this mailbox": (token_of(aud=OUTLOOK, roles=["IMAP.AccessAsApp"]), "-ObjectId OBJECT"),
    "somebody else's": (
        token_of(aud=OUTLOOK, scp="IMAP.AccessAsUser.All", upn="it@n.example"),
        "-Identity h@n.example -User it@n.example -AccessRights FullAccess",
    ),
    "without the scope": (
        token_of(aud=OUTLOOK, scp="User.Read", upn="h@n.example"),
        "the token has no IMAP.AccessAsUser.All",
    ),
    "not Microsoft's": ("ya29.opaque", "it takes no token of this [oauth] for h@n.example"),
    "no JWT": ("a.b.c", "it takes no token of this [oauth] for h@n.example"),
}


@pytest.mark.parametrize(("token", "words"), LOGINS.values(), ids=LOGINS)
def test_refused_logins_in_words(token: str, words: str) -> None:
    """D18: wrong scope, shared mailbox and app-only tokens give distinct messages, from what the token says of itself."""
    said = {token_words.login_refused(one, "h@n.example", "c", "IMAP") for one, _ in LOGINS.values()}

    assert words in token_words.login_refused(token, "h@n.example", "c", "IMAP")
    assert len(said) == 7  # the last two mean the same


def test_a_question_that_never_left(tmp_path: Path) -> None:
    """Whoever sends something by HTTPS must know whether it arrived: no connection is another problem than no answer."""

    class Silent(HttpsServer):
        def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
            return "DROP"

    with Silent() as server:
        with pytest.raises(web.WebProblem) as unread:
            web.ask("POST", server.url("/x"), body=b"x", ca_file=server.ca)
        url, ca = server.url("/x"), server.ca
    with pytest.raises(web.NotAsked):
        web.ask("POST", url, body=b"x", ca_file=ca)

    assert not isinstance(unread.value, web.NotAsked)
