"""
The least program that answers mail, to compare ackbot with.

It fetches whole mails, parses them with the standard library, commits a row, sends a prepared reply and sets `\\Seen`.
"""

import email
import email.policy
import re
import socket
import sqlite3
import time
from email.utils import parseaddr
from pathlib import Path

from imapclient import IMAPClient

from tests.support.servers import PASSWORD

_BATCH = 100
_FROM = re.compile(rb"^from:[ \t]*((?:.*\r\n)(?:[ \t].*\r\n)*)", re.I | re.M)
_ID = re.compile(rb"^message-id:[ \t]*(\S+)", re.I | re.M)
_MACHINE = re.compile(
    rb"^(auto-submitted:[ \t]*auto|precedence:[ \t]*(bulk|list|junk)|list-id:|return-path:[ \t]*<>)", re.I | re.M
)
_REPLY = (
    "From: housing@northgate.example\r\nTo: {to}\r\nSubject: We have received your message [case {n}]\r\n"
    "Message-ID: <ack{n}@northgate.example>\r\nIn-Reply-To: {id}\r\nAuto-Submitted: auto-replied\r\n"
    "Date: Mon, 30 Nov 2026 06:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nThank you for writing to the council. Your case number is {n}.\r\n"
    "An officer will answer within five working days.\r\n"
)


class _Relay:
    """Sends mail with pipelining: MAIL, RCPT and DATA are one write (RFC 2920)."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._expect(b"220")
        self._socket.sendall(b"EHLO bench.example\r\n")
        self._expect(b"250")

    def _expect(self, *codes: bytes) -> None:
        for code in codes:
            line = self._file.readline()
            while line[3:4] == b"-":
                line = self._file.readline()
            if not line.startswith(code):
                raise RuntimeError(line)

    def send(self, to: str, mail: str) -> None:
        """Send one mail, and wait until the relay has taken it."""
        self._socket.sendall(f"MAIL FROM:<housing@northgate.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
        self._expect(b"250", b"250", b"354")
        self._socket.sendall(mail.encode().replace(b"\r\n.", b"\r\n..") + b".\r\n")
        self._expect(b"250")

    def close(self) -> None:
        """Hang up."""
        self._socket.sendall(b"QUIT\r\n")
        self._file.close()
        self._socket.close()


def bare_loop(imap_port: int, smtp_port: int, user: str, path: Path) -> tuple[int, float]:
    """Answer the unseen mails. Returns how many were answered, and in how many seconds."""
    begun = time.monotonic()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE cases (id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, sender TEXT, at REAL)")
    db.execute("CREATE INDEX by_sender ON cases (sender)")
    relay, answered = _Relay(smtp_port), 0
    with IMAPClient("127.0.0.1", imap_port, ssl=False) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX")
        uids = client.search(["UNSEEN"])
        for start in range(0, len(uids), _BATCH):
            batch = uids[start : start + _BATCH]
            for data in client.fetch(batch, ["BODY.PEEK[]"]).values():
                answered += _one(data[b"BODY[]"], answered, db, relay)
            client.set_flags(batch, [b"\\Seen"], silent=True)
    relay.close()
    db.close()
    return answered, time.monotonic() - begun


def _one(raw: bytes, number: int, db: sqlite3.Connection, relay: _Relay) -> int:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    _ = str(message["from"]), str(message["subject"]), body.get_content() if body is not None else ""
    head = raw[: raw.find(b"\r\n\r\n") + 2]
    found, identity = _FROM.search(head), _ID.search(head)
    if _MACHINE.search(head) or found is None or identity is None:
        return 0
    to = parseaddr(found[1].decode("latin-1").replace("\r\n", ""))[1]
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO cases (message_id, sender, at) VALUES (?, ?, ?)", (identity[1].decode(), to, time.time()))
    db.execute("COMMIT")
    relay.send(to, _REPLY.format(to=to, n=number, id=identity[1].decode()))
    return 1
