"""The rounds: what is due is done as time passes."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support.council import World
from tests.support.letters import letter, parsed, plain
from tests.support.story import rounds_of

pytestmark = pytest.mark.usefixtures("store")


def test_the_admins_day(make_world: Callable[..., World]) -> None:
    """behaviour.md §5.1: an inbox in shadow tells once a day what would have gone out, and what was not answered and why."""
    world = make_world(('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "shadow"'))
    world.receive(letter())
    world.receive(letter(sender="news@lists.example", message_id="<n@l.example>", List_Id="<news.lists.example>"))
    world.now = datetime(2026, 12, 1, 8, 29, tzinfo=UTC)
    rounds = rounds_of(world)
    rounds.tick()
    assert world.outbox("admin") == []
    for minute in (30, 31, 59):
        world.now = datetime(2026, 12, 1, 8, minute, tzinfo=UTC)
        rounds.tick()
    mails = world.outbox("admin")
    text = " ".join(plain(bytes(mails[0]["content"])).split())

    assert [mail["recipient"] for mail in mails] == ["admins@northgate.example"]
    assert parsed(bytes(mails[0]["content"]))["Subject"] == "Yesterday at a glance"
    assert (
        "housing@northgate.example: 2 emails, 0 acknowledged. It is being tried out: 1 would have been acknowledged"
        in text
    )
    assert "and 2 mails would have gone out." in text
    assert "Not acknowledged: 1: it is mail of a mailing list." in text
    world.now = datetime(2026, 12, 2, 8, 30, tzinfo=UTC)
    rounds.tick()
    assert len(world.outbox("admin")) == 1  # nothing came since, so nothing is said


def test_a_round_that_fails_keeps_no_other_from_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One defect does not stop the clocks."""
    rounds = rounds_of(world)
    done: list[datetime] = []
    monkeypatch.setattr(rounds, "_recover", lambda _: 1 / 0)
    monkeypatch.setattr(rounds, "_daily", lambda now: done.append(now) or 0)
    rounds.tick()

    assert done == [world.now]


def test_the_end_does_not_wait_for_a_long_round(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """design.md §8: a step that takes its time may finish, within what is left of the ten seconds; no further one begins."""
    rounds = rounds_of(world)
    begun, go_on = threading.Event(), threading.Event()
    done: list[datetime] = []
    monkeypatch.setattr(rounds, "_recover", lambda _: begun.set() or (go_on.wait(60) and 0))
    monkeypatch.setattr(rounds, "_daily", lambda now: done.append(now) or 0)
    rounds.start()
    assert begun.wait(60)
    assert not rounds.stop(0.05)
    go_on.set()
    assert rounds.stop(20)

    assert done == []
