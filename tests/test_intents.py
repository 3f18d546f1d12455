"""Intents and their handlers: every kind has one, and a missing row does not cost anybody their answer."""

import typing
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import structlog

from ackbot.casework import intents
from ackbot.casework.intents import (
    Assign,
    Attach,
    Close,
    Copies,
    DropWords,
    EndOffer,
    HumanWords,
    Intent,
    KeepAnsweredElsewhere,
    Late,
    Note,
    Offer,
    OpenCase,
    PauseClock,
    Record,
    Reopen,
    Send,
    SetClock,
    SetCover,
    Settle,
    Unreachable,
)
from ackbot.casework.model import AnsweredElsewhere, Arrival, Facts
from ackbot.mail.message import Message
from ackbot.store import RowMissing, arrivals, cases, handlers, inboxes, outbox
from ackbot.store.database import must_touch
from ackbot.store.unit import Unit
from ackbot.work.intake import consider
from ackbot.work.reading import InProcess
from tests.support.council import MONDAY, World
from tests.support.letters import letter

pytestmark = pytest.mark.usefixtures("store")

KINDS = {
    one for one in vars(intents).values() if isinstance(one, type) and issubclass(one, Intent) and one is not Intent
}


def test_every_intent_has_a_handler() -> None:
    """design.md §4: the store has a handler for everything that rules can decide, except mails, which it handles apart."""
    assert handlers.HANDLERS.keys() == KINDS - {Send}


@pytest.mark.parametrize("kind", sorted(KINDS - {Send}, key=lambda one: one.__name__))
def test_a_handler_is_of_its_intent(kind: type[Intent]) -> None:
    """The table pairs each kind with the function that was written for it."""
    takes = typing.get_type_hints(handlers.HANDLERS[kind])["intent"]

    assert kind in (typing.get_args(takes) or (takes,))


def test_an_intent_says_what_it_is_about(world: World) -> None:
    """Each has the code of its case, "" where it is about none, and one that holds a case or an answer has it from there."""
    world.receive(letter())
    [case] = cases.by_code(world.db, [world.cases()[0]["code"]]).values()

    assert OpenCase(case, why="").code == case.code
    answer = AnsweredElsewhere("C0DE42", "", "", (), MONDAY)
    assert KeepAnsweredElsewhere(answer, (), why="").code == "C0DE42"
    assert Record("letter", "record", "", False, why="").code == ""
    assert (Note("C0DE42", "linked", why="").event, Close("C0DE42", why="").event) == ("linked", "Close")


NOWHERE = "ZZZZZZ"
LOST: dict[str, Intent] = {
    type(one).__name__: one
    for one in (
        Attach(NOWHERE, why=""),
        Assign(NOWHERE, "priya", "housing", why=""),
        SetCover(NOWHERE, "sam", why=""),
        HumanWords(NOWHERE, "priya", "answered", why=""),
        Offer(NOWHERE, "sam", "priya", why=""),
        EndOffer(NOWHERE, why=""),
        Copies(NOWHERE, (), why=""),
        Close(NOWHERE, why=""),
        Settle(NOWHERE, why=""),
        Unreachable(NOWHERE, True, why=""),
        Late(NOWHERE, 1, why=""),
        Reopen(NOWHERE, why=""),
        PauseClock(NOWHERE, "answer", why=""),
        DropWords(NOWHERE, 4711, "sent", why=""),
    )
}


@pytest.mark.parametrize("name", LOST)
def test_a_change_of_no_row_says_so(world: World, name: str) -> None:
    """style.md, SQL: what has to touch a row and touches none raises, with the ids and nobody's words."""
    unit = Unit(world.db, world.office.council, world.now)
    with pytest.raises(RowMissing) as raised:
        handlers.HANDLERS[type(LOST[name])](unit, LOST[name])
        unit.look()

    assert raised.value.ids["case"] == NOWHERE
    assert NOWHERE in str(raised.value)
    assert not raised.value.passing


def test_the_rest_of_a_decision_is_kept(world: World) -> None:
    """P1: an intent whose row is missing is left out, in the history and in the log; those beside it are rows."""
    world.receive(letter())
    code = world.cases()[0]["code"]
    found = [Offer(NOWHERE, "sam", "priya", why="passed on"), Offer(code, "sam", "priya", why="passed on")]
    with structlog.testing.capture_logs() as lines, world.db.transaction():
        handlers.apply(world.db, found, {}, world.office.council, world.now)

    assert world.cases()[0]["offered_to"] == "sam"
    events = world.db.run(
        "SELECT kind, data FROM events WHERE code IN (:code, :nowhere) ORDER BY id DESC LIMIT 2",
        code=code,
        nowhere=NOWHERE,
    )
    assert [row["kind"] for row in events] == ["Offer", "row-missing"]
    assert events[1]["data"] == '{"intent": "Offer"}'
    [line] = [line for line in lines if line["event"] == "row missing"]
    assert (line["log_level"], line["case"], line["table"]) == ("error", NOWHERE, "cases")
    world.rows_may_be_missing = True


# Every change of the column is passed by, as a defect of ours would have it.
DEFECT = {
    False: ("CREATE TRIGGER defect BEFORE UPDATE OF last_letter_at ON cases BEGIN SELECT RAISE(IGNORE); END",),
    True: (
        "CREATE FUNCTION passed_by() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER defect BEFORE UPDATE OF last_letter_at ON cases FOR EACH ROW EXECUTE FUNCTION passed_by()",
    ),
}


