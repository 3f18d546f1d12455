"""Backup and restore: whole or not at all, and nobody is written to a second time without the admin's word."""

import contextlib
import fcntl
import json
import signal
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ackbot.crashpoints import VARIABLE
from ackbot.demo.servers import MailServer, Sink
from ackbot.store import StoreLocked, backups, open_database, outbox
from ackbot.work import keeping
from tests.conftest import missing
from tests.support.council import World, configured
from tests.support.letters import by, letter
from tests.support.outside import ackbot, done, look, residents
from tests.support.servers import INSTALL_DOVECOT, Ackbot, Dovecot, until_true
from tests.support.story import Story, answer, rounds_of


def everything_sent(folder: Path) -> bool:
    """Nothing is on its way."""
    return look(folder, "SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'claimed', 'sending')") == [(0,)]


def test_yesterdays_backup(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """
    P1, P2, D14, behaviour.md §5.2: letters newer than the backup are cases and their owners hear of them; nobody is
    acknowledged a second time until `release`, and then under the same Message-ID; the admin is told once.
    """
    config, backup = configured(tmp_path, imap.port, sink.port), tmp_path / "backup"
    with Ackbot(config) as daemon:
        daemon.wait_for_log('"watching"', 3)
        imap.append("housing@northgate.example", by(1))
        assert sink.wait_for(lambda mails: len(mails) == 2)
        assert "1 cases, 1 letters" in done(config, "backup", str(backup))
        for number in (2, 3):
            imap.append("housing@northgate.example", by(number))
        assert sink.wait_for(lambda mails: len(mails) == 6)
        refused = ackbot(config, "restore", str(backup), "--replace")
        assert refused.returncode == 1
        assert "another `ackbot run` has the store" in refused.stderr
    before = residents(sink)
    sink.mails.clear()
    refused = ackbot(config, "restore", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert "is now" in done(config, "restore", str(backup), "--replace")
    with Ackbot(config) as daemon:
        assert sink.wait_for(lambda mails: len(mails) == 3)
        imap.append("housing@northgate.example", by(4))
        assert sink.wait_for(lambda mails: len(mails) == 5)
    with Ackbot(config) as daemon:  # a restart changes nothing
        daemon.wait_for_log('"watching"', 9)
        red = ackbot(config, "status")
    assert red.returncode == 1
    assert "the store is a backup of" in red.stdout
    assert "2 mails are held (restore)" in red.stdout
    assert look(tmp_path, "SELECT COUNT(*), COUNT(DISTINCT code) FROM cases") == [(4, 4)]
    assert set(residents(sink)) == {"p4@resident.example"}
    recipients = [mail.recipients[0] for mail in sink.mails]
    assert recipients.count("admins@northgate.example") == 1
    with Ackbot(config):
        assert "released 2 mails" in done(config, "release")
        assert until_true(lambda: len(residents(sink)) == 3)
        assert until_true(lambda: everything_sent(tmp_path))
        assert json.loads(ackbot(config, "status", "--json").stdout)["restored"] is None
    again = residents(sink)

    assert {one: ids for one, ids in again.items() if one != "p4@resident.example"} == {
        f"p{number}@resident.example": before[f"p{number}@resident.example"] for number in (2, 3)
    }
    assert {len(ids) for ids in again.values()} == {1}


def test_all_of_it_was_sent_before(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P2, P5: the admin knows from the relay's log that it went out: then it does not again, and its dates are promises."""
    config, backup = configured(tmp_path, imap.port, sink.port), tmp_path / "backup"
    with Ackbot(config) as daemon:
        daemon.wait_for_log('"watching"', 3)
    done(config, "backup", str(backup))
    with Ackbot(config) as daemon:
        daemon.wait_for_log('"watching"', 6)
        imap.append("housing@northgate.example", by(1))
        assert sink.wait_for(lambda mails: len(mails) == 2)
    done(config, "restore", str(backup), "--replace")
    with Ackbot(config):
        assert until_true(lambda: look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE held_for = 'restore'") == [(1,)])
        assert look(tmp_path, "SELECT COUNT(*) FROM clocks WHERE told") == [(0,)]
        done(config, "release", "--sent")

    assert look(tmp_path, "SELECT state FROM outbox WHERE kind = 'acknowledgement'") == [("cancelled",)]
    assert look(tmp_path, "SELECT COUNT(*) FROM clocks WHERE told AND state = 'running'") == [(1,)]
    assert len(residents(sink)["p1@resident.example"]) == 1


def test_an_inbox_that_the_backup_does_not_know(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P1: it was added since; its letters since the backup are cases, though an inbox is watched from now on at first sight."""
    config, backup = configured(tmp_path, imap.port, sink.port), tmp_path / "backup"
    with Ackbot(config) as daemon:
        daemon.wait_for_log('"watching"', 3)
        done(config, "backup", str(backup))
        imap.append("housing@northgate.example", by(1))
        assert sink.wait_for(lambda mails: len(mails) == 2)
    with contextlib.closing(sqlite3.connect(backup, isolation_level=None)) as before:
        before.execute("DELETE FROM folders")
    done(config, "restore", str(backup), "--replace")
    with Ackbot(config):
        assert until_true(lambda: look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE held_for = 'restore'") == [(1,)])
        assert sink.wait_for(lambda mails: len(mails) == 4)

    assert [len(ids) for ids in residents(sink).values()] == [1]


def test_letters_that_were_moved(tmp_path: Path, sink: Sink) -> None:
    """
    P1, P2: letters that were taken in and moved after the backup are found where they lie now, and what their owner
    answered goes out once; what lies in the Sent folder is not sent again, `release` or not (D47).
    """
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    with Dovecot(tmp_path) as dovecot:
        user = "housing@northgate.example"
        with dovecot.client(user) as client:
            client.create_folder("Handled")
            client.create_folder("Sent")
        changed = ("# housing", 'after = "move:Handled"\nsent_folder = "Sent"')
        config, backup = configured(tmp_path, dovecot.port, sink.port, changed), tmp_path / "backup"
        with Ackbot(config) as daemon:
            daemon.wait_for_log('"watching"', 3)
            dovecot.append(user, by(1))
            assert sink.wait_for(lambda mails: len(mails) == 2)
            done(config, "backup", str(backup))
            for number in (2, 3):
                dovecot.append(user, by(number))
            assert sink.wait_for(lambda mails: len(mails) == 6)
            assert until_true(lambda: look(tmp_path, "SELECT COUNT(moved_uid) FROM arrivals") == [(3,)])
        with dovecot.client(user) as client:
            client.append("Sent", next(one.content for one in sink.mails if "p2@resident.example" in one.recipients))
        sink.mails.clear()
        done(config, "restore", str(backup), "--replace")
        with Ackbot(config) as daemon:
            assert sink.wait_for(lambda mails: len(mails) == 3)
            assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(3,)]
            assert residents(sink) == {}
            done(config, "release")
            assert until_true(lambda: "p3@resident.example" in residents(sink))
            daemon.wait_for_log('"sent"', 6 + 4)

    assert set(residents(sink)) == {"p3@resident.example"}
    assert look(tmp_path, "SELECT reply FROM outbox WHERE recipient = 'p2@resident.example'") == [
        ("seen in the Sent folder",)
    ]


@pytest.mark.parametrize("point", ["restore.prepared", "restore.secret", "restore.aside", ""])
def test_killed_while_putting_back(tmp_path: Path, world: World, point: str) -> None:
    """P1: whenever it dies, the old store is there, whole, or the new one; and a second attempt succeeds."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    world.receive(by(1))
    done(config, "backup", str(backup))
    world.receive(by(2))
    world.close()
    (tmp_path / "secret").write_text("another secret, made since then\n")
    killed = ackbot(config, "restore", str(backup), "--replace", **({VARIABLE: point} if point else {}))
    assert killed.returncode == (-signal.SIGKILL if point else 0), killed.stderr
    db = open_database(world.config.store_url)
    backups.examine(db)
    assert backups.counts(db)["cases"] == (2 if point else 1)
    db.close()
    if point:
        done(config, "restore", str(backup), "--replace")
    (aside, *_) = sorted(tmp_path.glob("ackbot.db.before-*"))
    old = sqlite3.connect(aside)

    assert old.execute("SELECT COUNT(*) FROM cases").fetchone() == (2,)
    old.close()
    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(1,)]
    assert (tmp_path / "secret").read_text().splitlines() == [
        "a secret for tests, and nothing else",
        "another secret, made since then",
    ]
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("secret", "ackbot.db", "backup")} == {0o600}
    assert not [*tmp_path.glob("*.restoring*"), *tmp_path.glob("*.part")]


def test_killed_while_backing_up(tmp_path: Path, world: World) -> None:
    """Yesterday's backup is there until today's is whole."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    done(config, "backup", str(backup))
    world.receive(by(1))
    assert ackbot(config, "backup", str(backup), **{VARIABLE: "backup.written"}).returncode == -signal.SIGKILL
    assert "1 cases" in done(config, "backup", str(tmp_path / "other"))
    world.close()

    assert "0 cases" in done(config, "restore", str(backup), "--replace")


def test_what_a_killed_attempt_left(tmp_path: Path, world: World) -> None:
    """A log of SQLite's beside an unfinished file is not taken for part of the next one."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    world.receive(by(1))
    log = (tmp_path / "ackbot.db-wal").read_bytes()
    assert len(log) > 1000
    for name in ("backup.part", "ackbot.db.restoring"):
        (tmp_path / name).write_bytes(b"half")
        (tmp_path / f"{name}-wal").write_bytes(log)
    done(config, "backup", str(backup))
    world.close()
    done(config, "restore", str(backup), "--replace")

    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(1,)]
    assert not [*tmp_path.glob("*.restoring*"), *tmp_path.glob("*.part*")]


def test_a_fresh_machine(tmp_path: Path, make_world: Callable[..., World]) -> None:
    """The backup alone, and passwords, are enough: configuration, included files, templates, secret, store."""
    world = make_world()
    old, new = world.config.path.parent, tmp_path / "new"
    (old / "teams").mkdir()
    (old / "teams" / "night.toml").write_text('[[team]]\nname = "night"\nmembers = ["sam"]\nmanager = "alex"\n')
    world.config.path.write_text('include = ["teams/*.toml"]\n' + world.config.path.read_text())
    (old / "templates" / "en").mkdir(parents=True)
    (old / "templates" / "en" / "left-out.txt").write_text("Left out: {{ names|join(', ') }}\n")
    world.receive(by(1))
    done(world.config.path, "backup", str(tmp_path / "backup"))
    said = done(new / "ackbot.toml", "restore", str(tmp_path / "backup"))

    assert "is now" not in said
    for name in ("ackbot.toml", "secret", "teams/night.toml", "templates/en/left-out.txt"):
        assert (new / name).read_bytes() == (old / name).read_bytes(), name
    assert look(new, "SELECT COUNT(*) FROM cases") == [(1,)]
    assert done(new / "ackbot.toml", "cases")


def test_what_is_no_backup(tmp_path: Path, world: World) -> None:
    """What is damaged, or something else, is neither put back nor written over; the store stays as it was."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    world.receive(by(1))
    done(config, "backup", str(backup))
    for name in ("ackbot.db", "secret"):
        kept = (tmp_path / name).read_bytes()
        assert "is not a backup made by ackbot" in ackbot(config, "backup", str(tmp_path / name)).stderr
        assert "is not a backup made by ackbot" in ackbot(config, "restore", str(tmp_path / name), "--replace").stderr
        assert (tmp_path / name).read_bytes() == kept
    content = bytearray(backup.read_bytes())
    content[20_000:60_000] = bytes(40_000)
    (tmp_path / "torn").write_bytes(content)
    (tmp_path / "cut").write_bytes(backup.read_bytes()[:-30_000])
    for name, sql in (("senseless", "UPDATE cases SET state = 'lost'"), ("bereft", "DELETE FROM letters")):
        (tmp_path / name).write_bytes(backup.read_bytes())
        with contextlib.closing(sqlite3.connect(tmp_path / name, isolation_level=None)) as altered:
            altered.execute("PRAGMA ignore_check_constraints = ON")
            altered.execute(sql)
    for name in ("torn", "cut", "senseless", "bereft", "nowhere"):
        refused = ackbot(config, "restore", str(tmp_path / name), "--replace")
        assert refused.returncode == 1, name
        assert str(tmp_path / name) in refused.stderr
    assert ackbot(config, "restore").returncode == 2

    assert len(world.cases()) == 1
    assert not list(tmp_path.glob("*.before-*"))


def test_a_damaged_store_is_moved_aside(tmp_path: Path, world: World) -> None:
    """A damaged store does not stop a restore; it is moved aside."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    world.receive(by(1))
    done(config, "backup", str(backup))
    world.close()
    (tmp_path / "ackbot.db").write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 64)
    (tmp_path / "ackbot.db-wal").write_bytes(b"what the damaged store had not taken in yet")
    done(config, "restore", str(backup), "--replace")

    assert [one.read_bytes()[:4] for one in tmp_path.glob("*.before-*-wal")] == [b"what"]
    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(1,)]


