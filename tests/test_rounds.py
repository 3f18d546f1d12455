"""What happens because time passes."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ackbot.store.database import SQLite
from ackbot.work.forgotten import forgotten
from ackbot.work.rounds import Rounds
from tests.support.council import World
from tests.support.letters import letter, parsed, plain

pytestmark = pytest.mark.usefixtures("store")


def rounds_of(world: World) -> Rounds:
    """The rounds of a test world; ticks are called by hand."""
    return Rounds(world.db, world.office, world.intake, lambda: world.now, lambda: None, lambda *_: None)


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
    assert "housing@northgate.example: 2 mails, 1 answered." in text
    assert "It is being tried out: 2 mails would have gone out." in text
    assert "Not answered: 1: it is mail of a mailing list." in text
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
    monkeypatch.setattr(rounds, "_recover", lambda _: begun.set() or (go_on.wait(20) and 0))
    monkeypatch.setattr(rounds, "_daily", lambda now: done.append(now) or 0)
    rounds.start()
    assert begun.wait(20)
    assert not rounds.stop(0.05)
    go_on.set()
    assert rounds.stop(20)

    assert done == []


TABLES = "letters|arrivals|cases|parties|clocks|outbox|events|words"
# Indices that hold nothing but what a round is to look at.
FEW = {"cases_late", "cases_covered", "letters_quarantined", "alarms_running", "outbox_unfinished", "outbox_held"}


def test_nothing_reads_a_table_whole(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """design.md §10: what is due, and what a letter asks, is found by an index: a million quiet cases cost what ten do."""
    world = make_world()
    world.receive(letter())
    asked: dict[str, dict[str, object]] = {}
    run = SQLite.run

    def noted(self: SQLite, sql: str, **parameters: object) -> object:
        asked[sql] = parameters
        return run(self, sql, **parameters)

    monkeypatch.setattr(SQLite, "run", noted)
    world.receive(
        letter(message_id="<2@r.example>", text="Is there any news?\n", In_Reply_To="<first@resident.example>")
    )
    rounds = rounds_of(world)
    for day in (1, 2, 4, 7, 8):
        for hour in (0, 9, 14, 16):
            world.now = datetime(2026, 12, day, hour, 1, tzinfo=UTC)
            rounds.tick()
    forgotten(world.db, world.office.council, world.config.path)
    monkeypatch.undo()
    whole = []
    for sql, parameters in asked.items():
        for row in world.db.run(f"EXPLAIN QUERY PLAN {sql}", **parameters):
            scan = re.match(f"SCAN ({TABLES})(?: .*INDEX (\\w+))?", row["detail"])
            # The plan of an INSERT shows a look for orphans that foreign keys may need, and that is passed by when there are none.
            if scan and scan[2] not in FEW and not sql.lstrip().startswith("INSERT"):
                whole.append((row["detail"], " ".join(sql.split())))

    assert len(asked) > 40
    assert whole == []