def test_a_good_mail_is_not_quarantined_for_a_missing_row(world: World) -> None:
    """P1, D5: a defect of ours in one intent neither quarantines a mail, nor keeps its answer or the mails behind it back."""
    first = world.receive(letter())
    for statement in DEFECT[world.db.shared]:
        world.db.run(statement)
    world.after(days=2)
    with structlog.testing.capture_logs() as lines:
        second = world.receive(letter(text="The damp is worse.", message_id="<second@resident.example>"))
    other = world.receive(letter(sender="Bo Lund <bo@b.example>", message_id="<third@b.example>"))

    assert [(row["state"], row["outcome"]) for row in (first, second, other)] == [
        ("decided", "case"),
        ("decided", "attach"),
        ("decided", "case"),
    ]
    assert second["code"] == first["code"]
    assert [mail["letter_id"] for mail in world.outbox("receipt")] == [second["id"]]
    assert [line["intent"] for line in lines if line["event"] == "row missing"] == ["Attach"]
    world.rows_may_be_missing = True


GONE = 4711
ARRIVAL = Arrival("housing", MONDAY, uidvalidity=1, uid=GONE)
CALLS: dict[str, Callable[[World], Any]] = {
    "attach_arrival": lambda world: must_touch(arrivals.attach_arrival(world.db, GONE, 1), "arrivals", id=GONE),
    "fetch_again_at": lambda world: arrivals.fetch_again_at(world.db, GONE, MONDAY),
    "not_fetched": lambda world: arrivals.not_fetched(world.db, GONE, "no answer"),
    "gone": lambda world: arrivals.gone(world.db, GONE, "housing", MONDAY),
    "moved": lambda world: arrivals.moved(world.db, ARRIVAL, "Done", None),
    "failed_again": lambda world: arrivals.failed_again(world.db, GONE, "KeyError"),
    "trying_again": lambda world: arrivals.trying_again(world.db, GONE, None),
    "keep_raw": lambda world: arrivals.keep_raw(world.db, GONE, b""),
    "uidvalidity_changed": lambda world: inboxes.uidvalidity_changed(world.db, "housing", "Gone", 2, 0),
    "hold_up_to": lambda world: inboxes.hold_up_to(world.db, "housing", "Gone", 5),
    "refused_alone": lambda world: outbox.refused_alone(world.db, [GONE]),
}


@pytest.mark.parametrize("name", CALLS)
def test_other_changes_of_no_row_say_so(world: World, name: str) -> None:
    """Changes without an intent raise as well if a row is missing: arrivals, letters, folders and mails."""
    with pytest.raises(RowMissing):
        CALLS[name](world)


def test_a_pause_takes_a_claimed_mail_back(world: World) -> None:
    """behaviour.md §5.2: what a pause held before DATA stays held, and whoever had claimed it is told so."""
    world.receive(letter())
    [mail, *_] = outbox.claim(world.db, "default", "w1", world.now, 300.0, 1)
    outbox.pause(world.db, "", world.now)

    assert outbox.again_later(world.db, mail, "451 later", world.now + timedelta(minutes=1)) is False
    [row] = [row for row in world.outbox() if row["id"] == mail.id]
    assert (row["state"], row["held_for"], row["attempts"]) == ("held", "pause", 0)


def test_an_end_that_another_worker_settled(world: World) -> None:
    """design.md, "The life of a letter": the relay's 250 comes too late for a row that is on its way once more."""
    world.receive(letter())
    [mail, *_] = outbox.claim(world.db, "default", "w1", world.now, 300.0, 1)
    assert outbox.begin_sending(world.db, mail, "w1")
    outbox.unknown(world.db, mail, "no reply", world.now)
    outbox.resend(world.db, mail, world.now)

    assert not outbox.accepted(world.db, mail, "250 ok", world.now)
    assert not world.db.run("SELECT 1 FROM events WHERE kind = 'accepted'")
    [row] = [row for row in world.outbox() if row["id"] == mail.id]
    assert row["state"] == "queued"


def test_late_goes_by_the_councils_date(world: World) -> None:
    """P9: a case that is late just after midnight in London in summer has been overdue since that day, not since the one before in UTC."""
    world.receive(letter())
    code = world.cases()[0]["code"]
    late_at = MONDAY.replace(year=2026, month=7, day=1, hour=23, minute=30)
    with world.db.transaction():
        handlers.apply(world.db, [Late(code, 1, why="")], {}, world.office.council, late_at)

    assert world.cases()[0]["late_since"] == date(2026, 7, 2).isoformat()


def test_what_one_decision_sets_twice(world: World) -> None:
    """design.md §4: nothing was there before the first clock and owner of a new case; the second ones replace the first."""
    message = Message.of(InProcess().begin(letter()).result(), world.office.signer)
    found = consider(message, ARRIVAL, world.office, lambda *_: Facts(), world.now)
    [first, *_] = [one for one in found.decision.intents if isinstance(one, SetClock)]
    [owner] = [one for one in found.decision.intents if isinstance(one, Assign)]
    other = "sam" if owner.staff != "sam" else "priya"
    again = [*found.decision.intents, first, replace(owner, staff=other)]
    with world.db.transaction():
        handlers.apply(world.db, again, found.mails, world.office.council, world.now, arrival=ARRIVAL)
    clocks = world.db.run("SELECT kind, state FROM clocks ORDER BY id")
    loads = world.db.run("SELECT staff, open_cases FROM staff_load ORDER BY open_cases")

    assert [row["state"] for row in clocks if row["kind"] == first.clock.kind] == ["replaced", "running"]
    assert [(row["staff"], row["open_cases"]) for row in loads] == [(owner.staff, 0), (other, 1)]