def test_two_restores_in_one_second(tmp_path: Path, world: World) -> None:
    """E, P1: each store that was there gets a name of its own: a second restore neither fails nor loses what the first kept."""
    store, backup = tmp_path / "ackbot.db", tmp_path / "backup"
    world.close()
    keeping.back_up(world.config, backup, world.now)
    asides = []
    for number in (1, 2, 3):
        with contextlib.closing(sqlite3.connect(store)) as marked:
            marked.execute(f"PRAGMA user_version = {number}")
        asides.append(keeping.put_back(world.config, backup, world.now, replace=True).aside)
    store.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 64)
    Path(f"{store}-wal").write_bytes(b"what the damaged store had not taken in yet")
    damaged = keeping.put_back(world.config, backup, world.now, replace=True).aside

    assert len({*asides, damaged}) == 4
    for number, aside in enumerate(asides, start=1):
        assert aside is not None
        with contextlib.closing(sqlite3.connect(aside)) as kept:
            assert kept.execute("PRAGMA user_version").fetchone() == (number,)
    assert [one.name for one in tmp_path.glob("*.before-*-wal")] == [f"{damaged.name}-wal" if damaged else ""]
    assert look(tmp_path, "PRAGMA user_version") == [(0,)]


def test_a_name_with_another_stores_log_beside_it(tmp_path: Path, world: World) -> None:
    """E: an admin deleted an old store and left its log: SQLite would read that into whatever gets the name."""
    backup, log = tmp_path / "backup", tmp_path / f"ackbot.db.before-{world.now:%Y%m%dT%H%M%SZ}-wal"
    world.receive(by(1))
    log.write_bytes((tmp_path / "ackbot.db-wal").read_bytes())
    world.close()
    keeping.back_up(world.config, backup, world.now)
    aside = keeping.put_back(world.config, backup, world.now, replace=True).aside

    assert aside is not None
    assert not Path(f"{aside}-wal").exists()


