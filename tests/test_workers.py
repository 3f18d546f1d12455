"""Several workers on one store: leases, claims and limits that end or hold by the store's own clock; a share for each."""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ackbot.demo.servers import MailServer, Sink
from ackbot.store import Database, leases, open_database, outbox, relay_allowance
from ackbot.work.threads import Lease
from tests.support import council
from tests.support.council import USERS, World, configured
from tests.support.letters import letter
from tests.support.postgres import PostgresServer
from tests.support.servers import PASSWORD, Ackbot, run, until_true

both = pytest.mark.usefixtures("store")
shared = pytest.mark.parametrize("store", ["postgres"], indirect=True)
DAY = 86_400


@pytest.fixture
def db(store: str, tmp_path: Path) -> Iterator[Database]:
    made = open_database(council.new_store() or f"sqlite:///{tmp_path}/store.db")
    made.migrate()
    yield made
    made.close()


def test_a_lease_has_one_holder(db: Database) -> None:
    """D11: the first worker has the lease until it gives it back or does not renew it in time."""
    assert leases.take(db, "inbox a", "first", 60)
    assert not leases.take(db, "inbox a", "second", 60)
    assert leases.free(db, ["inbox a", "inbox b"]) == ["inbox b"]
    assert "inbox a" in leases.renew(db, "first", 60)
    leases.give_back(db, "inbox a", "second")  # is not its to give
    assert not leases.take(db, "inbox a", "second", 60)
    leases.give_back(db, "inbox a", "first")

    assert leases.take(db, "inbox a", "second", 60)


def test_a_frozen_holder_finds_its_lease_gone(db: Database) -> None:
    """D11: another worker may take a lease that ended; then the first one no longer has it, even if it renews."""
    assert leases.take(db, "inbox a", "frozen", -1)
    assert leases.take(db, "inbox a", "other", 60)

    assert "inbox a" not in leases.renew(db, "frozen", 60)
    assert leases.workers(db) == ["frozen"]  # alive again, and without inboxes
    assert "inbox a" in leases.renew(db, "other", 60)


def test_a_clock_set_back_keeps_no_lease_alive(db: Database) -> None:
    """D11: a lease that would end in an hour was given before the store's clock was set back; its holder may be long dead."""
    assert leases.take(db, "inbox a", "dead", 3_600)
    assert leases.free(db, ["inbox a"]) == ["inbox a"]

    assert leases.take(db, "inbox a", "other", 60)


def test_a_lease_that_ended_stays_so() -> None:
    """P1: a watcher that saw its lease end and stopped half-way must not go on, so a renewal that is too late does not count."""
    lease = Lease(time.monotonic() - 1)
    assert lease.is_set()
    lease.until = time.monotonic() + 60

    assert lease.is_set()
    lease.close()


def in_hand(world: World, state: str = "claimed") -> list[outbox.Outgoing]:
    """Mails of a letter that worker `frozen` has in hand."""
    world.receive(letter())
    mails = outbox.claim(world.db, "default", "frozen", world.now, 60, 20)
    if state == "sending":
        assert all(outbox.begin_sending(world.db, one, "frozen") for one in mails)
    return mails


def rows(world: World) -> list[dict[str, Any]]:
    """The outbox and its history, whole."""
    return world.outbox() + [dict(row) for row in world.db.run("SELECT * FROM events ORDER BY id")]


@both
@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_a_frozen_worker_changes_nothing(world: World, state: str) -> None:
    """P2: others took its mails over and are sending them; whatever it wakes up to write touches no row."""
    mails = in_hand(world, state)
    world.db.run("UPDATE outbox SET lease_until_s = 0")
    outbox.recover(world.db, world.now, alone=False)
    for one in outbox.due_unknown(world.db, "default", world.now + timedelta(hours=1)):
        outbox.resend(world.db, one, world.now)
    others = outbox.claim(world.db, "default", "other", world.now, 60, 20)
    assert len(others) == len(mails) == 2
    assert all(outbox.begin_sending(world.db, one, "other") for one in others)
    before = rows(world)
    for one in mails:
        assert not outbox.begin_sending(world.db, one, "frozen")
        assert not outbox.failed(world.db, one, "550", world.now)
        assert not outbox.unknown(world.db, one, "lost", world.now)
        outbox.again_later(world.db, one, "451", world.now)
        outbox.accepted(world.db, one, "250", world.now)
        outbox.unclaim(world.db, [one.id], "frozen")

    assert rows(world) == before


@both
def test_the_frozen_workers_late_250_is_believed(world: World) -> None:
    """P2: while nobody has sent it again, the word of the relay that it was taken ends the doubt."""
    mails = in_hand(world, "sending")
    world.db.run("UPDATE outbox SET lease_until_s = 0")
    outbox.recover(world.db, world.now, alone=False)
    assert {mail["state"] for mail in world.outbox()} == {"unknown"}
    for one in mails:
        outbox.accepted(world.db, one, "250 2.0.0 ok", world.now)

    assert {mail["state"] for mail in world.outbox()} == {"accepted"}


