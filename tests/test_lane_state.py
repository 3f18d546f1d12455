"""The state of a lane, transition by transition, without a clock, a store or a relay."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ackbot.store.outbox import Outgoing
from ackbot.work.lane_state import LaneState, Taken


def mail(number: int) -> Outgoing:
    """A claimed acknowledgement."""
    return Outgoing(
        id=number,
        dedupe_key=f"ack:{number}",
        kind="acknowledgement",
        code="7H429P",
        inbox="housing",
        lane="default",
        staff="",
        recipient="edward@resident.example",
        envelope_from="housing@northgate.example",
        message_id=f"<{number}@northgate.example>",
        content=b"",
        attachments=None,
        attempts=0,
        refusals=0,
        resent=False,
        letter_id=number,
        created_at=datetime(2026, 11, 30, 10, 12, tzinfo=UTC),
        claimed_by="w1",
    )


A, B, C = mail(1), mail(2), mail(3)
FRESH = LaneState()
AWAY = LaneState(troubles=2, quiet_until_s=130.0, doubted=frozenset({1}), shown=True)


@pytest.mark.parametrize(
    ("before", "transition", "after"),
    [
        (FRESH, lambda s: s.claimed([A, B]), LaneState(untried=(A, B))),
        (LaneState(untried=(A, B)), lambda s: s.tried(A), LaneState(untried=(B,))),
        (LaneState(untried=(B,)), lambda s: s.tried(A), LaneState(untried=(B,))),
        (LaneState(untried=(A, B)), lambda s: s.given_back(), FRESH),
        (LaneState(untried=(A, B)), lambda s: s.taken(A, "250 ok"), LaneState((B,), Taken(A, "250 ok"))),
        (LaneState((B,), Taken(A, "250 ok")), lambda s: s.recorded(), LaneState((B,))),
        (LaneState((B,), Taken(A, "250 ok")), lambda s: s.given_back(), LaneState((), Taken(A, "250 ok"))),
        (FRESH, lambda s: s.doubts(1), LaneState(doubted=frozenset({1}))),
        (LaneState(doubted=frozenset({1})), lambda s: s.doubts(1), LaneState(doubted=frozenset({1}))),
        (FRESH, lambda s: s.alarmed(), LaneState(shown=True)),
        (AWAY, lambda s: s.well(), LaneState(quiet_until_s=130.0)),
        (AWAY, lambda s: s.taken(A, "250 ok"), replace(AWAY, unrecorded=Taken(A, "250 ok"))),
        (LaneState(failures=1), lambda s: s.failed(), LaneState(failures=2)),
        (LaneState(failures=2), lambda s: s.round_done(), FRESH),
        (AWAY, lambda s: s.round_done(), AWAY),
    ],
)
def test_transitions(before: LaneState, transition: Callable[[LaneState], LaneState], after: LaneState) -> None:
    """P2: each thing that happens to a lane changes what it must and nothing else; the state before is not touched."""
    kept = replace(before)

    assert transition(before) == after
    assert before == kept


@pytest.mark.parametrize(
    ("troubles", "jitter", "quiet_s"),
    [
        (0, 1.0, 15.0),
        (0, 0.5, 7.5),
        (1, 1.0, 30.0),
        (2, 1.0, 60.0),
        (5, 1.0, 480.0),
        (6, 1.0, 900.0),
        (6, 0.5, 450.0),
        (5_000, 1.0, 900.0),
    ],
)
def test_each_wait_is_longer(troubles: int, jitter: float, quiet_s: float) -> None:
    """D49: 15 seconds, twice as long each time, a quarter of an hour at most, and never all lanes at the same instant."""
    state = LaneState(troubles=troubles).in_trouble(100.0, jitter)

    assert (state.troubles, state.quiet_for_s(100.0)) == (troubles + 1, quiet_s)
    assert state.quiet_for_s(100.0 + quiet_s) == 0.0
    assert state.quiet_for_s(1e9) == 0.0


@pytest.mark.parametrize(
    ("state", "probes"),
    [
        (FRESH, ""),
        (LaneState(troubles=1), ""),
        (LaneState(shown=True), ""),
        (LaneState(troubles=1, shown=True), "last"),
        (AWAY, "first"),
        (AWAY.well(), ""),
    ],
)
def test_when_one_mail_at_a_time_is_tried(state: LaneState, probes: str) -> None:
    """D49: only while trouble is told, and of both ends; a new process, which finds it told by the last one, sends as always."""
    assert state.probes == probes


@pytest.mark.parametrize(
    ("state", "refused", "relays"),
    [
        (FRESH, 1, False),
        (LaneState(doubted=frozenset({1})), 1, False),
        (LaneState(doubted=frozenset({2})), 1, True),
        (LaneState(doubted=frozenset({1, 2})), 1, True),
        (LaneState(troubles=1), 1, True),
        (LaneState(doubted=frozenset({2})).well(), 1, False),
    ],
)
def test_whose_trouble_a_refusal_is(state: LaneState, refused: int, relays: bool) -> None:
    """D49: refused after DATA: the mail's own, until the relay refuses another one without having taken any."""
    assert state.doubts(refused).is_relays_trouble(refused) is relays


@pytest.mark.parametrize(
    ("state", "keeps_failing"),
    [(FRESH.failed(), False), (FRESH.failed().failed(), True), (LaneState(troubles=1).failed(), True)],
)
def test_one_failure_of_ours_is_passed_over(state: LaneState, keeps_failing: bool) -> None:
    """D46: the second one in a row is told, and so is the first while the relay is in trouble."""
    assert state.keeps_failing is keeps_failing


def test_what_must_not_be_forgotten() -> None:
    """P2: a mail without its record would be sent twice, a claimed one that is not given back would wait: both are refused."""
    with pytest.raises(ValueError, match="mail 1 was taken and not recorded"):
        LaneState(unrecorded=Taken(A, "250 ok")).taken(B, "250 ok")
    with pytest.raises(ValueError, match="1 claimed mails were not given back"):
        LaneState(untried=(C,)).claimed([A, B])
