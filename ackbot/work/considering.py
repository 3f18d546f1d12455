"""One mail from its facts to its decision and the mails that this sends: the one path of the daemon and of `explain`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ackbot.casework import decide, passed_on
from ackbot.casework.incoming import our_words
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.intents import Decision
from ackbot.casework.model import Arrival, Facts, Questions
from ackbot.casework.office import Office
from ackbot.mail.compose import Composed
from ackbot.mail.message import Message
from ackbot.work.apply import composed


class FactsSource(Protocol):
    """Answers the questions of the rules: from the store, or with no facts where there is none."""

    def __call__(self, questions: Questions, now: datetime) -> Facts:
        """The facts as they stand now."""
        ...


@dataclass(frozen=True)
class Considered:
    """
    A mail, its decision, and the mails that the decision sends. `explain` prints it, the daemon applies it.

    Args:
        arrival: where and when it arrived; a letter that staff pass on arrived where their mail did, and earlier.
        parts: the letters that a mail of staff passes on, each decided by itself.
    """

    message: Message
    arrival: Arrival
    decision: Decision
    mails: Mapping[str, Composed]
    parts: tuple["Considered", ...] = ()


def consider(message: Message, arrival: Arrival, office: Office, source: FactsSource, now: datetime) -> Considered:
    """
    Decide what becomes of a mail, and compose the mails that it causes. Writes nothing.

    The daemon and `explain` both come this way, so that `explain` tells the truth.

    Raises:
        Exception: any error that the mail provokes; the caller must keep the mail (P1).
    """
    desk = office.desk(now)
    seen = Seen(message, office.council.inboxes[arrival.inbox], office.council, arrival)
    if seen.form:
        message = message.as_form()
        seen = replace(seen, message=message)
    verdict = screen(seen)
    known = source(decide.questions_for(seen, verdict, desk), now)
    if known.sent:
        message = our_words.cut(message, known.sent)
        seen = replace(seen, message=message)
    parts: list[passed_on.Letter] = []
    for one in passed_on.letters(seen, verdict, known, desk):
        letter = replace(one, message=one.message.as_form()) if one.form else one
        its = passed_on.screened(letter)
        facts_of_it = passed_on.after(source(decide.questions_for(letter, its, desk), now), parts, its, now)
        parts.append(passed_on.Letter(letter, its, passed_on.decided(letter, its, facts_of_it, desk)))
    decision = (
        passed_on.on_passed_on(seen, verdict, parts, desk) if parts else decide.on_message(seen, verdict, known, desk)
    )
    inside = tuple(considered_with(part.seen.message, part.seen.arrival, part.decision, office) for part in parts)
    return replace(considered_with(message, arrival, decision, office), parts=inside)


def considered_with(message: Message, arrival: Arrival, decision: Decision, office: Office) -> Considered:
    """A decision with the mails that it sends."""
    return Considered(message, arrival, decision, composed(decision.intents, office.templates))