def test_two_backups_at_once(tmp_path: Path, world: World) -> None:
    """E: another backup to the same file is under way: it keeps its unfinished file, and ours is whole."""
    backup, other = tmp_path / "backup", tmp_path / "backup.part"
    world.receive(by(1))
    other.write_bytes(b"half")
    with other.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert keeping.back_up(world.config, backup, world.now).cases == 1
        assert other.read_bytes() == b"half"
    keeping.back_up(world.config, backup, world.now)

    assert [one.name for one in tmp_path.glob("backup*")] == ["backup"]


def test_a_store_that_is_locked_is_not_damaged(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """E, P1: another program has the whole store to itself: nothing is moved from under it, the log least of all."""
    monkeypatch.setattr("ackbot.store.sqlite.BUSY_TIMEOUT_S", 0.05)
    backup = tmp_path / "backup"
    world.receive(by(1))
    keeping.back_up(world.config, backup, world.now)
    world.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "ackbot.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE cases SET subject = 'Mould'")
        with pytest.raises(StoreLocked, match="another program"):
            keeping.put_back(world.config, backup, world.now, replace=True)

    assert look(tmp_path, "SELECT subject FROM cases") == [("Mould",)]
    assert not list(tmp_path.glob("*.before-*"))


def test_a_snapshot_of_the_disk(tmp_path: Path, world: World) -> None:
    """design.md §3: a store that was put back by other means is marked, and holds as much."""
    world.receive(letter())
    world.close()

    assert "1 mails" in done(tmp_path / "ackbot.toml", "restore", "--mark")
    assert look(tmp_path, "SELECT kind, state, held_for FROM outbox ORDER BY id") == [
        ("acknowledgement", "held", "restore"),
        ("new-case", "queued", ""),
    ]


