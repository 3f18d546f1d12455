"""Mails whose reading takes long: others go on, and the mail is taken in when it is read, or after the next start (E1, P1)."""

import smtplib
from collections.abc import Callable, Iterator

import pytest

from ackbot.demo.servers import MailServer
from ackbot.store import in_hand
from ackbot.work import lmtp_delivery
from ackbot.work.intake import Intake
from ackbot.work.reading import ReaderProcess
from tests.support.bad_reading import bad_reading
from tests.support.council import World
from tests.support.letters import by, letter
from tests.support.watching import USER, Run, until
from tests.test_lmtp import HOUSING, RESIDENT, Post, open_post

__all__ = ["open_post"]

HANGS = letter(subject="Hangs", message_id="<hangs@r.example>") + b"\r\nX-Do: hang\r\n"


@pytest.fixture
def bad(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReaderProcess]:
    """What reads the world's mails does what a mail says."""
    with bad_reading(monkeypatch) as made:
        world.intake = Intake(world.db, world.office, made)
        yield made


def states(world: World) -> list[str]:
    """Of all letters, as they were taken in."""
    return [str(row["state"]) for row in world.db.run("SELECT state FROM letters ORDER BY id")]


def uidvalidity(server: MailServer) -> int:
    """Of the first inbox."""
    with server.client(USER) as person:
        return int(person.select_folder("INBOX")[b"UIDVALIDITY"])


def test_letters_of_the_same_inbox_go_on(
    world: World, bad: ReaderProcess, server: MailServer, watching: Callable[..., Run]
) -> None:
    """E1: the letters behind a mail that hangs are decided before it; it is in quarantine afterwards, once, and has its place."""
    for raw in (by(1), HANGS, by(2), by(3)):
        server.append(USER, raw)
    watching(server.port, start="all").wait_ready()
    assert states(world) == ["decided"] * 3
    until(lambda: len(states(world)) == 4)
    rows = world.db.run("SELECT uid, letter_id, retry_at FROM arrivals ORDER BY uid")

    assert states(world)[-1] == "quarantined"
    assert [row["letter_id"] for row in rows] == [1, 4, 2, 3]
    assert [row["retry_at"] for row in rows] == [None] * 4
    assert len(world.outbox("admin")) == 1


def test_the_end_comes_before_it_is_read(
    world: World, bad: ReaderProcess, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: what was aside when the process ended is known at the next start, and asked for at once, once."""
    server.append(USER, by(1))
    server.append(USER, HANGS)
    run = watching(server.port, start="all")
    run.wait_ready()
    run.end()
    assert (
        in_hand.left(world.db, "housing", "INBOX", uidvalidity(server)) is None
    )  # this process lives, and accuses nobody
    bad.close()
    assert states(world) == ["decided"]
    with bad_reading(monkeypatch) as reading:
        world.intake = Intake(world.db, world.office, reading)
        watching(server.port, start="all").wait_ready()
        until(lambda: len(states(world)) == 2)

    assert states(world) == ["decided", "quarantined"]
    assert len(world.db.run("SELECT * FROM arrivals")) == 2


def test_it_is_moved_as_well(
    world: World, bad: ReaderProcess, server: MailServer, watching: Callable[..., Run]
) -> None:
    """P8: where the admin asked for it, a mail that was aside is moved after its commit too."""
    with server.client(USER) as person:
        person.create_folder("Handled")
    server.append(USER, HANGS)
    server.append(USER, by(1))
    watching(server.port, start="all", after="Handled").wait_ready()

    until(lambda: [row["moved_to"] for row in world.db.run("SELECT moved_to FROM arrivals")] == ["Handled"] * 2)


def test_what_is_delivered(
    world: World, bad: ReaderProcess, open_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """E1, E13: a server does not wait for it; brought again meanwhile it is put off unread, and known when it was read."""
    monkeypatch.setattr(lmtp_delivery, "SLOWLY_S", 0.0)
    post = open_post()
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError, match="takes long") as refused:
            post.deliver(HANGS)
        assert refused.value.smtp_code == 451
    assert post.deliver(by(1)) == {}
    until(lambda: len(states(world)) == 2)
    with post.client() as client:
        assert client.sendmail(RESIDENT, [HOUSING], HANGS) == {}

    assert states(world) == ["decided", "quarantined"]
    assert len(world.db.run("SELECT * FROM arrivals")) == 2


def test_a_retry_waits_for_nobody(world: World, bad: ReaderProcess) -> None:
    """D5: rounds go on while a mail in quarantine hangs its reader again; the attempt was written down before."""
    world.receive(HANGS)
    world.after(minutes=2)
    assert world.intake.retry_quarantined(world.now) == 0
    (before,) = world.db.run("SELECT attempts, retry_at, error FROM letters")
    assert before["attempts"] == 2
    assert before["retry_at"] > f"{world.now:%Y-%m-%dT%H:%M}"
    world.db.run("UPDATE letters SET error = 'before'")

    until(lambda: "ended two processes" in world.db.run("SELECT error FROM letters")[0]["error"])
