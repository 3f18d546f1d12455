"""TLS for every border: at least version 1.2. A server's certificate and name are checked; there is no fallback (D16)."""

import os
import ssl
from functools import lru_cache
from pathlib import Path


def context(ca_file: Path | None = None) -> ssl.SSLContext:
    """
    A client context that trusts the machine's certificate authorities, and also those in `ca_file`.

    Raises:
        OSError: `ca_file` cannot be read, or holds no certificate.
    """
    paths = ssl.get_default_verify_paths()
    return _context(ca_file, tuple((str(one), _last_change(one)) for one in (paths.cafile, paths.capath, ca_file)))


@lru_cache(maxsize=8)
def _context(ca_file: Path | None, _authorities: tuple[tuple[str, int], ...]) -> ssl.SSLContext:
    """One for all connections: each takes 1 MB and 17 ms. Other `_authorities`, or renewed ones, get one of their own."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        made.load_verify_locations(cafile=str(ca_file))
    return made


def _last_change(path: str | Path | None) -> int:
    """When a file or folder of certificates changed last, in nanoseconds; 0 where there is none, which `_context` judges."""
    try:
        return os.stat(path).st_mtime_ns if path else 0
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return 0


def server_context(certificate: Path) -> ssl.SSLContext:
    """
    A server context with the chain and key in a PEM file.

    Raises:
        OSError: the file cannot be read, or does not hold a certificate and its key.
    """
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(certificate)
    return made


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address means this machine itself, where plaintext is allowed. No name is looked up."""
    import ipaddress

    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
