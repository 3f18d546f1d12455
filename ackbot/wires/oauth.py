"""OAuth 2.0 tokens (RFC 6749): asked for when they are needed, kept in memory, renewed ahead of their end, never logged (P11)."""

import hashlib
import json
import os
import re
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from ackbot import extras
from ackbot.errors import AckbotError
from ackbot.wires import token_words, web
from ackbot.wires.secrets import Password, PasswordProblem, readable

AHEAD_S = 300.0  # a token is renewed so long before its end (domain.md §6.1), a short one in its last quarter
AGAIN_S = 30.0  # so long after a failure nobody asks again
_LIFE_S = 3_600.0  # of a token whose answer does not tell (RFC 6749 §5.1 recommends that it does)
_ASSERTION_S = 600  # of the assertions that we sign
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523 §2.1
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628 §3.4
_PEM = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY|CERTIFICATE)-----.+?-----END \1-----", re.DOTALL)


class TokenProblem(AckbotError):
    """There is no token now. The sentence begins with the table's name, and has the code and what to do."""

    passing = True


class GrantRefused(TokenProblem):
    """The token server refuses the grant, or the grant is not complete. An admin must act; we go on asking now and then (D17)."""

    passing = False


@dataclass(frozen=True, kw_only=True)
class Grant:
    """
    One [oauth.NAME].

    Args:
        token_url: https only.
        secret: the client secret, or Google's key file as one text; no password if there is none.
        secret_file: where the secret stands, for words to the admin; "" for none.
        certificate: a PEM file with certificate and key, which signs instead of a secret; None for none.
        scope: "" if the server needs none.
        device_url: where a device code is asked for (RFC 8628).
        token_file: where the refresh token of a device is kept; None for other grants.
    """

    name: str
    kind: Literal["client-credentials", "google", "device"]
    token_url: str
    client_id: str
    secret: Password = field(default_factory=Password)
    secret_file: str = ""
    certificate: Path | None = None
    scope: str = ""
    device_url: str = ""
    token_file: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, repr=False)
class _Token:
    """A token, with monotonic seconds from which it is renewed and at which it ends."""

    value: str
    renew_at: float
    ends_at: float


@dataclass(repr=False)
class _Held:
    """What is known of one token: of one subject and scope."""

    asking: threading.Lock = field(default_factory=threading.Lock)
    token: _Token | None = None
    problem: TokenProblem | None = None
    again_at: float = 0.0  # monotonic


@dataclass(frozen=True, repr=False)
class DeviceCode:
    """What a person must type where, and how long that may take in seconds (RFC 8628 §3.2)."""

    user_code: str
    url: str
    every_s: float
    within_s: float
    device_code: str


