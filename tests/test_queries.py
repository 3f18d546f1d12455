"""The store's queries use an index, by SQLite's own query plan."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ackbot.store import alarms
from ackbot.store.sqlite import SQLite
from ackbot.work.check_store import forgotten
from tests.support.council import World
from tests.support.letters import letter
from tests.support.story import rounds_of

TABLES = "letters|arrivals|cases|parties|clocks|outbox|events|words"
# Indices that hold nothing but what a round is to look at.
FEW = {
    "cases_late",
    "cases_covered",
    "cases_unheard",
    "letters_quarantined",
    "alarms_running",
    "words_held",
    "outbox_unfinished",
    "outbox_held",
    "outbox_unverified",
    "outbox_next",
}


def noting(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, object]]:
    """Every statement that is run from now on, with its last parameters."""
    asked: dict[str, dict[str, object]] = {}
    run = SQLite.run

    def noted(self: SQLite, sql: str, **parameters: object) -> object:
        asked[sql] = parameters
        return run(self, sql, **parameters)

    monkeypatch.setattr(SQLite, "run", noted)
    return asked


def test_nothing_reads_a_table_whole(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """design.md §10: what is due, and what a letter asks, is found by an index: a million quiet cases cost what ten do."""
    world = make_world()
    world.receive(letter())
    asked = noting(monkeypatch)
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


def test_an_alarm_counts_its_own_events_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """E9: every letter asks which alarms run. If each alarm walked the later ones, a flood of them would slow every inbox."""
    asked = noting(monkeypatch)
    alarms.rows_since(world.db, world.now)
    monkeypatch.undo()
    ((sql, parameters),) = asked.items()
    plan = [row["detail"] for row in world.db.run(f"EXPLAIN QUERY PLAN {sql}", **parameters)]

    assert plan
    assert not [one for one in plan if "CORRELATED" in one]
