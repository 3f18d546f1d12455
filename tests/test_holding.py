"""Mails that wait in the outbox, and why: pauses, modes, the brake, lanes that no longer exist."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from ackbot.casework.council import Council
from ackbot.store import daily, lanes, outbox, reconfigured
from ackbot.store.outbox import Outgoing
from tests.support.council import World
from tests.support.letters import letter
from tests.support.story import rounds_of

pytestmark = pytest.mark.usefixtures("store")

WAITING = [("acknowledgement", "held", "pause"), ("new-case", "held", "pause")]


def states(world: World) -> list[tuple[str, str, str]]:
    """Kind, state and reason of every mail, oldest first."""
    return [(mail["kind"], mail["state"], mail["held_for"]) for mail in world.outbox()]


def claimed(world: World) -> list[Outgoing]:
    """Everything that may go out now, claimed by a worker."""
    return outbox.claim(world.db, "default", "w1", world.now, 300, 20)


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


def test_two_pauses(world: World) -> None:
    """behaviour.md §5.2: the pause of one inbox ends, and that of the whole council goes on: nothing goes out."""
    outbox.pause(world.db, "", world.now)
    outbox.pause(world.db, "housing", world.now)
    world.receive(letter())
    world.db.run("UPDATE outbox SET state = 'held', held_for = 'pause'")
    assert outbox.resume(world.db, "housing", world.now) == 0
    assert states(world) == WAITING
    assert outbox.resume(world.db, "", world.now) == 2

    assert len(claimed(world)) == 2


def test_a_pause_while_mail_is_being_sent(world: World) -> None:
    """behaviour.md §5.2: it may end; what comes back (4xx, an unknown end, a dead worker) waits with the others."""
    world.receive(letter())
    first, second = claimed(world)
    for one in (first, second):
        assert outbox.begin_sending(world.db, one, "w1")
    outbox.pause(world.db, "", world.now)
    outbox.again_later(world.db, first, "451 4.3.0 later", world.now)
    assert outbox.unknown(world.db, second, "no reply", world.now)
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


MONDAY, TUESDAY_AFTER = date(2026, 11, 30), date(2026, 12, 8)


@pytest.fixture
def braked(make_world: Callable[..., World]) -> World:
    """A council whose brake holds every acknowledgement."""
    return make_world(("# brake", 'brake = "0 per hour"'))


def told(world: World) -> list[tuple[str, str, bool]]:
    """Running clocks: kind, date, and whether the resident was told it."""
    rows = world.db.run("SELECT kind, promised_on, told FROM clocks WHERE state = 'running' ORDER BY promised_on, kind")
    return [(row["kind"], row["promised_on"], bool(row["told"])) for row in rows]


def test_release_respects_a_pause(braked: World) -> None:
    """behaviour.md §5.2: what is released while its inbox is paused waits for `resume`."""
    braked.receive(letter())
    outbox.pause(braked.db, "housing", braked.now)
    assert outbox.release(braked.db, "", MONDAY, braked.now) == (0, 1)
    assert states(braked)[0] == ("acknowledgement", "held", "pause")
    assert outbox.resume(braked.db, "housing", braked.now) == 2

    assert {state for _, state, _ in states(braked)} == {"queued"}


def test_a_released_acknowledgement_promises(braked: World) -> None:
    """P5: the date that it names was told from then on, and only that one; who has the case stands in it already."""
    braked.receive(letter())
    assert told(braked) == [("update", "2026-12-07", False), ("answer", "2026-12-14", False)]
    assert outbox.release(braked.db, "streets", MONDAY, braked.now) == (0, 0)
    assert not any(clock[2] for clock in told(braked))
    assert outbox.release(braked.db, "housing", MONDAY, braked.now) == (1, 0)

    assert told(braked) == [("update", "2026-12-07", True), ("answer", "2026-12-14", False)]


def test_a_released_acknowledgement_of_nobodys_case(braked: World) -> None:
    """P5: where nobody has the case, the day by which somebody will is told too."""
    braked.receive(letter())
    braked.db.run("UPDATE cases SET owner = ''")
    braked.db.run("UPDATE clocks SET kind = 'name-owner', promised_on = '2026-12-01' WHERE kind = 'answer'")
    outbox.release(braked.db, "", MONDAY, braked.now)

    assert told(braked) == [("name-owner", "2026-12-01", True), ("update", "2026-12-07", True)]


def test_a_release_on_the_promised_day_promises_it(braked: World) -> None:
    """P5: the resident reads "by today", so today is a promise."""
    braked.receive(letter())
    outbox.release(braked.db, "", date(2026, 12, 7), braked.now)

    assert told(braked) == [("update", "2026-12-07", True), ("answer", "2026-12-14", False)]


def test_a_release_that_comes_too_late_promises_nothing(braked: World) -> None:
    """P5: a date that has gone by is promised to nobody, and nothing later takes its place by itself."""
    braked.receive(letter())
    outbox.release(braked.db, "", TUESDAY_AFTER, braked.now)

    assert not any(clock[2] for clock in told(braked))


def test_sensitive_acknowledgements_name_no_date(braked: World) -> None:
    """behaviour.md §3.9: so their release promises none."""
    braked.receive(letter())
    braked.db.run("UPDATE cases SET sensitive = TRUE")
    outbox.release(braked.db, "", MONDAY, braked.now)

    assert not any(clock[2] for clock in told(braked))


def test_release_tells_of_missed_promises(world: World) -> None:
    """behaviour.md §5.2, P5: promises that passed while nothing ran wait for `release`, and then the resident hears the truth."""
    world.receive(letter())
    ticks = rounds_of(world)
    world.now = datetime(2026, 12, 8, 10, tzinfo=UTC)
    ticks.tick()
    assert world.outbox("no-news") == []
    outbox.release(world.db, "", TUESDAY_AFTER, world.now)
    ticks.tick()
    ticks.tick()

    assert [mail["recipient"] for mail in world.outbox("no-news")] == ["edward@resident.example"]
    assert daily.was_done(world.db, "released", TUESDAY_AFTER)


LIVE = 'team = "housing"\nmode = "live"'


def lowered(make_world: Callable[..., World], mode: str) -> Council:
    """The same council with its housing inbox in another mode."""
    return make_world((LIVE, f'team = "housing"\nmode = "{mode}"')).config.council


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("shadow", set()),
        ("staff", {"new-case", "resident-wrote"}),
        ("acknowledge", {"acknowledgement", "receipt", "new-case", "resident-wrote"}),
        ("live", {"acknowledgement", "receipt", "cover", "new-case", "resident-wrote"}),
    ],
)
@pytest.mark.parametrize("waits", ["", "pause", "brake"])
def test_a_lowered_mode_keeps_what_was_queued(
    world: World, make_world: Callable[..., World], mode: str, kept: set[str], waits: str
) -> None:
    """behaviour.md §5.1: what the mode does not send stays here for ever, and neither `resume` nor `release` frees it."""
    world.receive(letter())
    world.receive(letter(text="And the window.\n", message_id="<2@r.example>"))
    world.db.run(
        "INSERT INTO outbox (dedupe_key, state, kind, priority, code, inbox, lane, staff, recipient, recipient_key, "
        "envelope_from, message_id, content, attachments, created_at, not_before) "
        "SELECT 'cover:x', state, 'cover', 2, code, inbox, lane, staff, recipient, recipient_key, envelope_from, '<c@x>', "
        "content, '', created_at, not_before FROM outbox WHERE kind = 'acknowledgement'"
    )
    if waits:
        world.db.run("UPDATE outbox SET state = 'held', held_for = :waits", waits=waits)
    held = reconfigured.hold_by_mode(world.db, lowered(make_world, mode), world.now)
    outbox.resume(world.db, "", world.now)
    outbox.release(world.db, "", MONDAY, world.now)

    assert held == 5 - len(kept)
    assert {one.kind for one in claimed(world)} == kept
    assert {reason for _, state, reason in states(world) if state == "held"} <= {"shadow"}
    assert reconfigured.hold_by_mode(world.db, world.config.council, world.now) == 0  # raised again: nothing changes


def test_a_lane_that_is_gone(world: World, make_world: Callable[..., World]) -> None:
    """A [[relay]] was taken out, or login_as changed: what waited in its lane goes by the one its inbox has now."""
    world.receive(letter())
    world.db.run("UPDATE outbox SET lane = 'old/housing'")
    lanes.pause(world.db, "old/housing", world.now, "535 5.7.8 no", world.now)
    lanes.pause(world.db, "fast", world.now, "535 5.7.8 no", world.now)
    council = make_world(
        (LIVE, f'{LIVE}\nrelay = "fast"'),
        ("# smtp", '[[relay]]\nname = "fast"\nhost = "127.0.0.1"\nport = 2526\nsecurity = "none"'),
    ).config.council
    assert reconfigured.change_lanes(world.db, council, ["default", "fast"]) == 2

    assert [(mail["kind"], mail["lane"]) for mail in world.outbox()] == [
        ("acknowledgement", "fast"),
        ("new-case", "default"),
    ]
    assert [row["lane"] for row in lanes.known(world.db)] == ["fast"]
    assert reconfigured.change_lanes(world.db, council, ["default", "fast"]) == 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_rounds_do_not_read_finished_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """design.md §10: what is asked every few seconds is found by an index, however many mails were ever sent."""
    asked: list[str] = []
    monkeypatch.setattr(world.db, "run", lambda sql, **values: asked.append(sql) or real(sql, **values))
    real = type(world.db).run.__get__(world.db)
    claimed(world)
    outbox.recover(world.db, world.now, alone=False)
    outbox.due_unknown(world.db, "default", world.now)
    outbox.waits_until(world.db, "default")
    reconfigured.hold_by_mode(world.db, world.config.council, world.now)
    reconfigured.change_lanes(world.db, world.config.council, ["default"])
    monkeypatch.undo()
    values = dict.fromkeys(("lane", "now", "worker", "lease_s", "limit", "alone", "l0"), 1)
    plans = {sql: [row["detail"] for row in world.db.run(f"EXPLAIN QUERY PLAN {sql}", **values)] for sql in asked}

    assert len(asked) > 10
    assert {sql for sql, plan in plans.items() if "SCAN outbox" in plan or "SEARCH outbox" in plan} == set()
