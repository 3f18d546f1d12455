"""What the council's own server found out about a sender (RFC 8601); forged results further down are not looked at."""

import re
from typing import Literal

from ackbot.mail.headers import Headers

Verdict = Literal["pass", "fail", ""]
UNKNOWN = "unknown"  # configured for Exchange Online, whose results name no server

_SERVER = re.compile(r"\s*([^\s;=]+)(?!\s*=)(?=\s|$)")
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+("?)', re.DOTALL)
_DMARC = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([\w-]+)", re.IGNORECASE)
_FAILED = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)


def dmarc(headers: Headers, authserv_id: str) -> Verdict:
    """
    The DMARC result of the trusted server; "" when it gave none, or when no server is trusted.

    Only its topmost field counts, whatever can be read of it: a damaged one passes nothing, and says fail if the words
    of a failure stand in it. Fields below it may have come with the mail.

    Args:
        authserv_id: whose results to believe; "unknown" means the topmost field that names no server.
    """
    if not authserv_id:
        return ""
    for raw in headers.raws("authentication-results"):
        if (server := _server(raw)) == authserv_id.lower():
            words = _without_comments(_QUOTED.sub(lambda quoted: '""' if quoted[1] else quoted[0], raw))
            return _verdict(words if server == UNKNOWN else words.partition(";")[2], raw)
    return ""


def servers(headers: Headers) -> tuple[str, ...]:
    """Whose results stand in a mail, the topmost first, each once; "unknown" for those that name no server."""
    return tuple(dict.fromkeys(_server(raw) for raw in headers.raws("authentication-results")))


def _server(raw: str) -> str:
    named = _SERVER.match(_without_comments(raw.partition(";")[0].replace('"', "")))
    return named[1].lower() if named else UNKNOWN


def _verdict(results: str, raw: str) -> Verdict:
    found = [match[1].lower() for piece in results.split(";") if (match := _DMARC.match(piece))]
    damaged = bool(re.search(r'[()"]', results.replace('""', "")))
    if "fail" in found or (damaged and _FAILED.search(raw)):
        return "fail"
    return "pass" if found == ["pass"] and not damaged else ""


def _without_comments(text: str) -> str:
    """Comments nest (RFC 5322 §3.2.2); each turn takes the innermost."""
    for _ in range(20):
        text, count = _COMMENT.subn(" ", text)
        if not count:
            break
    return text


def internal(headers: Headers) -> bool:
    """
    Exchange's mark of a mail that was sent from inside, authenticated.

    Exchange strips it from mail of strangers; other servers let anybody write it, so it says something only in an inbox
    of Exchange.
    """
    return headers.value("x-ms-exchange-organization-authas").lower() == "internal"
