"""What goes wrong around the daemon: the relay, the disk, the store, the clock. Each row of docs/faults.md names its test."""

import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import structlog.testing

from ackbot.demo.servers import MailServer
from ackbot.log import configure
from ackbot.store import StoreBusy, StoreProblem, lanes, outbox
from ackbot.wires import smtp
from ackbot.work import dispatch, watch
from ackbot.work.dispatch import Dispatcher
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import by, letter, parsed
from tests.support.story import rounds_of
from tests.support.watching import USER, Run, taken, until

TO_EDWARD = ["edward@resident.example"]


def states(world: World) -> list[tuple[str, str]]:
    """Kind and state of every mail, oldest first."""
    return [(mail["kind"], mail["state"]) for mail in world.outbox()]


def run(one: Dispatcher, rounds: int = 3) -> None:
    """A few rounds, as the thread would do them; the relay's trouble is over each time."""
    for _ in range(rounds):
        one._state = replace(one._state, quiet_until_s=0.0)
        one.round()


# -- the relay --------------------------------------------------------------------------------------------------------


def test_a_relay_that_is_busy(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49: 432 4.3.2: the whole lane waits, ever longer, nothing is dropped; acknowledgements go first when it is over."""
    for number in range(4):
        world.receive(by(number))
    with BadSmtp(lambda what, _: "432 4.3.2 sender thread limit exceeded" if what == "DOT" else None) as server:
        one = dispatcher(server)
        one.round()
        assert server.refused == 1  # and not one mail after the other
        assert one.round() > 5
        run(one, 2)
        assert [kind for kind, _ in states(world)].count("admin") == 0
        run(one, 1)
        assert [kind for kind, _ in states(world)].count("admin") == 1  # the fourth time in a row
        server.answer = None
        world.after(minutes=20)
        run(one, 4)
    kinds = [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails]

    assert {state for _, state in states(world)} == {"accepted"}
    assert kinds.count("acknowledgement") == 4
    assert lanes.known(world.db)[0]["reason"] == ""


@pytest.mark.parametrize("how", ["DROP", "HANG"])
def test_a_relay_that_dies_in_the_middle_of_a_mail(
    world: World, dispatcher: Callable[..., Dispatcher], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D47, P2: before the final dot nothing was taken: each mail goes out once and soon, none is doubted for 15 minutes."""
    monkeypatch.setattr(smtp, "_TIMEOUT_S", 1.0)
    world.receive(letter())
    for mail in world.outbox():
        world.db.run(
            "UPDATE outbox SET content = :long WHERE id = :id",
            id=mail["id"],
            long=mail["content"] + (b"W" * 998 + b"\r\n") * 8_000,
        )
    with BadSmtp(lambda what, _: how if what == "BODY" else None) as server:
        one = dispatcher(server)
        run(one)
        assert states(world) == [("acknowledgement", "queued"), ("new-case", "queued")]
        server.answer = None
        monkeypatch.setattr(smtp, "_TIMEOUT_S", 30)
        world.after(minutes=2)
        run(one)

    assert [to for _, to, _ in server.mails] == [TO_EDWARD, ["priya@northgate.example"]]
    assert world.db.run("SELECT 1 FROM events WHERE kind IN ('unknown', 'resend')") == []


@pytest.mark.parametrize("where", ["CONNECT", "EHLO HELO", "MAIL", "RCPT", "DATA", "DOT"])
def test_a_relay_that_shuts_down_at_any_moment(world: World, dispatcher: Callable[..., Dispatcher], where: str) -> None:
    """RFC 5321 §3.8: 421 at any moment: read, so nothing is doubted; all goes out once when it is back."""
    world.receive(letter())
    with BadSmtp(lambda what, _: "421 4.3.2 shutting down" if what in where.split() else None) as server:
        one = dispatcher(server)
        run(one)
        assert {state for _, state in states(world)} == {"queued"}
        server.answer = None
        world.after(minutes=20)
        run(one)
    ours = [to for _, to, content in server.mails if parsed(content)["X-Ackbot-Kind"] != "admin"]

    assert ours == [TO_EDWARD, ["priya@northgate.example"]]
    assert world.db.run("SELECT 1 FROM events WHERE kind IN ('unknown', 'resend')") == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"AUTH": "535 5.7.8 authentication failed"}, "535 5.7.8 authentication failed"),
        ({"CONNECT": "554 5.7.1 your address is blocked"}, "554 5.7.1 your address is blocked"),
    ],
)
def test_what_the_log_has_of_a_relay_that_lets_nobody_in(
    world: World, dispatcher: Callable[..., Dispatcher], answers: dict[str, str], reason: str
) -> None:
    """D46, P11: before any mail was spoken of, the log has the whole reply; `status` too; every mail is kept."""
    world.receive(letter())
    with BadSmtp(lambda what, _: answers.get(what), features=("AUTH PLAIN",)) as server:
        one = dispatcher(server)
        one._connection._username = "ackbot"
        with structlog.testing.capture_logs() as lines:
            one.round()
        server.answer = lambda what, _: "235 ok" if what == "AUTH" else None
        run(one)

    told = next(line for line in lines if line["event"] == "relay trouble")
    assert (told["log_level"], told["reason"]) == ("error", reason)
    assert {state for _, state in states(world)} == {"accepted"}


