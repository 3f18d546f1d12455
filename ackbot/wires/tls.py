"""TLS as every border uses it: version 1.2 at least; a server's certificate and name are checked, never a fallback (D16)."""

import ssl
from pathlib import Path


def context(ca_file: Path | None = None) -> ssl.SSLContext:
    """
    A client context that trusts the machine's authorities, or those of `ca_file` besides.

    Raises:
        OSError: `ca_file` cannot be read.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        made.load_verify_locations(cafile=str(ca_file))
    return made


def server_context(certificate: Path) -> ssl.SSLContext:
    """
    What a server shows: a PEM file with its chain and key.

    Raises:
        OSError: it cannot be read, or is none.
    """
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(certificate)
    return made


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, where plaintext is allowed."""
    import ipaddress

    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
