"""`ackbot store copy`: a council moves from SQLite to PostgreSQL and back, and no row changes."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ackbot.cli import main
from ackbot.store import Database, StoreProblem, copying, leases, open_database
from tests.support.council import World
from tests.support.letters import letter
from tests.support.postgres import PostgresServer


@pytest.fixture
def council(tmp_path: Path) -> World:
    """A council with a history: cases, an urgent one, mail that cannot be read, a NUL."""
    world = World(tmp_path)
    for number in range(3):
        world.receive(
            letter(sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        )
    world.receive(letter(sender="N <n@r.example>", subject="Smell", text="I smell gas.\n", message_id="<n@r.example>"))
    world.db.run("UPDATE letters SET text = text || :nul", nul="\0")
    world.db.run("UPDATE letters SET raw = :raw, state = 'quarantined' WHERE id = 1", raw=bytes(range(256)))
    world.db.run("INSERT INTO outbox_cases (outbox_id, code) SELECT id, code FROM outbox WHERE code <> ''")
    for number in range(1_200):
        world.db.run("INSERT INTO settings (name, value) VALUES (:name, 'x')", name=f"name {number}")
    return world


def whole(db: Database, table: str) -> list[dict[str, Any]]:
    """A table's rows, as values that are equal on both stores; text without its NUL."""
    rows = [dict(row) for row in db.run(f"SELECT * FROM {table}")]
    kept = [
        {k: v.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(v, str) else v for k, v in row.items()}
        for row in rows
    ]
    return sorted(kept, key=repr) if table != "settings" else sorted(kept, key=lambda row: str(row["name"]))


TABLES = (
    "letters",
    "arrivals",
    "cases",
    "parties",
    "clocks",
    "outbox",
    "outbox_cases",
    "events",
    "staff_load",
    "alarms",
    "settings",
)


def test_there_and_back_again(council: World, tmp_path: Path, postgres: PostgresServer) -> None:
    """P1: every row is the same there; new rows get ids above the old ones; back in SQLite it is what it was."""
    there, back = postgres.new(), f"sqlite:///{tmp_path}/back.db"
    before = council.config.store_url
    council.close()
    for source, target in ((before, there), (there, back)):
        done = CliRunner().invoke(main, ["store", "copy", source, target], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "settings: 1200" in done.output
    stores = [open_database(url) for url in (before, there, back)]
    first, second, third = ({table: whole(db, table) for table in TABLES} for db in stores)

    assert len(first["cases"]) == 4
    assert first["outbox_cases"]
    assert first == second == third
    new = "INSERT INTO events (at, code, inbox, kind, why, data) VALUES ('', '', '', '', '', '') RETURNING id"
    assert len({db.run(new)[0]["id"] for db in stores}) == 1
    for db in stores:
        db.close()


def test_a_store_with_something_in_it_is_left_alone(council: World, postgres: PostgresServer) -> None:
    """P1: nothing is mixed, nothing is overwritten."""
    url = postgres.new()
    target = open_database(url)
    target.migrate()
    target.run("INSERT INTO settings (name, value) VALUES ('mine', 'x')")
    before = council.config.store_url
    council.close()
    done = CliRunner().invoke(main, ["store", "copy", before, url])

    assert done.exit_code == 1
    assert "not empty" in done.output
    assert [row["name"] for row in target.run("SELECT name FROM settings")] == ["mine"]
    assert target.run("SELECT 1 FROM letters") == []
    target.close()


def test_nobody_may_be_at_work(council: World, postgres: PostgresServer) -> None:
    """P1: what a worker writes meanwhile would be missing."""
    target = open_database(postgres.new())
    target.migrate()
    leases.renew(target, "somebody", 60)
    with pytest.raises(StoreProblem, match="stop every"):
        copying.copy(council.db, target)
    target.close()
    council.close()


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    """P10: no empty store is made in its place."""
    done = CliRunner().invoke(main, ["store", "copy", f"sqlite:///{tmp_path}/none.db", f"sqlite:///{tmp_path}/new.db"])

    assert done.exit_code == 1
    assert "no store" in done.output
    assert not (tmp_path / "none.db").exists()
