"""Whether mail goes the whole way: a mail to ourselves that must come back, and a comparison of mailbox and record each night."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ackbot.config import check
from ackbot.demo.servers import MailServer
from ackbot.store import canaries
from tests.support.council import World, write_config
from tests.support.letters import by, plain
from tests.support.story import Story
from tests.support.watching import USER, Run, subjects, taken, until, without_waits
from tests.test_health import health_of, reasons

EVERY = ("[limits]", '[daemon]\ncanary_every = "1 hour"\n\n[limits]')


def passes(story: Story, **span: float) -> None:
    """Time passes, with a round at its end."""
    story.after(**span)
    story.rounds.tick()


def sent(story: Story, to: str = "housing@northgate.example") -> list[bytes]:
    """The canaries to an inbox so far."""
    return [bytes(row["content"]) for row in story.outbox("admin", to)]


def lost(story: Story) -> list[str]:
    """What the admin was told of canaries that are lost, each as one line."""
    mails = [
        " ".join(plain(bytes(one["content"])).split()) for one in story.outbox("admin", "admins@northgate.example")
    ]
    return [one for one in mails if "has not come back" in one]


@pytest.mark.usefixtures("store")
def test_a_canary_that_comes_back(make_story: Callable[..., Story]) -> None:
    """Each shared inbox gets one each hour; what comes back is our own, and makes neither case nor answer; nobody is told."""
    story = make_story(EVERY)
    story.rounds.tick()
    assert len(sent(story)) == len(sent(story, "streets@northgate.example")) == 1
    assert sent(story, "dana@northgate.example") == []  # an officer's own
    for hour in range(1, 4):
        story.after(minutes=1)
        for inbox in ("housing", "streets"):
            row = story.receive(sent(story, f"{inbox}@northgate.example")[-1], inbox)
            assert (row["kind"], row["outcome"]) == ("own", "record")
        passes(story, minutes=20)
        passes(story, minutes=40)
        assert len(sent(story)) == hour + 1

    assert (lost(story), story.cases()) == ([], [])


@pytest.mark.usefixtures("store")
def test_a_canary_that_is_lost(make_story: Callable[..., Story]) -> None:
    """The admin is told once a day of each inbox; one that comes late is seen, and one that is back ends it."""
    story = make_story(EVERY)
    story.rounds.tick()
    story.receive(sent(story, "streets@northgate.example")[-1], "streets")
    passes(story, minutes=14)
    assert lost(story) == []
    passes(story, minutes=2)
    (said,) = lost(story)
    assert "a test mail to housing@northgate.example at 10:12am" in said
    story.restart()
    for _ in range(4):
        passes(story, minutes=20)
        story.receive(sent(story, "streets@northgate.example")[-1], "streets")
    assert len(lost(story)) == 1
    last = canaries.last(story.db, "housing")
    assert last is not None and last.lost
    assert "a test mail to inbox housing has not come back" in reasons(health_of(story).health())
    story.receive(sent(story)[-1])
    story.rounds.tick()
    last = canaries.last(story.db, "housing")
    assert last is not None and not last.lost
    assert not [one for one in reasons(health_of(story).health()) if "test mail" in one]


@pytest.mark.usefixtures("store")
def test_none_is_sent_unasked_or_while_paused(make_story: Callable[..., Story]) -> None:
    """`canary_every = ""` asks for none; while nothing goes out, none is missed."""
    from ackbot.store import outbox

    quiet = make_story()
    quiet.rounds.tick()
    assert sent(quiet) == []
    paused = make_story(EVERY)
    outbox.pause(paused.db, "", paused.now)
    for _ in range(3):
        passes(paused, hours=1)

    assert (sent(paused), lost(paused)) == ([], [])


def test_a_canary_each_minute_is_a_mistake(tmp_path: Path) -> None:
    """P10: each of them lies in a mailbox."""
    path = write_config(tmp_path, ("[limits]", '[daemon]\ncanary_every = "1 minute"\n\n[limits]'))

    assert [one.key for one in check(path) if not one.warning] == ["daemon.canary_every"]


def test_a_mail_without_a_record(
    world: World, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P1: each night every mail that the server shows has an arrival; one that has none is taken in, and the admin told."""
    without_waits(monkeypatch)
    server.append(USER, by(0))  # there before the inbox was watched
    run = watching(server.port)
    run.wait_ready()
    for number in (1, 2, 3):
        server.append(USER, by(number))
    until(lambda: taken(world) == 3)
    letter_id = world.db.run("SELECT id FROM letters WHERE subject = 'Matter 2'")[0]["id"]
    world.db.run("DELETE FROM arrivals WHERE letter_id = :id RETURNING id", id=letter_id)
    world.db.run("UPDATE letters SET fingerprint = 'another' WHERE id = :id", id=letter_id)
    world.now += timedelta(days=1)
    until(lambda: taken(world) == 4)
    until(lambda: bool(run.troubles))
    world.now += timedelta(days=1)
    server.append(USER, by(4))
    until(lambda: taken(world) == 5)

    assert subjects(world).count("Matter 2") == 2
    assert "Matter 0" not in subjects(world)
    assert [(topic, reason) for _, topic, reason, _ in run.troubles] == [("missing", "uid 103 in INBOX")]
