"""The program seen from outside, as an admin has it: its commands, its store's file, what its relay was given."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from ackbot.demo.servers import Sink
from tests.support.letters import parsed
from tests.support.servers import PATIENCE_S, run


def ackbot(config: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, as a process of its own."""
    return run([sys.executable, "-m", "ackbot.cli", "-c", str(config), *words], env={**os.environ, **environment})


def done(config: Path, *words: str) -> str:
    """A command that must succeed: what it says."""
    ended = ackbot(config, *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def look(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """The store in a folder, looked at beside whoever works with it."""
    connection = sqlite3.connect(folder / "ackbot.db", timeout=PATIENCE_S)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.commit()
        connection.close()


def to(sink: Sink, address: str) -> list[bytes]:
    """What the sink took for somebody."""
    return [mail.content for mail in sink.mails if address in mail.recipients]


def residents(sink: Sink) -> dict[str, list[str]]:
    """Message-IDs of what residents were sent, by address, in the order they came."""
    found: dict[str, list[str]] = {}
    for mail in sink.mails:
        if mail.recipients[0].endswith("@resident.example"):
            found.setdefault(mail.recipients[0], []).append(str(parsed(mail.content)["Message-ID"]))
    return found
