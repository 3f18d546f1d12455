"""TLS for every border: at least version 1.2. A server's certificate and name are checked; there is no fallback (D16)."""

import ssl
from pathlib import Path


def context(ca_file: Path | None = None) -> ssl.SSLContext:
    """
    A client context that trusts the machine's certificate authorities, and also those in `ca_file`.

    Raises:
        OSError: `ca_file` cannot be read, or holds no certificate.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        made.load_verify_locations(cafile=str(ca_file))
    return made


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
