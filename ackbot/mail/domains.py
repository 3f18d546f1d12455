"""Domains as they are compared: IDNA 2008 (RFC 5891, UTS #46 without its transitional mapping), organisational domains."""

from functools import lru_cache
from typing import Any

import idna


@lru_cache(maxsize=2_048)
def ascii_form(domain: str) -> str:
    """
    A domain in lower-case ASCII without a trailing dot; "" where no such domain can exist.

    `weßex` is `xn--weex-wna` and no other domain: IDNA 2003 made `wessex` of it, and mail for one went to the other.
    """
    plain = domain.strip().rstrip(".")
    if not plain:
        return ""
    if plain.isascii():
        return plain.lower()
    try:
        return idna.encode(plain, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


@lru_cache(maxsize=2_048)
def organisational(domain: str) -> str:
    """
    The domain that its registrant owns (RFC 7489 §3.2): one label below a public suffix, by the list that the package ships.

    "" for a public suffix itself, an address, or a name without a dot: nobody's.
    """
    if not domain or domain.replace(".", "").isdigit() or ":" in domain:
        return ""
    return str(_suffixes().privatesuffix(domain) or "")


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)