@pytest.mark.parametrize(
    ("reply", "ends"), [("452 4.2.2 mailbox full", "queued"), ("552 5.2.2 mailbox full", "failed")]
)
def test_a_residents_mailbox_is_full(
    world: World, dispatcher: Callable[..., Dispatcher], reply: str, ends: str
) -> None:
    """D46: 4.2.2 is tried again for days; 5.2.2 fails it, and owner and admin are told; the owner's letter goes out."""
    world.receive(letter())
    with BadSmtp(lambda what, line: reply if what == "RCPT" and "edward@" in line else None) as server:
        run(dispatcher(server), 5)
    told = sorted(to[0] for _, to, content in server.mails if parsed(content)["X-Ackbot-Kind"] == "admin")

    assert states(world)[:2] == [("acknowledgement", ends), ("new-case", "accepted")]
    assert told == ([] if ends == "queued" else ["admins@northgate.example", "priya@northgate.example"])


def test_a_night_asleep_in_the_middle_of_a_mail(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P2: the machine slept between the final dot and the reply: leases have ended, and yet the mail went out once."""
    world.receive(letter())

    def sleep(what: str, _: str) -> None:
        if what == "DOT":
            world.after(hours=9)
            outbox.recover(world.db, world.now, alone=False)

    with BadSmtp(sleep) as relay:
        one = dispatcher(relay)
        run(one)
        world.after(hours=1)
        run(one)

    assert sorted(to[0] for _, to, _ in relay.mails) == ["edward@resident.example", "priya@northgate.example"]
    assert {state for _, state in states(world)} == {"accepted"}


# -- the store --------------------------------------------------------------------------------------------------------


@contextmanager
def full(world: World) -> Iterator[None]:
    """SQLITE_FULL, as on a disk without room."""
    pages = world.db.run("PRAGMA page_count")[0][0]
    world.db.run(f"PRAGMA max_page_count = {pages}")
    yield
    world.db.run("PRAGMA max_page_count = 1000000")


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another program holds the write lock for longer than the busy timeout."""
    world.db.run("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(world.db.place, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def read_only(world: World) -> Iterator[None]:
    """SQLITE_READONLY, as where the disk was remounted."""
    world.db.run("PRAGMA query_only = ON")
    yield
    world.db.run("PRAGMA query_only = OFF")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(full, "database or disk is full"), (locked, "database is locked"), (read_only, "readonly database")],
)
def test_a_store_that_takes_nothing(
    world: World,
    server: MailServer,
    watching: Callable[..., Run],
    dispatcher: Callable[..., Dispatcher],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[World], Any],
    reason: str,
) -> None:
    """
    design.md "The life of a letter" step 2, P1, P2: nothing is quarantined, nothing sent twice, and when it is over every
    letter is a case with one acknowledgement, also the one that the relay took meanwhile.
    """
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    watching_it = watching(server.port)
    watching_it.wait_ready()
    server.append(USER, by(0))
    until(lambda: taken(world) == 1)
    with BadSmtp() as relay, structlog.testing.capture_logs() as lines:
        one = dispatcher(relay)
        with trouble(world):
            for number in range(1, 40):
                server.append(USER, by(number))
            until(lambda: any(reason in str(line.get("reason")) for line in lines))
            with suppress(StoreBusy):
                run(one)
        until(lambda: taken(world) == 40)
        watching_it.end()
        run(one, 10)

    assert {(row["state"], row["outcome"]) for row in world.db.run("SELECT * FROM letters")} == {("decided", "case")}
    assert sorted(to[0] for _, to, _ in relay.mails if "resident" in to[0]) == sorted(
        f"p{number}@resident.example" for number in range(40)
    )
    assert len(relay.mails) == 80


