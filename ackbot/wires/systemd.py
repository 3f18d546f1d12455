"""Tells systemd that we are ready, reloading, alive or stopping (sd_notify(3)). Does nothing without systemd."""

import os
import socket


def notify(state: str) -> None:
    """Send a state such as `READY=1` to $NOTIFY_SOCKET; do nothing if that is not set. Raises OSError."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket, whose name begins with a NUL (sd_notify(3))
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(address)
        sock.sendall(state.encode())


def watchdog_interval_s() -> float | None:
    """Seconds between two signs of life: half of systemd's limit (sd_watchdog_enabled(3)). None if systemd does not watch us."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 2_000_000
