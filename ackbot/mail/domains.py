"""Domains in the form in which they are compared (IDNA 2008: RFC 5891, UTS #46 non-transitional), and who owns them."""

from functools import lru_cache
from typing import Any

import idna

_LONGEST = 255  # octets (RFC 1035 §2.3.4); what is longer is no domain, and is looked at no further (E1)


@lru_cache(maxsize=2_048)
def ascii_form(domain: str) -> str:
    """
    A domain in lower-case ASCII without a trailing dot; "" if no such domain can exist.

    `weßex` becomes `xn--weex-wna`. IDNA 2003 turned it into `wessex`, so that mail for one domain went to the other.
    """
    plain = domain.strip().rstrip(".")
    if not plain:
        return ""
    if plain.isascii():
        return plain.lower()
    if len(plain) > _LONGEST:
        return ""
    try:
        return idna.encode(plain, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


@lru_cache(maxsize=2_048)
def organisational(domain: str) -> str:
    """
    The organisational domain (RFC 7489 §3.2): one label below a public suffix, by the list that `publicsuffixlist` ships.

    "" for a public suffix itself, an IP address, or a name without a dot, because no one organisation owns these.
    """
    if not domain or len(domain) > _LONGEST or domain.replace(".", "").isdigit() or ":" in domain:
        return ""
    return str(_suffixes().privatesuffix(domain) or "")


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)
