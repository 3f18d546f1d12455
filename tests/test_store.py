"""The store: one lock, one transaction, one acknowledgement; migrations; what a second process may and may not do."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ackbot.store import StoreBusy, StoreProblem, open_database, outbox, schema
from ackbot.store.database import SQLite, instant_of, listed, text_of
from tests.support.council import World
from tests.support.letters import letter


@pytest.fixture
def db(tmp_path: Path) -> SQLite:
    made = SQLite(tmp_path / "store.db")
    made.migrate()
    yield made  # type: ignore[misc] # pytest takes the generator
    made.close()


def test_one_threads_rollback_takes_nobody_elses_rows(db: SQLite) -> None:
    """design.md §6: thread B's row stays when thread A's transaction, open meanwhile, is rolled back."""
    db.run("CREATE TABLE t (x TEXT)")
    inside, written = threading.Event(), threading.Event()

    def rolls_back() -> None:
        with pytest.raises(ZeroDivisionError), db.transaction():
            db.run("INSERT INTO t VALUES ('a')")
            inside.set()
            written.wait(0.2)
            raise ZeroDivisionError

    def writes() -> None:
        inside.wait(5)
        db.run("INSERT INTO t VALUES ('b')")
        written.set()

    threads = [threading.Thread(target=rolls_back), threading.Thread(target=writes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row["x"] for row in db.run("SELECT x FROM t")] == ["b"]


def test_nested_transactions_are_one(db: SQLite) -> None:
    """The outer one decides; the inner one's rows go with it."""
    db.run("CREATE TABLE t (x TEXT)")
    with pytest.raises(ZeroDivisionError), db.transaction():
        with db.transaction():
            db.run("INSERT INTO t VALUES ('a')")
        raise ZeroDivisionError

    assert db.run("SELECT x FROM t") == []
    with db.transaction():
        db.run("INSERT INTO t VALUES ('b')")
    assert len(db.run("SELECT x FROM t")) == 1


def test_two_writers_of_one_letter(tmp_path: Path) -> None:
    """D11, P2: the same mail taken by many threads at once is one letter, one case, one acknowledgement."""
    world = World(tmp_path)
    raw = letter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda uid: world.receive(raw, uid=uid % 4), range(16)))

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 4
    world.close()


def test_one_claim_for_one_mail(tmp_path: Path) -> None:
    """P2: whatever number of workers claim at once, each mail is claimed by one."""
    world = World(tmp_path)
    for number in range(10):
        world.receive(
            letter(sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        )
    until = world.now + timedelta(minutes=5)
    with ThreadPoolExecutor(8) as pool:
        claims = list(
            pool.map(lambda worker: outbox.claim(world.db, "default", str(worker), world.now, until, 5), range(12))
        )
    ids = [one.id for claim in claims for one in claim]

    assert sorted(ids) == list(range(1, 21))
    world.close()


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    """D11: an flock beside the file; a reader may look all the same."""
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
    """D71: what explains and shows holds no pen."""
    SQLite(tmp_path / "store.db").close()
    reader = SQLite(tmp_path / "store.db", read_only=True)
    with pytest.raises(StoreBusy, match="readonly"):
        reader.run("CREATE TABLE t (x)")
    reader.close()
    with pytest.raises(StoreProblem, match="no store"):
        open_database(f"sqlite:///{tmp_path}/none.db", read_only=True)


def test_locked_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock held elsewhere is StoreBusy: wait and try again, quarantine nothing."""
    monkeypatch.setattr("ackbot.store.database.BUSY_TIMEOUT_S", 0.05)
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


def test_migrations_climb_and_newer_stores_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step from the first schema to today's; applied once; a store of a later version is left alone."""
    store = SQLite(tmp_path / "store.db")
    for count in range(1, len(schema.MIGRATIONS) + 1):
        monkeypatch.setattr("ackbot.store.database.MIGRATIONS", schema.MIGRATIONS[:count])
        store.migrate()
        store.migrate()
    assert [row["number"] for row in store.run("SELECT number FROM migrations ORDER BY number")] == list(
        range(1, len(schema.MIGRATIONS) + 1)
    )
    store.run("INSERT INTO migrations VALUES (999, 'x')")
    with pytest.raises(StoreProblem, match="newer"):
        store.migrate()
    store.close()


def test_the_database_holds_its_invariants(tmp_path: Path) -> None:
    """Unique keys, checks and foreign keys are the database's, not ours to remember."""
    world = World(tmp_path)
    world.receive(letter())
    for statement in (
        "INSERT INTO arrivals (inbox, folder, uidvalidity, uid, arrived_at, recorded_at, size) SELECT inbox, folder, uidvalidity, uid, 'x', 'x', 1 FROM arrivals",
        "INSERT INTO clocks (code, kind, state, promised_on, due_at, started_at, why) SELECT code, kind, 'running', 'x', 'x', 'x', '' FROM clocks",
        "UPDATE outbox SET state = 'lost'",
        "UPDATE cases SET state = 'forgotten'",
        "UPDATE outbox SET dedupe_key = 'same'",
        "INSERT INTO parties VALUES ('NOCASE', 'a@b.example')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            world.db.run(statement)
    world.close()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """domain.md §13: mode 0600."""
    store = SQLite(tmp_path / "store.db")
    store.migrate()
    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o600
    assert store.run("PRAGMA synchronous")[0][0] == 2
    assert store.run("PRAGMA journal_mode")[0][0] == "wal"
    store.close()


def test_instants_sort_as_text() -> None:
    """Fixed width, UTC, to the microsecond and back."""
    early = datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    late = datetime(2026, 7, 1, 8, 0, 0, 1, tzinfo=UTC)

    assert text_of(early) == "2026-07-01T08:00:00.000000Z"
    assert text_of(early) < text_of(late)
    assert instant_of(text_of(late)) == late


def test_empty_lists_match_nothing(db: SQLite) -> None:
    """`IN ()` is no SQL; an empty list finds no row."""
    placeholders, parameters = listed("c", [])

    assert db.run(f"SELECT 1 FROM cases WHERE code IN ({placeholders})", **parameters) == []


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:////var/lib/ackbot/a.db", "/var/lib/ackbot/a.db"), ("sqlite:///a.db", "a.db")]
)
def test_urls(url: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four slashes begin an absolute path, three a relative one."""
    seen: list[Path] = []
    monkeypatch.setattr("ackbot.store.database.SQLite", lambda where, **_: seen.append(where))
    open_database(url)

    assert seen == [Path(path)]
    with pytest.raises(StoreProblem, match="sqlite"):
        open_database("mysql://x")
