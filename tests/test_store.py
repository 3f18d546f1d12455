"""The store, whichever it is: one transaction, one acknowledgement, one claim; migrations; what is kept as it was given."""

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest

from ackbot.store import Database, StoreBusy, StoreMissing, StoreProblem, open_database, outbox, schema
from ackbot.store.database import instant_of, listed, text_of
from ackbot.store.postgres import CONNECTIONS
from tests.support import council
from tests.support.council import World
from tests.support.letters import letter
from tests.support.servers import until_true

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def url(store: str, tmp_path: Path) -> str:
    """The URL of a store that does not exist yet."""
    return council.new_store() or f"sqlite:///{tmp_path}/store.db"


def test_one_threads_rollback_takes_nobody_elses_rows(db: Database) -> None:
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


def test_nested_transactions_are_one(db: Database) -> None:
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


def test_two_writers_of_one_letter(world: World) -> None:
    """D11, P2: the same mail taken by many threads at once is one letter, one case, one acknowledgement."""
    raw = letter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda uid: world.receive(raw, uid=uid % 4), range(16)))

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 4
    world.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, nobody gives up waiting for a lock."""
    monkeypatch.setattr("ackbot.store.postgres.BUSY_TIMEOUT_S", 60)
    monkeypatch.setattr("ackbot.store.postgres._FROZEN_S", 60)


def at_once(world: World, letters: Sequence[tuple[bytes, str]]) -> None:
    """
    Letters, each to an inbox, that arrive at the same time. On PostgreSQL, where they can, all go as far as they may
    without each other before the first is written.
    """
    with ThreadPoolExecutor(len(letters)) as pool, contextlib.ExitStack() as gate:
        if world.db.shared:
            other = gate.enter_context(psycopg.connect(world.config.store_url))
            other.execute("LOCK TABLE letters IN SHARE MODE")
        results = pool.map(lambda one: world.receive(one[1][0], one[1][1], uid=one[0] + 1), enumerate(letters))
        if world.db.shared:
            waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
            assert until_true(lambda: other.execute(waiting).fetchone() == (min(CONNECTIONS, len(letters)),))
        gate.close()
        list(results)


@pytest.mark.usefixtures("patient")
def test_one_letter_to_two_inboxes_at_once(world: World) -> None:
    """D12, D11: both teams see it and the resident gets one acknowledgement, even if both copies are read at the same moment."""
    to = "housing@northgate.example, streets@northgate.example"
    letters = [
        letter(to=to, sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        for number in range(3)
    ]
    at_once(world, [(raw, inbox) for raw in letters for inbox in ("housing", "streets")])

    assert len(world.cases()) == 3
    assert len(world.outbox("acknowledgement")) == 3
    assert world.db.run("SELECT 1 FROM letters WHERE state = 'quarantined'") == []


@pytest.mark.usefixtures("patient")
def test_caps_hold_for_letters_at_once(world: World) -> None:
    """P3: three an hour is three an hour, though six letters of one sender to two teams are decided at the same moment."""
    at_once(
        world,
        [
            (
                letter(
                    to=f"{inbox}@northgate.example",
                    subject=f"Matter {number}",
                    text=f"Words {number}.\n",
                    message_id=f"<{number}@r.example>",
                ),
                inbox,
            )
            for number, inbox in enumerate(["housing", "streets"] * 3)
        ],
    )

    assert len(world.db.run("SELECT 1 FROM letters")) == 6
    assert len(world.outbox("acknowledgement")) + len(world.outbox("receipt")) == 3
    assert world.db.run("SELECT 1 FROM letters WHERE state = 'quarantined'") == []


@pytest.mark.usefixtures("patient")
def test_loads_are_shared_out_at_once(world: World) -> None:
    """P4: four cases opened at the same moment are two for each of two people."""
    at_once(
        world,
        [
            (
                letter(sender=f"P <p{one}@r.example>", subject=f"Matter {one}", message_id=f"<{one}@r.example>"),
                "housing",
            )
            for one in range(4)
        ],
    )
    loads = {row["staff"]: row["open_cases"] for row in world.db.run("SELECT staff, open_cases FROM staff_load")}

    assert loads == {"priya": 2, "sam": 2}


def test_one_claim_for_one_mail(tmp_path: Path) -> None:
    """P2: whatever number of workers claim at once, each mail is claimed by one."""
    world = World(tmp_path)
    for number in range(10):
        world.receive(
            letter(sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        )
    with ThreadPoolExecutor(8) as pool:
        claims = list(
            pool.map(lambda worker: outbox.claim(world.db, "default", str(worker), world.now, 300, 5), range(12))
        )
    ids = [one.id for claim in claims for one in claim]

    assert sorted(ids) == list(range(1, 21))
    world.close()


def test_migrations_climb_and_newer_stores_are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step from the first schema to today's; applied once; a store of a later version is left alone."""
    store = open_database(url)
    steps = (*schema.MIGRATIONS, ("CREATE TABLE later (id {id}, words TEXT NOT NULL, raw {bytes})",))
    for count in range(1, len(steps) + 1):
        monkeypatch.setattr("ackbot.store.database.MIGRATIONS", steps[:count])
        store.migrate()
        store.migrate()
    assert [row["number"] for row in store.run("SELECT number FROM migrations ORDER BY number")] == list(
        range(1, len(steps) + 1)
    )
    assert store.run("INSERT INTO later (words, raw) VALUES ('', :raw) RETURNING id", raw=b"\0")[0]["id"] == 1
    monkeypatch.undo()
    with pytest.raises(StoreProblem, match="newer"):
        store.migrate()
    with pytest.raises(StoreProblem, match="newer"):
        open_database(url, read_only=True)
    store.close()


