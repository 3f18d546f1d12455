"""Deletes what was kept long enough: the words of a case some time after it was closed, later its names (domain.md §13)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from ackbot import log_events
from ackbot.casework import worktime
from ackbot.casework.council import Council
from ackbot.store import Database, daily, forgetting

_One = TypeVar("_One", int, str)
_AT_ONCE = 20  # pieces of one round; what is left has its turn in the next
_ANSWERS = timedelta(days=30)

log = structlog.get_logger()


@dataclass(slots=True)
class Purged:
    """
    What was deleted, or would be.

    Args:
        cases: whose words went. `named`: whose names went.
        letters, mails: those about no case.
    """

    cases: int = 0
    named: int = 0
    letters: int = 0
    mails: int = 0

    @property
    def any(self) -> bool:
        """Whether there was anything."""
        return bool(self.cases or self.named or self.letters or self.mails)


def purge(db: Database, council: Council, now: datetime, *, dry_run: bool = False, most: int = 0) -> Purged:
    """
    Delete all that `keep_letters` and `keep_cases` say, and nothing of cases on hold.

    Args:
        now: aware.
        dry_run: only count; nothing is written.
        most: how many pieces of `forgetting.AT_ONCE` to delete, each in a transaction; 0 for all.
    """
    done = Purged()
    for number, (count, run) in enumerate(_due(db, council, now, done), 1):
        if not dry_run:
            with db.transaction():
                run()
        count()
        if number == most:
            break
    return done


def _due(
    db: Database, council: Council, now: datetime, done: Purged
) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Everything that is due, piece by piece: how to count it, and how to delete it."""
    old_letters, old_cases = worktime.before(now, council.keep_letters), worktime.before(now, council.keep_cases)
    letters, mails = set[int](), set[int]()  # that go with a case
    named = forgetting.closed_with_names(db, old_cases)
    for some in forgetting.pieces(named):
        yield partial(_add, done, "named", len(some)), _with(db, some, letters, mails, now, forgetting.erase)
    for some in forgetting.pieces(_without(forgetting.closed_with_words(db, old_letters), named)):
        yield partial(_add, done, "cases", len(some)), _with(db, some, letters, mails, now, forgetting.empty)
    nameless = _without(forgetting.loose_letters(db, old_cases, named=True), letters)
    for ids in forgetting.pieces(nameless):
        yield partial(_add, done, "letters", len(ids)), partial(forgetting.erase, db, ids, (), (), now)
    wordless = _without(forgetting.loose_letters(db, old_letters, named=False), {*letters, *nameless})
    for ids in forgetting.pieces(wordless):
        yield partial(_add, done, "letters", len(ids)), partial(forgetting.empty, db, ids, (), (), now)
    for ids in forgetting.pieces(_without(forgetting.loose_mails(db, old_letters), mails)):
        yield partial(_add, done, "mails", len(ids)), partial(forgetting.empty, db, (), ids, (), now)


def _add(done: Purged, what: str, count: int) -> None:
    setattr(done, what, getattr(done, what) + count)


def _without(found: Sequence[_One], others: Collection[_One]) -> list[_One]:
    known = set(others)
    return [one for one in found if one not in known]


def _with(
    db: Database, codes: Sequence[str], letters: set[int], mails: set[int], now: datetime, how: Callable[..., None]
) -> Callable[[], None]:
    """How to delete what belongs to these cases; their letters and mails are added to `letters` and `mails`."""
    mine = forgetting.letters_of(db, codes)
    ours = forgetting.over(db, forgetting.mails_of(db, codes, mine))
    letters.update(mine)
    mails.update(ours)
    return partial(how, db, mine, ours, codes, now)


class Retention:
    """The round that deletes, once a day, a few hundred rows at a time."""

    def __init__(self, db: Database, council: Council) -> None:
        self._db = db
        self._council = council

    def run(self, now: datetime) -> int:
        """Delete what is due. Returns 0: nobody gets a mail of it."""
        today = self._council.calendar.local_day(now)
        if daily.was_done(self._db, "retention", today):
            return 0
        done = purge(self._db, self._council, now, most=_AT_ONCE)
        if done.any:
            log.info(log_events.PURGED, cases=done.cases, named=done.named, letters=done.letters, mails=done.mails)
            return 0  # the rest has its turn in the next round, so that alarms and promises need not wait
        with self._db.transaction():
            forgetting.old_answers(self._db, now - _ANSWERS)
            daily.begin(self._db, "retention", today, now)
        self._db.wipe()
        return 0
