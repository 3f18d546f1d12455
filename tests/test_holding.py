"""What waits in the outbox, and for whom: pauses, modes, the brake, lanes that are gone."""

from datetime import timedelta

from ackbot.store import outbox
from ackbot.store.outbox import Outgoing
from tests.support.council import World
from tests.support.letters import letter

WAITING = [("acknowledgement", "held", "pause"), ("new-case", "held", "pause")]


def states(world: World) -> list[tuple[str, str, str]]:
    """Kind, state and reason of every mail, oldest first."""
    return [(mail["kind"], mail["state"], mail["held_for"]) for mail in world.outbox()]


def claimed(world: World) -> list[Outgoing]:
    """Everything that may go out now, claimed by a worker."""
    return outbox.claim(world.db, "default", "w1", world.now, world.now + timedelta(minutes=5), 20)


def test_a_pause_takes_claimed_mail_back(world: World) -> None:
    """behaviour.md §5.2: what a worker had claimed does not go out; on resume it does."""
    world.receive(letter())
    first, second = claimed(world)
    assert outbox.pause(world.db, "housing", world.now) == 2
    assert not outbox.begin_sending(world.db, first, "w1")
    outbox.unclaim(world.db, [second.id], "w1")
    assert states(world) == WAITING
    assert claimed(world) == []
    assert outbox.resume(world.db, "", world.now) == 2

    assert [one.id for one in claimed(world)] == [first.id, second.id]


def test_a_pause_while_mail_is_being_sent(world: World) -> None:
    """behaviour.md §5.2: it may end; what comes back (4xx, an unknown end, a dead worker) waits with the others."""
    world.receive(letter())
    first, second = claimed(world)
    for one in (first, second):
        assert outbox.begin_sending(world.db, one, "w1")
    outbox.pause(world.db, "", world.now)
    outbox.again_later(world.db, first, "451 4.3.0 later", world.now)
    outbox.unknown(world.db, second, "no reply", world.now)
    outbox.resend(world.db, second, world.now)
    assert states(world) == WAITING
    assert outbox.waits_until(world.db, "default") is None
    outbox.resume(world.db, "", world.now)
    assert len(claimed(world)) == 2
    world.db.run("INSERT INTO pauses (scope, paused_at) VALUES ('housing', '')")  # as another host would see it
    outbox.recover(world.db, world.now, alone=True)

    assert states(world) == WAITING


def test_urgent_mail_passes_a_pause(world: World) -> None:
    """behaviour.md §5.2: alarms go out, also those that come back."""
    outbox.pause(world.db, "", world.now)
    world.receive(letter(subject="Smell", text="There is a smell of gas.\n"))
    (alarm,) = claimed(world)
    outbox.again_later(world.db, alarm, "451 4.3.0 later", world.now)

    assert [one.kind for one in claimed(world)] == ["urgent"]