def test_the_store_of_a_server(tmp_path: Path, make_world: Callable[..., World]) -> None:
    """A server has a tool of its own, and is told which."""
    world = make_world()
    path = world.config.path
    path.write_text(path.read_text().replace("sqlite:///ackbot.db", "postgresql://ackbot@db/ackbot"))
    for words in (["backup", str(tmp_path / "b")], ["restore", str(tmp_path / "b")]):
        refused = ackbot(path, *words)
        assert refused.returncode == 1
        assert "pg_" in refused.stderr


def test_promises_wait_for_release(world: World) -> None:
    """
    behaviour.md §5.2, D48: what was promised up to the day of the restore may have been told; what an owner answered before
    is held, what is promised for later days goes its way.
    """
    world.receive(letter())
    world.db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at")
    world.now = datetime(2026, 12, 7, 16, tzinfo=UTC)
    backups.put_back(world.db, datetime(2026, 12, 5, 2, tzinfo=UTC), world.now)
    ticks = rounds_of(world)
    ticks.tick()
    assert world.outbox("no-news") == []
    outbox.release(world.db, "", world.now.date(), world.now)
    ticks.tick()

    assert [(mail["state"], mail["recipient"]) for mail in world.outbox("no-news")] == [
        ("queued", "edward@resident.example")
    ]


