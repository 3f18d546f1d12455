"""The rest of a relay's day is kept for alarms and for people's words, which no flood uses up."""

import time
from collections.abc import Callable

import pytest

from ackbot.store import Database, relay_allowance
from ackbot.work.dispatch import Dispatcher
from ackbot.work.relay_limits import Limiter
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import by, letter, parsed
from tests.support.story import answer

GAS = letter(sender="N <n@r.example>", subject="Smell", text="There is a smell of gas.\n", message_id="<n@r.example>")


def sent(server: BadSmtp) -> list[str]:
    """The kinds of the mails that the relay took."""
    return [str(parsed(content)["X-Ackbot-Kind"]) for _, _, content in server.mails]


def rounds(one: Dispatcher) -> float:
    """Rounds until the lane waits; for how long."""
    return next(wait for _ in range(100) if (wait := one.round()))


def test_a_flood_leaves_room_for_an_alarm_and_for_words(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49, P3: strangers' letters use the day up to its last twentieth; an alarm and an officer's words still go."""
    for number in range(24):
        world.receive(by(number))
    with BadSmtp() as server:
        one = dispatcher(server, limiter=Limiter(0, 40))
        assert rounds(one) > 3_600
        assert len(sent(server)) == 38

        mail = world.outbox("new-case")[0]
        words = "Dear Person,\n\nA surveyor will come to you on Thursday morning.\n"
        world.receive(answer(bytes(mail["content"]), words, mail["recipient"], when=world.now))
        world.receive(GAS)
        assert rounds(one) > 3_600
        assert sent(server)[38:] == ["urgent", "human"]

        world.after(minutes=1)
        assert rounds(one) > 3_600
        assert len(server.mails) == 40


@pytest.mark.parametrize("kind", ["acknowledgement", "new-case"])
def test_what_strangers_cause_waits(world: World, dispatcher: Callable[..., Dispatcher], kind: str) -> None:
    """D49: nothing else is taken from the rest, and nothing is lost: it stays queued."""
    world.receive(by(1))
    with BadSmtp() as server:
        rounds(dispatcher(server, limiter=Limiter(0, 40, [time.monotonic() - 60.0] * 38)))
        assert sent(server) == []

    assert [mail["state"] for mail in world.outbox(kind)] == ["queued"]


@pytest.mark.parametrize(("per_day", "usual"), [(10_000, 9_500), (40, 38), (19, 19), (0, 0)])
def test_how_much_is_kept(per_day: int, usual: int) -> None:
    """One in twenty; a small limit keeps none, and no limit stays none."""
    assert relay_allowance.within(per_day, spare=False) == usual
    assert relay_allowance.within(per_day, spare=True) == per_day


@pytest.mark.usefixtures("store")
def test_workers_share_the_rest(world: World) -> None:
    """D49: the same where the store counts for several workers."""
    db: Database = world.db
    assert relay_allowance.take(db, "a", 0, 40, 50) == (38, 0.0)
    assert relay_allowance.take(db, "a", 0, 40, 1)[0] == 0
    assert relay_allowance.take(db, "a", 0, 40, 1, spare=True) == (1, 0.0)
    assert relay_allowance.take(db, "a", 28, 40, 1, spare=True)[0] == 0  # the minute is full all the same
