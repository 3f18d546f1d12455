"""HTTPS to the services that a council names. Never in plaintext, never past a certificate (D16); bounded in octets and time."""

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ackbot.errors import AckbotError
from ackbot.wires import tls

_TIMEOUT_S = 20.0  # to connect, and for each read
_WHOLE_S = 60.0  # for a whole answer
_MOST = 4_000_000  # octets of an answer


class WebProblem(AckbotError):
    """A service gave no answer. Nothing is known of what it did with the question."""

    passing = True


class NotAsked(WebProblem):
    """The service cannot be reached, so it never saw the question."""


class NotTrusted(NotAsked):
    """TLS failed or is not asked for. We never fall back to plaintext (D16)."""

    passing = False


@dataclass(frozen=True)
class Answer:
    """
    What a service answered.

    Args:
        headers: by name in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def table(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def retry_after_s(self) -> float | None:
        """The seconds of `Retry-After` (RFC 9110 §10.2.3), at most an hour; None without, or if it is a date."""
        told = self.headers.get("retry-after", "").strip()
        return min(3_600.0, float(told)) if told.isascii() and told.isdigit() else None


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    ca_file: Path | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> Answer:
    """
    Ask once. A redirect is an answer like any other: it is not followed, so that no secret goes elsewhere.

    Args:
        timeout_s: seconds to connect, and for each read.

    Raises:
        NotTrusted, NotAsked: the service did not get the whole question.
        WebProblem: it got the question, and its answer was not read.
    """
    split = urlsplit(url)
    host = split.hostname or ""
    if split.scheme != "https" or not host:
        raise NotTrusted("an address must begin with https://, and is not asked otherwise", host=host)
    where = f"{host}:{split.port or 443}"
    try:
        context = tls.context(ca_file)
    except OSError as error:
        raise NotTrusted(f"{ca_file} is not a file of certificates ({error.strerror or error})", host=host) from error
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect())
    if tls.is_loopback(host):
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
        )
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - https, see above
    until = time.monotonic() + timeout_s + _WHOLE_S
    try:
        with _opened(opener, request, timeout_s) as reply:
            return Answer(
                reply.status, {name.lower(): value for name, value in reply.headers.items()}, _read(reply, until)
            )
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, ssl.SSLError):
            told = getattr(reason, "verify_message", "") or reason.reason or reason
            raise NotTrusted(f"{where}: TLS failed: {told}", host=host) from error
        raise NotAsked(f"{where}: cannot connect: {_said(reason)}", host=host) from error
    except (OSError, http.client.HTTPException) as error:
        raise WebProblem(f"{where}: its answer was not read: {_said(error)}", host=host) from error
    except ValueError as error:  # a header or path that cannot be sent; its words may hold a secret
        raise NotAsked(f"{where}: cannot be asked: {type(error).__name__}", host=host) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: the redirect is the answer."""


def _opened(opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout_s: float) -> Any:
    try:
        return opener.open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:  # any status but 2xx; it is the answer all the same
        return error


def _read(reply: Any, until: float) -> bytes:
    pieces: list[bytes] = []
    while piece := reply.read1(65_536) if hasattr(reply, "read1") else reply.read(65_536):
        pieces.append(piece)
        if time.monotonic() > until:
            raise TimeoutError("it came too slowly")
        if sum(map(len, pieces)) > _MOST:
            raise OSError("it is too long")
    return b"".join(pieces)


def _said(error: object) -> str:
    """What went wrong, on one line of at most 200 characters."""
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
