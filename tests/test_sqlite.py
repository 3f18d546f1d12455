"""SQLite only: one file, one process that runs, and what other processes may do at the same time."""

import sqlite3
from pathlib import Path

import pytest

from ackbot.store import StoreBusy, StoreProblem, open_database
from ackbot.store.sqlite import SQLite


@pytest.fixture
def db(tmp_path: Path) -> SQLite:
    made = SQLite(tmp_path / "store.db")
    made.migrate()
    yield made  # type: ignore[misc] # pytest takes the generator
    made.close()


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    """D11: a lock beside the file keeps a second `run` out, but not a reader."""
    url = f"sqlite:///{tmp_path}/store.db"
    first = open_database(url, exclusive=True)
    first.migrate()
    with pytest.raises(StoreProblem, match="another `ackbot run`"):
        open_database(url, exclusive=True)
    reader = open_database(url, read_only=True)
    assert reader.run("SELECT COUNT(*) AS n FROM cases")[0]["n"] == 0
    reader.close()
    first.close()
    open_database(url, exclusive=True).close()


def test_reading_cannot_write(tmp_path: Path) -> None:
    """D71: `explain` and `show` cannot write to the store."""
    SQLite(tmp_path / "store.db").close()
    reader = SQLite(tmp_path / "store.db", read_only=True)
    with pytest.raises(StoreBusy, match="readonly"):
        reader.run("CREATE TABLE t (x)")
    reader.close()
    with pytest.raises(StoreProblem, match="no store"):
        open_database(f"sqlite:///{tmp_path}/none.db", read_only=True)


def test_locked_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock held elsewhere is StoreBusy: wait and try again, quarantine nothing."""
    monkeypatch.setattr("ackbot.store.sqlite.BUSY_TIMEOUT_S", 0.05)
    mine = SQLite(tmp_path / "store.db")
    mine.migrate()
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy), mine.transaction():
        pass
    other.execute("ROLLBACK")
    with mine.transaction():
        mine.run("INSERT INTO pauses VALUES ('', 'x')")
    other.close()
    mine.close()


def test_a_full_disk_is_busy_and_a_defect_is_not(db: SQLite) -> None:
    """Only what can pass by itself is waited for; a statement that is wrong says so at once."""
    pages = db.run("PRAGMA page_count")[0][0]
    db.run(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreBusy, match="full"), db.transaction():
        for number in range(100):
            db.run("INSERT INTO pauses VALUES (:scope, :text)", scope=str(number), text="x" * 4_000)
    assert db.run("SELECT 1 FROM pauses") == []
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        db.run("SELECT 1 FROM nowhere")


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """domain.md §13: mode 0600."""
    store = SQLite(tmp_path / "store.db")
    store.migrate()
    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o600
    assert store.run("PRAGMA synchronous")[0][0] == 2
    assert store.run("PRAGMA journal_mode")[0][0] == "wal"
    store.close()


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:////var/lib/ackbot/a.db", "/var/lib/ackbot/a.db"), ("sqlite:///a.db", "a.db")]
)
def test_urls(url: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four slashes begin an absolute path, three a relative one."""
    seen: list[Path] = []
    monkeypatch.setattr("ackbot.store.opening.SQLite", lambda where, **_: seen.append(where))
    open_database(url)

    assert seen == [Path(path)]
    with pytest.raises(StoreProblem, match="sqlite"):
        open_database("mysql://x")