class Tokens:
    """
    The tokens of one grant, for all threads: however many need one at a time, the server is asked once.

    While a renewal is under way or fails, the old token serves until its end.
    """

    def __init__(self, grant: Grant, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: monotonic seconds.
        """
        self.grant = grant
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], _Held] = {}

    def __repr__(self) -> str:
        return f"Tokens({self.grant.name})"

    def token(self, username: str = "", scope: str = "", refused: str = "") -> str:
        """
        A token that is good now.

        Args:
            username: the mailbox. Google's tokens are for one mailbox each; all others are for all that the grant opens.
            scope: instead of the grant's own.
            refused: a token that a server has just refused; if it is still the one we keep, another one is asked for.

        Raises:
            GrantRefused, TokenProblem.
        """
        key = (username if self.grant.kind == "google" else "", scope or self.grant.scope)
        with self._lock:
            held = self._held.setdefault(key, _Held())
        kept = held.token
        if kept is not None and kept.value != refused and self._clock() < kept.renew_at:
            return kept.value
        good = kept is not None and kept.value != refused and self._clock() < kept.ends_at
        if not held.asking.acquire(blocking=not good):
            return kept.value if kept else ""  # another thread renews it, and it is good until then
        try:
            return self._renewed(held, key, refused)
        finally:
            held.asking.release()

    def _renewed(self, held: _Held, key: tuple[str, str], refused: str) -> str:
        """The token that another thread got meanwhile, or a new one, or the old one if it is still good."""
        kept, now = held.token, self._clock()
        if kept is not None and (kept.value == refused or now >= kept.ends_at):
            kept = held.token = None
        if kept is not None and (now < kept.renew_at or now < held.again_at):
            return kept.value
        if held.problem is not None and now < held.again_at:
            raise held.problem.with_traceback(None)
        try:
            held.token, held.problem = self._fetched(*key), None
        except TokenProblem as problem:
            held.problem, held.again_at = problem, self._clock() + AGAIN_S
            if kept is None:
                raise
            return kept.value
        return held.token.value

    def _fetched(self, subject: str, scope: str) -> _Token:
        grant = self.grant
        asked_at = self._clock()
        if grant.kind == "google":
            fields = {"grant_type": _JWT_BEARER, "assertion": self._google_assertion(subject, scope)}
        elif grant.kind == "device":
            fields = {"grant_type": "refresh_token", "refresh_token": self._refresh_token(), "scope": scope}
            fields |= {"client_id": grant.client_id, **self._client()}
        else:
            fields = {
                "grant_type": "client_credentials",
                "client_id": grant.client_id,
                "scope": scope,
                **self._client(),
            }
        told = self._asked(grant.token_url, fields)
        self._keep_refresh_token(told)
        try:
            life_s = float(str(told.get("expires_in")))  # some servers write it as text
        except ValueError:
            life_s = _LIFE_S
        value = str(told["access_token"])
        return _Token(value, asked_at + max(life_s - AHEAD_S, life_s * 0.75), asked_at + life_s)

    def _asked(self, url: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """
        The answer to a form, which has an access token.

        Raises:
            GrantRefused, TokenProblem.
        """
        answer = self._posted(url, fields)
        told = answer.table()
        value = told.get("access_token")
        if answer.status == 200 and isinstance(value, str) and value.isascii() and value.isprintable() and value:
            return told
        raise self._refusal(answer)

    def _posted(self, url: str, fields: Mapping[str, str]) -> web.Answer:
        body = urlencode({name: value for name, value in fields.items() if value}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            return web.ask("POST", url, headers=headers, body=body, ca_file=self.grant.ca_file)
        except web.NotTrusted as error:
            raise self._problem(GrantRefused, str(error)) from None
        except web.WebProblem as error:
            raise self._problem(TokenProblem, str(error)) from None

    def _refusal(self, answer: web.Answer) -> TokenProblem:
        """What an answer without a token means. Its own words are not shown: a server may repeat in them what we sent."""
        told, grant = answer.table(), self.grant
        if answer.status == 429 or answer.status >= 500:
            return self._problem(TokenProblem, f"the token server answers {answer.status}; it is asked again")
        if not told.get("error"):
            return self._problem(GrantRefused, f"the token server answers {answer.status} and no token: mend token_url")
        words, passing = token_words.refused(
            told,
            grant.kind,
            client_id=grant.client_id or "CLIENT",
            file=str(grant.certificate or grant.secret_file or "client_secret_file"),
            scope=grant.scope,
        )
        return self._problem(TokenProblem if passing else GrantRefused, words)

    def _problem(self, kind: type[TokenProblem], words: str) -> TokenProblem:
        return kind(f"oauth.{self.grant.name}: {words}", oauth=self.grant.name)

    # -- who we are ---------------------------------------------------------------------------------------------------

    def _client(self) -> dict[str, str]:
        """The fields that prove which client asks: a secret, or an assertion that its certificate signs (RFC 7523 §2.2)."""
        grant = self.grant
        if grant.certificate is None:
            return {"client_secret": self._secret()}
        key, certificate = self._pem(grant.certificate)
        thumbprint = hashlib.sha256(_der(certificate)).digest()
        now = int(time.time())
        payload = {"aud": grant.token_url, "iss": grant.client_id, "sub": grant.client_id, "jti": secrets.token_hex(16)}
        head = {"x5t#S256": urlsafe_b64encode(thumbprint).rstrip(b"=").decode()}
        assertion = self._signed({**payload, "nbf": now - 60, "exp": now + _ASSERTION_S}, key, "PS256", head)
        return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}

    def _google_assertion(self, subject: str, scope: str) -> str:
        """A service account's assertion (RFC 7523 §2.1), in the name of one mailbox."""
        try:
            file = json.loads(self._secret(whole=True))
            key, issuer, key_id = (
                str(file["private_key"]),
                str(file["client_email"]),
                str(file.get("private_key_id", "")),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._problem(
                GrantRefused, f"{self.grant.secret_file} is not the key of a service account: download it as JSON"
            ) from None
        now = int(time.time())
        payload = {
            "iss": issuer,
            "scope": scope,
            "aud": self.grant.token_url,
            "iat": now - 60,
            "exp": now + _ASSERTION_S,
        }
        if subject:
            payload["sub"] = subject
        return self._signed(payload, key.encode(), "RS256", {"kid": key_id} if key_id else {})

    def _secret(self, *, whole: bool = False) -> str:
        try:
            return self.grant.secret.read(whole=whole)
        except PasswordProblem as error:
            raise self._problem(GrantRefused, str(error)) from None

    def _pem(self, file: Path) -> tuple[bytes, bytes]:
        """The key and the first certificate of a PEM file."""
        try:
            content = readable(file).read_bytes()
        except OSError as error:
            raise self._problem(GrantRefused, f"{file} cannot be read ({error.strerror})") from None
        blocks = {found[1].rpartition(b" ")[2]: found[0] for found in reversed(list(_PEM.finditer(content)))}
        if b"KEY" not in blocks or b"CERTIFICATE" not in blocks:
            raise self._problem(GrantRefused, f"{file} does not hold a certificate with its key; put both into it")
        return blocks[b"KEY"], blocks[b"CERTIFICATE"]

    def _signed(self, payload: Mapping[str, Any], key: bytes, algorithm: str, head: Mapping[str, str]) -> str:
        try:
            import jwt
        except ImportError:
            raise self._problem(
                GrantRefused, f"signing needs one more package; run {extras.command('oauth')}"
            ) from None
        try:
            return jwt.encode(dict(payload), key, algorithm=algorithm, headers=dict(head))
        except (ValueError, TypeError, jwt.PyJWTError):  # its words may hold a part of the key
            file = self.grant.certificate or self.grant.secret_file
            raise self._problem(
                GrantRefused, f"the key in {file} cannot sign; it must be an RSA key without a password"
            ) from None

    # -- a device: a person signs in once (RFC 8628) --------------------------------------------------------------------

    def device_code(self) -> DeviceCode:
        """
        Begin to sign in. Raises TokenProblem.
        """
        fields = {"client_id": self.grant.client_id, "scope": self._offline_scope()}
        answer = self._posted(self.grant.device_url, fields)
        told = answer.table()
        try:
            return DeviceCode(
                str(told["user_code"]),
                str(told.get("verification_uri") or told["verification_url"]),
                float(told.get("interval") or 5),
                float(told.get("expires_in") or 900),
                str(told["device_code"]),
            )
        except (KeyError, ValueError, TypeError):
            raise self._refusal(answer) from None

    def signed_in(self, device: DeviceCode, wait: Callable[[float], Any]) -> None:
        """
        Wait until a person has signed in, and keep what they gave.

        Args:
            wait: waits for so many seconds.

        Raises:
            TokenProblem: nobody did in time, or the server refuses.
        """
        fields = {"grant_type": _DEVICE_CODE, "client_id": self.grant.client_id, "device_code": device.device_code}
        every_s, waited_s = device.every_s, 0.0
        while waited_s <= device.within_s:
            wait(every_s)
            waited_s += every_s
            answer = self._posted(self.grant.token_url, {**fields, **self._client()})
            told = answer.table()
            if told.get("error") == "slow_down":
                every_s += 5
            elif told.get("error") != "authorization_pending":
                if answer.status != 200 or not told.get("refresh_token"):
                    raise self._refusal(answer)
                self._keep_refresh_token(told)
                with self._lock:
                    self._held.clear()
                return
        raise self._problem(GrantRefused, "nobody signed in while the code was good; run the command again")

    def _offline_scope(self) -> str:
        """The scope with a refresh token in it, as Microsoft wants it named."""
        return " ".join(dict.fromkeys([*self.grant.scope.split(), "offline_access"]))

    def _refresh_token(self) -> str:
        file = self.grant.token_file
        try:
            kept = file.read_text(encoding="utf-8").strip() if file else ""
        except (OSError, ValueError):
            kept = ""
        if not kept:
            raise self._problem(GrantRefused, f"nobody has signed in yet: {token_words.SIGN_IN}")
        return kept

    def _keep_refresh_token(self, told: Mapping[str, Any]) -> None:
        """Keep the refresh token of an answer, if it has one, readable by this user only."""
        file, fresh = self.grant.token_file, told.get("refresh_token")
        if file is None or self.grant.kind != "device" or not isinstance(fresh, str) or not fresh:
            return
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(f"{fresh}\n")
            beside.replace(file)
        except OSError as error:
            raise self._problem(GrantRefused, f"{file} cannot be written ({error.strerror}); mend that") from None


def expires_on(certificate: Path) -> date | None:
    """The last day (UTC) of the certificate in a PEM file; None if it cannot be read, or the package for it is missing."""
    try:
        from cryptography.x509 import load_pem_x509_certificate

        found = next(
            (one[0] for one in _PEM.finditer(readable(certificate).read_bytes()) if one[1] == b"CERTIFICATE"), b""
        )
        return load_pem_x509_certificate(found).not_valid_after_utc.date()
    except (ImportError, OSError, ValueError):
        return None


def _der(certificate: bytes) -> bytes:
    import ssl

    return ssl.PEM_cert_to_DER_cert(certificate.decode("ascii", "replace"))


class Bearer:
    """
    One login with a token: XOAUTH2 (Google, Microsoft) or OAUTHBEARER (RFC 7628).

    It is called with each challenge of the server. The first answer is the token; a second challenge holds the server's
    reason, which is kept in `said` and answered so that the server ends the attempt.
    """

    def __init__(
        self, mechanism: Literal["XOAUTH2", "OAUTHBEARER"], username: str, token: str, host: str, port: int
    ) -> None:
        self.mechanism = mechanism
        self.said = ""
        self._token = token
        self._sent = False
        if mechanism == "XOAUTH2":
            self._first = f"user={username}\1auth=Bearer {token}\1\1"
        else:
            named = username.replace("=", "=3D").replace(",", "=2C")
            self._first = f"n,a={named},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"

    def __call__(self, challenge: bytes | None = None) -> str:
        """The answer to a challenge."""
        if not self._sent:
            self._sent = True
            return self._first
        self.said = (challenge or b"").decode("utf-8", "replace").replace(self._token, "…")[:200]
        return "" if self.mechanism == "XOAUTH2" else "\1"


def mechanism(offered: str) -> Literal["XOAUTH2", "OAUTHBEARER"] | None:
    """The way to log in with a token, of those that a server offers, in capitals; None if it takes no token."""
    words = offered.upper().replace("AUTH=", "").split()
    return "OAUTHBEARER" if "OAUTHBEARER" in words else "XOAUTH2" if "XOAUTH2" in words else None
