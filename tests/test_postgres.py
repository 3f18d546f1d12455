"""PostgreSQL only: lost connections, transactions that conflict, and errors that must not quote rows."""

import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ackbot.demo.servers import MailServer, Sink
from ackbot.store import Database, StoreBusy, StoreConflict, StoreProblem, cases, growth, open_database
from ackbot.work.intake import Intake
from tests.support import council
from tests.support.council import USERS, World, configured
from tests.support.letters import letter
from tests.support.postgres import PostgresServer
from tests.support.servers import PASSWORD, Ackbot, run, until_true

pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.parametrize("store", ["postgres"], indirect=True)]


@pytest.fixture
def url(store: str) -> str:
    return council.new_store()


def hang_up(url: str) -> None:
    """The server ends every other connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ackbot' AND pid <> pg_backend_pid()"
        )


def test_a_council_on_postgresql(url: str, tmp_path: Path) -> None:
    """`store.url` alone: `check`, the daemon as a process, its restart, and every command that looks or mends (P1, P2)."""
    with MailServer(dict.fromkeys(USERS, PASSWORD)) as imap, Sink() as sink:
        config = configured(tmp_path, imap.port, sink.port, ("sqlite:///ackbot.db", url))

        def ackbot(*words: str) -> str:
            done = run([sys.executable, "-m", "ackbot.cli", "-c", str(config), *words])
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        ackbot("check")
        with Ackbot(config) as first:
            first.wait_for_log('"watching"', 3)
            imap.append("housing@northgate.example", letter())
            assert sink.wait_for(lambda mails: len(mails) == 2)
        with Ackbot(config) as second:
            second.wait_for_log('"watching"', 6)
            hang_up(url)
            imap.append("housing@northgate.example", letter(sender="Ann <ann@r.example>", message_id="<2@r.example>"))
            assert sink.wait_for(lambda mails: len(mails) == 4)
            assert "not fine" not in ackbot("status")
            assert "2 open" in ackbot("status")
        assert "RBN-" in ackbot("cases")
        assert "acknowledgement" in ackbot("show", "edward@resident.example")
        (tmp_path / "mail.eml").write_bytes(letter())
        assert "answered  no" in ackbot("explain", str(tmp_path / "mail.eml"))
        ackbot("pause")
        paused = run([sys.executable, "-m", "ackbot.cli", "-c", str(config), "status"])
        assert paused.returncode == 1  # a pause is red (E61)
        assert "paused: everything" in paused.stdout
        ackbot("resume")

    assert sorted(mail.recipients[0] for mail in sink.mails if "northgate" not in mail.recipients[0]) == [
        "ann@r.example",
        "edward@resident.example",
    ]


def test_a_lost_connection_is_busy_and_then_well(db: Database, url: str) -> None:
    """P1: the statement is to be tried again; the next one has a new connection."""
    hang_up(url)
    with pytest.raises(StoreBusy):
        db.run("SELECT 1 AS one")

    assert db.run("SELECT 1 AS one")[0]["one"] == 1


def test_a_connection_lost_in_a_transaction_keeps_nothing(db: Database, url: str) -> None:
    """P1: no half of it stays, and the thread can begin another."""
    with pytest.raises(StoreBusy), db.transaction():
        db.run("INSERT INTO settings (name, value) VALUES ('a', 'first')")
        hang_up(url)
        db.run("INSERT INTO settings (name, value) VALUES ('b', 'first')")
    with db.transaction():
        db.run("INSERT INTO settings (name, value) VALUES ('b', 'second')")

    assert [row["value"] for row in db.run("SELECT value FROM settings")] == ["second"]


def test_no_server_is_busy_until_it_is_back() -> None:
    """P1: a restart of the server is waited for; nothing has to be started again."""
    with PostgresServer() as server:
        db = open_database(server.new())
        db.migrate()
        server.stop()
        for _ in range(3):
            with pytest.raises(StoreBusy):
                db.run("SELECT 1 AS one")
        server.start()

        assert db.run("SELECT COUNT(*) AS n FROM migrations")[0]["n"] >= 1
        db.close()


def test_a_deadlock_is_a_conflict(db: Database) -> None:
    """D11: two that wait for each other: the database ends one, which is told to begin again; the other is kept."""
    for name in ("a", "b"):
        db.run("INSERT INTO settings (name, value) VALUES (:name, '')", name=name)
    meet = threading.Barrier(2)

    def swap(first: str, second: str) -> str:
        try:
            with db.transaction():
                sql = "UPDATE settings SET value = :by WHERE name = :name RETURNING name"
                assert (
                    len(db.run(sql, by=first, name=first)) == 1
                )  # looked at: until then it need not be with the server
                meet.wait(60)
                db.run("UPDATE settings SET value = :by WHERE name = :name", by=first, name=second)
        except StoreConflict:
            return "conflict"
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(swap, "ab", "ba"))

    assert ends == ["conflict", "kept"]
    assert len({row["value"] for row in db.run("SELECT value FROM settings")}) == 1


def test_a_letter_that_met_another_is_decided_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """D11, P1: a conflict is no fault of the mail, and does not make the watch come back later."""
    decide, met = Intake._decide, []

    def meets(*arguments: object) -> int:
        met.append(1)
        if len(met) < 3:
            raise StoreConflict("deadlock detected")
        return decide(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "_decide", meets)
    row = world.receive(letter())

    assert row["state"] == "decided"
    assert len(met) == 3


def test_who_decides_over_a_case_has_it_alone(world: World) -> None:
    """P2: a second transaction sees the case as the first one left it."""
    world.receive(letter())
    code = world.cases()[0]["code"]
    seen = []

    def second() -> None:
        with world.db.transaction():
            seen.append(cases.by_code(world.db, [code])[code].state)

    with world.db.transaction():
        cases.by_code(world.db, [code])
        thread = threading.Thread(target=second)
        thread.start()
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        assert until_true(lambda: seen or world.db.run(waiting))
        world.db.run("UPDATE cases SET state = 'answered' WHERE code = :code", code=code)
    thread.join(60)

    assert seen == ["answered"]


def test_a_changed_schema_under_prepared_statements(db: Database, url: str) -> None:
    """A rolling restart with a migration: who still runs is told to begin again, once, and goes on."""
    for _ in range(8):  # as often as makes psycopg prepare it
        db.run("SELECT * FROM settings WHERE name = :name", name="a")
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER TABLE settings ADD COLUMN more TEXT")
    with pytest.raises(StoreConflict):
        db.run("SELECT * FROM settings WHERE name = :name", name="a")

    assert db.run("SELECT * FROM settings WHERE name = :name", name="a") == []


def test_an_error_tells_no_row(world: World) -> None:
    """P11: PostgreSQL quotes the row that breaks a rule; what reaches the log does not."""
    world.receive(letter())
    for statement in (
        "UPDATE cases SET state = 'forgotten'",
        "INSERT INTO parties (code, address) SELECT code, address FROM parties",
    ):
        with pytest.raises(psycopg.IntegrityError) as caught:
            world.db.run(statement)
        chain = f"{caught.value} {caught.value.__cause__} {caught.value.__context__ if not caught.value.__suppress_context__ else ''}"

        assert "edward" not in chain.lower()


def test_a_nul_in_a_letter_is_kept_as_a_sign(world: World) -> None:
    """D5: PostgreSQL takes no NUL in text; the letter is a case all the same."""
    row = world.receive(letter(subject="Bad\0bin", text="No\0bin.\n", message_id="<a\0b@r.example>"))

    assert row["state"] == "decided"
    assert "\0" not in row["text"] + row["subject"] + row["message_id"]


def test_an_endless_message_id_is_a_letter_like_any_other(world: World) -> None:
    """D4: an index of PostgreSQL holds a third of 8 KB; a Message-ID that no line of a mail may hold is none (RFC 5322 §2.1.1)."""
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6_000))
    row = world.receive(letter(sender=f"P <{noise}@resident.example>", message_id=f"<{noise}@r.example>"))

    assert row["state"] == "decided"


def test_others_are_called(db: Database, url: str) -> None:
    """LISTEN and NOTIFY: what one worker put into the outbox wakes the others."""
    other = open_database(url)
    assert not other.wait_for_call(0)
    db.call_others()

    assert other.wait_for_call(5)
    hang_up(url)
    with pytest.raises(StoreBusy):
        other.wait_for_call(1)
    assert not other.wait_for_call(0)
    other.close()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("postgresql://ackbot:hidden@127.0.0.1:1/ackbot", "refused"),
        ("postgresql://ackbot:hidden@/nowhere?host={folder}", "createdb"),
        ("postgresql://ackbot:hidden@/nowhere?sslmode=perhaps", "sslmode"),
    ],
)
def test_what_cannot_be_opened_says_why(postgres: PostgresServer, wrong: str, what: str) -> None:
    """P10: one sentence that says what to do, without the password."""
    with pytest.raises(StoreProblem, match=what) as caught:
        open_database(wrong.format(folder=postgres.folder))

    assert "hidden" not in str(caught.value)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """P10: it names what to install."""
    monkeypatch.delitem(sys.modules, "ackbot.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreProblem, match=r"pip install .*psycopg"):
        open_database("postgresql://ackbot@host/ackbot")


def test_what_the_server_refused_is_not_logged(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """P11: the error of a statement that nobody waited for comes second to another error, and its words go nowhere."""
    with pytest.raises(LookupError), db.transaction():
        for _ in range(2):  # the second is refused, and the server's message quotes it
            db.run("INSERT INTO people (address) VALUES ('secret@resident.example')")
        raise LookupError
    with pytest.raises(psycopg.errors.UniqueViolation, match="duplicate key") as refused, db.transaction():
        for _ in range(2):
            db.run("INSERT INTO people (address) VALUES ('secret@resident.example')")

    assert "secret" not in caplog.text + str(refused.value)
    assert not db.run("SELECT * FROM people")


def test_a_new_store_is_looked_at_while_it_grows(db: Database) -> None:
    """Plans are made of what the server believes; before its own first look, it believes that every table is nearly empty."""
    believed = (
        "SELECT reltuples AS n FROM pg_class WHERE relname = 'settings' "
        "AND relnamespace = CAST(current_schema() AS regnamespace)"
    )
    for number in range(100):
        with db.transaction():
            db.run("INSERT INTO settings (name, value) VALUES (:name, '')", name=str(number))

    assert min(growth.LOOKED_AT) - 10 <= db.run(believed)[0]["n"] <= min(growth.LOOKED_AT)