def test_what_reasons_told_becomes_a_column(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """E7: letters that were taken for spam, or condemned, before the update are judged by themselves when a clean copy comes."""
    store = open_database(url)
    monkeypatch.setattr("ackbot.store.database.MIGRATIONS", schema.MIGRATIONS[:2])
    store.migrate()
    forged = "the trusted server says the sender's address is forged (DMARC fail)"
    rows = [
        ("spam", "the spam filter condemned it"),
        ("letter", forged),
        ("reply", forged),
        ("letter", "it is a letter"),
    ]
    for number, (kind, why) in enumerate(rows):
        store.run(
            "INSERT INTO letters (fingerprint, state, message_id, from_key, subject, subject_key, text, text_hash, headers, "
            "language, arrived_at, kind, outcome, rule, why, acknowledged) VALUES (:fingerprint, 'decided', '', '', '', '', '', "
            "'', '{}', '', '', :kind, 'record', '', :why, :no)",
            fingerprint=f"{number}",
            kind=kind,
            why=why,
            no=False,
        )
    mail_of_the_first_schema(store, 1, "receipt", "receipt:1", "queued")
    store.run("UPDATE outbox SET recipient_key = 'a+b@resident.example'")
    monkeypatch.undo()
    store.migrate()

    assert [row["by_way"] for row in store.run("SELECT by_way FROM letters ORDER BY id")] == [
        "marks",
        "forged",
        "forged",
        "",
    ]
    assert store.run("SELECT mailbox FROM outbox")[0]["mailbox"] == "a+b@resident.example"
    store.close()


def mail_of_the_first_schema(store: Database, number: int, kind: str, key: str, state: str) -> None:
    store.run(
        "INSERT INTO outbox (id, dedupe_key, state, kind, priority, code, inbox, lane, staff, recipient, recipient_key, "
        "envelope_from, message_id, content, attachments, created_at, not_before) VALUES (:id, :key, :state, :kind, 1, "
        "'7H429P', '', '', '', '', '', '', '', :content, '', '', '')",
        id=number,
        key=key,
        state=state,
        kind=kind,
        content=b"",
    )


def test_what_keys_told_becomes_columns(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: whoever was asked how we did, what was told, and which notice names one case alone is still known after an update."""
    store = open_database(url)
    monkeypatch.setattr("ackbot.store.database.MIGRATIONS", schema.MIGRATIONS[:1])
    store.migrate()
    store.run(
        "INSERT INTO cases (code, state, inbox, resident_address, resident_name, subject, team, owner, standard, language, "
        "sensitive, opened_at, last_letter_at) VALUES ('7H429P', 'open', '', '', '', '', '', '', '', '', :no, '', '')",
        no=False,
    )
    for number, (kind, key, state) in enumerate(
        (
            ("settled", "settled:7H429P:2026-12-07", "accepted"),
            ("settled", "closed:7H429P:2026-12-08", "accepted"),
            ("acknowledgement", "ack:f00d", "unverified"),
            ("admin", "unverified:ack:f00d", "accepted"),
            ("acknowledgement", "ack:beef", "unverified"),
            ("cover", "cover:7H429P:dana:2026-12-07", "queued"),
            ("cover", "cover:7H429P:dana:2026-12-07:several-2", "queued"),
            ("digest", "digest:sam:2026-12-07", "accepted"),
        ),
        1,
    ):
        mail_of_the_first_schema(store, number, kind, key, state)
    monkeypatch.undo()
    store.migrate()

    def ids(where: str) -> list[int]:
        return [row["id"] for row in store.run(f"SELECT id FROM outbox WHERE {where} ORDER BY id")]

    assert (ids("asks_feedback"), ids("told")) == ([1], [3])
    assert ids("id IN (SELECT outbox_id FROM outbox_cases WHERE code = '7H429P')") == [6]
    store.close()


def test_two_start_together(url: str) -> None:
    """P1: however many processes bring the schema up to date at once, it is done once."""
    stores = [open_database(url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda store: store.migrate(), stores))

    assert len(stores[0].run("SELECT 1 FROM migrations")) == len(schema.MIGRATIONS)
    for store in stores:
        store.close()


def test_a_store_with_nothing_in_it(url: str) -> None:
    """D71: `explain` and `show` make no store, and say that `ackbot run` does."""
    with pytest.raises(StoreMissing, match="ackbot run"):
        open_database(url, read_only=True)
    open_database(url).close()
    with pytest.raises(StoreMissing, match="ackbot run"):
        open_database(url, read_only=True)


def test_reading_writes_nothing(url: str) -> None:
    """D71: a store opened to be looked at cannot be written."""
    store = open_database(url)
    store.migrate()
    reader = open_database(url, read_only=True)
    with pytest.raises(StoreBusy, match=r"read-?only"):
        reader.run("INSERT INTO settings (name, value) VALUES ('a', 'b')")
    reader.close()

    assert store.run("SELECT 1 FROM settings") == []
    store.close()


def test_everything_comes_back_as_it_was_given(db: Database) -> None:
    """Words of every script, quotes, percent signs, colons and raw bytes; and a word in quotes is no parameter."""
    words = "100 % of 'it': \"ŷ\" \\ :name %(name)s %s \N{GRINNING FACE}"
    db.run("INSERT INTO settings (name, value) VALUES (:name, :value)", name="a", value=words)
    assert db.run("SELECT value, ':name %' AS quoted FROM settings WHERE name = :name", name="a")[0]["value"] == words
    assert db.run("SELECT ':name %' AS quoted, :a AS a", a="1")[0]["quoted"] == ":name %"
    everything = bytes(range(256))
    db.run(
        "INSERT INTO letters (fingerprint, state, message_id, from_key, subject, subject_key, text, text_hash, headers, language, "
        "arrived_at, kind, outcome, rule, why, acknowledged, raw) VALUES ('f', 'quarantined', '', '', '', '', '', '', '', '', "
        "'', '', '', '', '', :no, :raw)",
        no=False,
        raw=everything,
    )

    assert bytes(db.run("SELECT raw FROM letters")[0]["raw"]) == everything


def test_text_sorts_by_its_bytes(db: Database) -> None:
    """Whatever the database's locale: capitals before small letters, and instants as they stand."""
    for name in ("b", "B", "a", "A", "ä", "2026-11-30T10:12:00.000000Z", "2026-11-30T09:12:00.000001Z", "_"):
        db.run("INSERT INTO settings (name, value) VALUES (:name, '')", name=name)
    names = [row["name"] for row in db.run("SELECT name FROM settings ORDER BY name")]

    assert names == sorted(names, key=str.encode)


def test_the_stores_own_clock(db: Database) -> None:
    """Leases go by the store's clock, in seconds since 1970; it runs."""
    first = db.run(f"SELECT {db.clock} AS at")[0]["at"]
    second = db.run(f"SELECT {db.clock} AS at")[0]["at"]

    assert abs(first - time.time()) < 60
    assert first <= second


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
        with pytest.raises(Exception, match=r"(?i)unique|foreign|constraint"):
            world.db.run(statement)
    world.close()


def test_instants_sort_as_text() -> None:
    """Fixed width, UTC, to the microsecond and back."""
    early = datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    late = datetime(2026, 7, 1, 8, 0, 0, 1, tzinfo=UTC)

    assert text_of(early) == "2026-07-01T08:00:00.000000Z"
    assert text_of(early) < text_of(late)
    assert instant_of(text_of(late)) == late


def test_empty_lists_match_nothing(db: Database) -> None:
    """`IN ()` is no SQL; an empty list finds no row."""
    placeholders, parameters = listed("c", [])

    assert db.run(f"SELECT 1 FROM cases WHERE code IN ({placeholders})", **parameters) == []