@both
@shared
def test_what_a_dead_worker_claimed_goes_out_at_once(world: World) -> None:
    """P1, P2: a dead worker's claims are taken over before their five minutes end; those of a live worker are not."""
    leases.renew(world.db, "frozen", 60)
    in_hand(world)
    outbox.recover(world.db, world.now, alone=False)
    assert {mail["state"] for mail in world.outbox()} == {"claimed"}
    leases.renew(world.db, "frozen", -1)
    outbox.recover(world.db, world.now, alone=False)

    assert {mail["state"] for mail in world.outbox()} == {"queued"}


def test_a_relays_limits_are_shared(db: Database) -> None:
    """D49: 28 a minute are 28 of all workers together; what was taken and not sent is there for another."""
    assert relay_allowance.take(db, "a", 28, 0, 20) == (20, 0.0)
    assert relay_allowance.take(db, "a", 28, 0, 20) == (8, 0.0)
    free, wait = relay_allowance.take(db, "a", 28, 0, 20)
    assert free == 0
    assert 0 < wait <= 61
    assert relay_allowance.take(db, "b", 28, 0, 20) == (20, 0.0)  # another login
    relay_allowance.give_back(db, "a", 5)
    assert relay_allowance.take(db, "a", 28, 0, 20) == (5, 0.0)
    db.run("UPDATE relay_use SET second = second - 62 WHERE lane = 'a'")

    assert relay_allowance.take(db, "a", 28, 0, 20) == (20, 0.0)


def test_a_relays_day_is_shared(db: Database) -> None:
    """D49: 10,000 a day, of which the last are for alarms and people's words; a day later they are free again, and forgotten."""
    assert relay_allowance.take(db, "a", 0, 30, 20) == (20, 0.0)
    db.run("UPDATE relay_use SET second = second - 3600")
    assert relay_allowance.take(db, "a", 0, 30, 20) == (9, 0.0)
    assert relay_allowance.take(db, "a", 0, 30, 20) == (0, 60.0)
    assert relay_allowance.take(db, "a", 0, 30, 20, spare=True) == (1, 0.0)
    assert relay_allowance.take(db, "a", 0, 30, 20, spare=True) == (0, 60.0)
    db.run("UPDATE relay_use SET second = second - :day", day=DAY)

    assert relay_allowance.take(db, "a", 0, 30, 20) == (20, 0.0)
    assert len(db.run("SELECT 1 FROM relay_use")) == 1
    assert relay_allowance.take(db, "b", 0, 0, 20) == (20, 0.0)
    assert len(db.run("SELECT 1 FROM relay_use")) == 1


def holders(url: str) -> dict[str, str]:
    """Who has which lease that has not ended; looked at from outside, whatever version made the store."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('leases')").fetchone() == (None,):
            return {}
        return dict(
            connection.execute(
                "SELECT name, worker FROM leases WHERE until_s >= EXTRACT(EPOCH FROM clock_timestamp())"
            ).fetchall()
        )


def shares(url: str) -> list[int]:
    """How many inboxes each worker that is alive has, fewest first."""
    held = holders(url)
    alive = [worker for name, worker in held.items() if name.startswith("worker ")]
    return sorted(sum(name.startswith("inbox ") and held[name] == one for name in held) for one in alive)


def residents(number: int) -> set[str]:
    """Who wrote the letters of that number, one to each inbox."""
    return {f"{inbox}{number}@r.example" for inbox in ("housing", "streets")}


def test_two_workers_share_and_one_dies(tmp_path: Path, postgres: PostgresServer) -> None:
    """D11, P1, P2: the second takes its share from the first; a killed one's inboxes and rounds are taken over; one answer each."""
    url = postgres.new()
    with MailServer(dict.fromkeys(USERS, PASSWORD)) as imap, Sink() as sink:
        config = configured(tmp_path, imap.port, sink.port, ("sqlite:///ackbot.db", url))

        def write(number: int) -> None:
            for inbox in ("housing", "streets"):
                name = f"{inbox}{number}"
                mail = letter(sender=f"P <{name}@r.example>", subject=name, text=name, message_id=f"<{name}@r.example>")
                imap.append(f"{inbox}@northgate.example", mail)

        with Ackbot(config) as first:
            first.wait_for_log('"watching"', 3)
            second = Ackbot(config).start()
            assert until_true(lambda: shares(url) == [1, 2], 30), holders(url)
            status = run([sys.executable, "-m", "ackbot.cli", "-c", str(config), "status", "--json"]).stdout
            assert len(json.loads(status)["workers"]) == 2
            write(1)
            assert sink.wait_for(lambda mails: residents(1) <= {mail.recipients[0] for mail in mails})
            second.signal(signal.SIGKILL)
            assert second.wait() == -9
            write(2)
            assert sink.wait_for(lambda mails: residents(2) <= {mail.recipients[0] for mail in mails}, 40)
            assert until_true(lambda: shares(url) == [3], 30), holders(url)
            assert len(set(holders(url).values())) == 1
        assert holders(url) == {}

    ours = Counter(mail.recipients[0] for mail in sink.mails if "northgate" not in mail.recipients[0])
    assert ours == dict.fromkeys(residents(1) | residents(2), 1)
