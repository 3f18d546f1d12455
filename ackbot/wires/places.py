"""Where we listen: an address and port, or a unix socket."""

import contextlib
import errno
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from ackbot.errors import AckbotError
from ackbot.wires import tls

_AT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+)):([0-9]{1,5})")


class PlaceTaken(AckbotError):
    """We cannot listen at a place. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    One place to listen at.

    Args:
        path: the path of a unix socket; "" for host and port.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """`127.0.0.1:2424`, `[::1]:2424`, `localhost:2424` or the absolute path of a unix socket; None for anything else."""
        if text.startswith("/"):
            return cls(path=text)
        found = _AT.fullmatch(text)
        if found is None or not 0 < int(found[3]) <= 65_535:
            return None
        return cls(found[1] or found[2], int(found[3]))

    def __str__(self) -> str:
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the place."""
        return bool(self.path) or tls.is_loopback(self.host)

    def bind(self) -> socket.socket:
        """
        A socket that listens there.

        A unix socket at which nobody listens any longer is taken over. Every user who can enter its folder may connect.

        Raises:
            PlaceTaken: we cannot listen there.
        """
        try:
            return self._bound()
        except OSError as error:
            raise PlaceTaken(f"nothing can listen at {self}: {error.strerror or error}", place=str(self)) from error

    def _bound(self) -> socket.socket:
        if not self.path:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            return socket.create_server((self.host, self.port), family=family, backlog=128)
        if Path(self.path).is_socket():
            _must_be_left(self.path)
            os.unlink(self.path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.bind(self.path)
            os.chmod(self.path, 0o666)  # noqa: S103 - a mail server is another user; the folder's mode says who may connect
            made.listen(128)
        except OSError:
            made.close()
            raise
        return made


def _must_be_left(path: str) -> None:
    """Raise OSError if somebody still listens at a unix socket."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as tried:
        try:
            tried.connect(path)
        except ConnectionRefusedError:
            return
    raise OSError(errno.EADDRINUSE, "somebody listens there already")


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The network of `10.0.0.5` or `10.0.0.0/24`. Raises ValueError for anything else."""
    return ipaddress.ip_network(text, strict=False)