def test_a_store_that_is_locked_between_two_mails(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D47, P2: what the relay took is recorded when it can be, and what was claimed goes out then, not when a lease ends."""
    for number in range(3):
        world.receive(by(number))
    lock = locked(world)
    with BadSmtp(lambda what, _: lock.__enter__() if what == "DOT" and not relay.mails else None) as relay:
        one = dispatcher(relay)
        with pytest.raises(StoreBusy):
            one.round()
        with pytest.raises(StoreBusy):
            one.round()
        lock.__exit__(None, None, None)
        run(one)

    assert {state for _, state in states(world)} == {"accepted"}
    assert len(relay.mails) == 6


def test_a_store_that_is_damaged_meanwhile(world: World) -> None:
    """P1: the mail is not to blame for a damaged store: nothing is quarantined, the letter stays, and the error says what to do."""
    world.receive(by(1))
    root = world.db.run("SELECT rootpage FROM sqlite_master WHERE name = 'cases'")[0][0]
    size = world.db.run("PRAGMA page_size")[0][0]
    world.db.close()
    path = Path(world.db.place)
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(content)
    world.__init__(path.parent)  # type: ignore[misc]

    with pytest.raises(StoreProblem, match=r"is damaged: .*; move it away and restore a backup"):
        world.receive(by(2), uid=2)
    assert len(world.db.run("SELECT 1 FROM letters")) == 1


def test_a_log_that_cannot_be_written() -> None:
    """A full disk under the log, or a reader that has gone: the line is lost, and never the thread that wrote it."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            self.write("")

    configure(to=Full())
    structlog.get_logger().warning("inbox", state="retrying")


# -- the clock --------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_a_year_ahead(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """Mails that were written, put off or left open under the wrong clock go out now, and not in a year."""
    right = world.now
    rounds = rounds_of(world)
    rounds.tick()
    world.receive(by(1))
    with BadSmtp(lambda what, _: "451 4.3.0 later" if what == "DOT" else None) as relay:
        one = dispatcher(relay)
        world.now = right + timedelta(days=365)
        world.receive(by(2))
        run(one, 1)
        relay.answer = lambda what, _: "DROP" if what == "DOT" and b"Matter 3" in relay.content else None
        world.receive(by(3))
        run(one, 2)
        rounds.tick()
        relay.answer = None
        world.now = right + timedelta(minutes=1)
        run(one)
        assert len(relay.mails) == 0
        with structlog.testing.capture_logs() as lines:
            rounds.tick()
        run(one)

    assert "clock set back" in {line["event"] for line in lines}
    assert {state for _, state in states(world)} == {"accepted"}
    assert sorted(to[0] for _, to, _ in relay.mails if "resident" in to[0]) == [
        f"p{number}@resident.example" for number in (1, 2, 3)
    ]


def test_alarms_go_on_when_the_clock_is_set_back(world: World) -> None:
    """domain.md §8: an alarm that nobody took is repeated, whatever the clock shows."""
    world.now += timedelta(days=30)
    world.receive(letter(text="There is a strong smell of gas.\n"))
    rounds = rounds_of(world)
    rounds.tick()
    world.now -= timedelta(days=30)
    rounds.tick()

    assert len(world.outbox("urgent")) == 2


def test_the_rounds_go_on_when_the_clock_is_set_back(world: World) -> None:
    """APScheduler goes by the machine's clock: after it was set back, the next round would be a day away."""
    rounds = rounds_of(world)
    ticks: list[datetime] = []
    rounds.tick = lambda: ticks.append(world.now)  # type: ignore[method-assign]
    rounds.start()
    until(lambda: len(ticks) == 1)
    rounds._scheduler.modify_job("tick", next_run_time=datetime.now(UTC) + timedelta(days=1))
    rounds.nudge()
    until(lambda: len(ticks) == 2)

    assert rounds.stop(5)


def test_a_clock_that_jumps_a_month_ahead(world: World) -> None:
    """P5: promised dates that have gone by are told to people inside, and not to residents as if they were of today."""
    world.receive(by(1))
    rounds = rounds_of(world)
    rounds.tick()
    world.now += timedelta(days=30, hours=6)
    rounds.tick()

    assert [mail["kind"] for mail in world.outbox(to="p1@resident.example")] == ["acknowledgement"]
    assert world.outbox("admin")


def test_a_relays_limits_after_a_wrong_clock(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49: mail that was sent under a clock far ahead counts against today's limit at most, not for ever."""
    from ackbot.work.relay_limits import Limiter

    limiter = Limiter(0, 2, [100.0, 100.0])

    assert limiter.take(1, 100.0)[0] == 0
    assert limiter.take(1, 100.0 + 86_401)[0] == 1
    assert dispatch.LEASE_S < 3_600
