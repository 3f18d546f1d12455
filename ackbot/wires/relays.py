"""The ways in which mail goes out: by SMTP, or by Microsoft Graph. Whoever sends need not know which."""

from collections.abc import Callable, Iterable
from typing import Protocol

from ackbot.wires import graph, smtp


class Connection(Protocol):
    """A way to send, for one thread; see `smtp.Connection`."""

    copy_refused: str

    def send(self, envelope: smtp.Envelope, content: Callable[[], Iterable[bytes]], begin: Callable[[], bool]) -> str:
        """Send one mail."""

    def probe(self) -> str:
        """Log in, and tell what is offered."""

    def close(self) -> None:
        """Hang up."""


def connection(relay: smtp.Relay, username: str, local_hostname: str) -> Connection:
    """A connection to a relay, which is opened when it is needed."""
    if relay.by_graph:
        return graph.Connection(relay, username)
    return smtp.Connection(relay, username, local_hostname)


def sent_items(relay: smtp.Relay, username: str) -> Callable[[str], bool] | None:
    """
    Whether a mail with this Message-ID lies in the mailbox's Sent Items, asked where the mail was sent; None if it cannot be.

    Raises:
        smtp.SmtpProblem: when it is called, and they cannot be looked into.
    """
    return graph.Connection(relay, username).lies_in_sent_items if relay.by_graph else None