def test_words_of_staff_wait_for_release(make_story: Callable[..., Story]) -> None:
    """P2, P6: an owner's reply that is read once more is on record again, and does not go out again by itself."""
    story = make_story()
    story.receive(letter())
    story.db.run("UPDATE outbox SET state = 'accepted'")
    backups.put_back(story.db, story.now, story.now)
    raw = answer(
        bytes(story.mail("new-case")["content"]),
        "Dear Edward,\n\nWe come on Tuesday at ten.",
        "priya@northgate.example",
        when=story.now,
    )
    story.receive(raw, hold="backup")

    assert story.case()["state"] == "answered"
    assert (story.mail("human")["state"], story.mail("human")["held_for"]) == ("held", "restore")
    assert {mail["state"] for mail in story.outbox() if mail["staff"] and mail["kind"] != "new-case"} == {"queued"}


def test_nobody_reads_it_while_it_is_put_back(tmp_path: Path, world: World) -> None:
    """A program that reads the store keeps it: then it is not taken from under it."""
    config, backup = tmp_path / "ackbot.toml", tmp_path / "backup"
    world.receive(by(1))
    done(config, "backup", str(backup))
    reader = sqlite3.connect(tmp_path / "ackbot.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM cases").fetchall()
    refused = ackbot(config, "restore", str(backup), "--replace")
    reader.close()

    assert refused.returncode == 1
    assert "busy" in refused.stderr
    assert len(world.cases()) == 1
