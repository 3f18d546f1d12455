"""A council to test with, and a world in which letters reach it without a mail server."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ackbot.casework.model import Arrival
from ackbot.casework.office import Office
from ackbot.config import Config, ConfigProblem, check, load
from ackbot.store import Database, open_database
from ackbot.work.intake import Intake

USERS = ("housing@northgate.example", "streets@northgate.example", "dana@northgate.example")  # of its mailboxes
MONDAY = datetime(2026, 11, 30, 10, 12, tzinfo=UTC)  # a working Monday in winter: London time is UTC

TOML = """
[council]
name = "Royal Borough of Northgate"
domains = ["northgate.example"]
admin = "admins@northgate.example"
head_of_service = "director@northgate.example"
secret_file = "secret"
privacy = "https://northgate.example/privacy"

[calendar]
closed_on = [2026-12-28, 2026-12-29]

[store]
url = "sqlite:///ackbot.db"

[limits]
# brake

[urgent]
to = ["duty"]

[smtp]
host = "127.0.0.1"
port = 2525
security = "none"
per_minute = 0
per_day = 0
# smtp

[[inbox]]
name = "housing"
address = "housing@northgate.example"
aliases = ["repairs@northgate.example"]
service = "Housing"
phone = "020 7946 0001"
team = "housing"
mode = "live"
plus_addressing = true
forms = [{ from = "forms@northgate.example", resident = "reply-to" }]
own_lists = ["housing-group.northgate.example"]
authserv_id = "mx.northgate.example"
host = "127.0.0.1"
port = 1143
security = "none"
username = "housing@northgate.example"
password_env = "ACKBOT_TEST_PASSWORD"
watch = "poll"
poll_every = "50 ms"
# housing

[[inbox]]
name = "streets"
address = "streets@northgate.example"
service = "Streets and Waste"
team = "streets"
mode = "live"
host = "127.0.0.1"
port = 1143
security = "none"
username = "streets@northgate.example"
password_env = "ACKBOT_TEST_PASSWORD"
watch = "poll"
poll_every = "50 ms"
# streets

[[inbox]]
name = "dana"
address = "dana@northgate.example"
service = "Planning"
owner = "dana"
mode = "live"
host = "127.0.0.1"
port = 1143
security = "none"
username = "dana@northgate.example"
password_env = "ACKBOT_TEST_PASSWORD"
watch = "poll"
poll_every = "50 ms"

[[team]]
name = "housing"
members = ["priya", "sam"]
manager = "alex"

[[team]]
name = "streets"
members = ["kofi", "lena"]
manager = "alex"

[[staff]]
id = "priya"
name = "Priya Shah"
email = ["priya@northgate.example", "p.shah@northgate.example"]

[[staff]]
id = "sam"
name = "Sam Jones"
email = "sam@northgate.example"

[[staff]]
id = "kofi"
name = "Kofi Mensah"
email = "kofi@northgate.example"

[[staff]]
id = "lena"
name = "Lena Wolf"
email = "lena@northgate.example"

[[staff]]
id = "dana"
name = "Dana Price"
email = "dana.price@northgate.example"
cover = "lena"

[[staff]]
id = "alex"
name = "Alex Reid"
email = "alex@northgate.example"

[[staff]]
id = "duty"
name = "Duty Officer"
email = "duty@northgate.example"

[[sender]]
from = ["@contractor.example"]
acknowledge = false

[[standard]]
name = "enquiry"
name_owner_within = "1 working day"
update_every = "5 working days"
answer_within = "10 working days"
# end
"""


def line_of(piece: str, text: str = TOML) -> int:
    """The number of the line that holds a piece of text, from 1; in the test council's file unless another is given."""
    return text[: text.index(piece)].count("\n") + 1


def mistakes(path: Path) -> list[str]:
    """The mistakes that `check` prints for a configuration, one line each; asserts that loading it is refused."""
    with pytest.raises(ConfigProblem):
        load(path)
    return [str(one) for one in check(path) if not one.warning]


def write_config(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the council's file to a folder with pieces of its text replaced; every piece must be there."""
    text = TOML
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "secret").write_text("a secret for tests, and nothing else\n")
    (folder / "secret").chmod(0o600)
    path = folder / "ackbot.toml"
    path.write_text(text)
    return path


def configured(folder: Path, imap_port: int, smtp_port: int, *changes: tuple[str, str]) -> Path:
    """Write the council's file for two servers."""
    return write_config(
        folder, ("port = 1143", f"port = {imap_port}"), ("port = 2525", f"port = {smtp_port}"), *changes
    )


def new_store() -> str:
    """The URL of a World's store; "" means the file that its configuration names. A test may replace this."""
    return ""


class World:
    """A council whose letters go straight into Intake. The store is real, and the test sets the time."""

    def __init__(self, folder: Path, *changes: tuple[str, str], now: datetime = MONDAY) -> None:
        path = write_config(folder, *changes)
        if url := new_store():
            path.write_text(path.read_text().replace("sqlite:///ackbot.db", url))
        self.config: Config = load(path)
        self.now = now
        self.db: Database = open_database(self.config.store_url)
        self.db.migrate()
        self._uid = 0
        self.rows_may_be_missing = False
        self.intake = Intake(self.db, self.config.office)

    @property
    def office(self) -> Office:
        return self.config.office

    def after(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def receive(self, raw: bytes, inbox: str = "housing", **arrival: Any) -> dict[str, Any]:
        """Receive a mail now, and return the letter's row."""
        self._uid += 1
        place = Arrival(inbox, arrival.pop("arrived_at", self.now), uidvalidity=1, uid=self._uid, size=len(raw))
        self.intake.take(raw, replace(place, **arrival), self.now)
        rows = self.db.run(
            "SELECT letters.* FROM letters JOIN arrivals ON arrivals.letter_id = letters.id WHERE arrivals.uid = :uid AND arrivals.inbox = :inbox ORDER BY arrivals.id DESC",
            uid=arrival.get("uid", self._uid),
            inbox=inbox,
        )
        return dict(rows[0])

    def outbox(self, kind: str = "", to: str = "") -> list[dict[str, Any]]:
        """All mails in the outbox, oldest first."""
        rows: Sequence[Any] = self.db.run("SELECT * FROM outbox ORDER BY id")
        return [dict(row) for row in rows if kind in ("", row["kind"]) and to in ("", row["recipient"])]

    def cases(self) -> list[dict[str, Any]]:
        """All cases, oldest first."""
        return [dict(row) for row in self.db.run("SELECT * FROM cases ORDER BY id")]

    def close(self) -> None:
        """Close the store. Fails if a decision named a missing row, unless the test expects that."""
        missing: Sequence[Any] = []
        with contextlib.suppress(Exception):  # the test may have closed or broken the store
            missing = self.db.run("SELECT why FROM events WHERE kind = 'row-missing'")
        self.db.close()

        assert self.rows_may_be_missing or [row["why"] for row in missing] == []
