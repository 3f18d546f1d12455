"""What the council's own server found out about a sender (RFC 8601); forged results further down are not looked at."""

from typing import Literal

from ackbot.mail.headers import Headers

Verdict = Literal["pass", "fail", ""]
UNKNOWN = "unknown"  # configured for Exchange Online, whose results name no server


def dmarc(headers: Headers, authserv_id: str) -> Verdict:
    """
    The DMARC result of the trusted server; "" when it gave none, or when no server is trusted.

    Args:
        authserv_id: whose results to believe; "unknown" means the topmost field that names no server.
    """
    return _result(headers, authserv_id, "dmarc")


def _result(headers: Headers, authserv_id: str, method: str) -> Verdict:
    if not authserv_id:
        return ""
    from authres import AuthenticationResultsHeader, AuthResError, SyntaxError

    for raw in headers.raws("authentication-results"):
        try:
            parsed = AuthenticationResultsHeader.parse_value(raw)
        except SyntaxError:
            try:
                parsed = AuthenticationResultsHeader.parse_value(f"{UNKNOWN}; {raw}")
            except AuthResError:
                continue
        except AuthResError:
            continue
        if (parsed.authserv_id or "").lower() != authserv_id.lower():
            continue
        found = [result.result.lower() for result in parsed.results if result.method == method]
        return "pass" if found == ["pass"] else "fail" if "fail" in found else ""
    return ""


def internal(headers: Headers) -> bool:
    """Exchange's mark of a mail that was sent from inside, authenticated; servers strip it from mail of strangers."""
    return headers.value("x-ms-exchange-organization-authas").lower() == "internal"
