"""The program as an admin sees it from outside: its commands, its store's file, and what its relay got."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from ackbot.demo.servers import Sink
from tests.support.letters import parsed
from tests.support.servers import PATIENCE_S, run


def ackbot(config: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours in a process of its own."""
    return run([sys.executable, "-m", "ackbot.cli", "-c", str(config), *words], env={**os.environ, **environment})


def done(config: Path, *words: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    ended = ackbot(config, *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def look(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Read the store in a folder, also while a daemon works with it."""
    connection = sqlite3.connect(folder / "ackbot.db", timeout=PATIENCE_S)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.commit()
        connection.close()


def to(sink: Sink, address: str) -> list[bytes]:
    """The mails for somebody that the sink took."""
    return [mail.content for mail in sink.mails if address in mail.recipients]


def residents(sink: Sink) -> dict[str, list[str]]:
    """The Message-IDs of the mails that residents got, by address, in the order in which they came."""
    found: dict[str, list[str]] = {}
    for mail in sink.mails:
        if mail.recipients[0].endswith("@resident.example"):
            found.setdefault(mail.recipients[0], []).append(str(parsed(mail.content)["Message-ID"]))
    return found
