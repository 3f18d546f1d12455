"""Handles a further letter in a case: attach it, tell the owner, send a short receipt (behaviour.md §3.2, §3.3, §3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ackbot.casework import authority, contact, elsewhere, opening, other_writers, standards
from ackbot.casework.cover import is_present, ladder, stand_in
from ackbot.casework.drafts import names, to_admin, to_resident, to_staff
from ackbot.casework.incoming import danger, own_words, thanks, wishes
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.incoming.thanks import Short
from ackbot.casework.incoming.wishes import Wishes
from ackbot.casework.intents import (
    Attach,
    ClearClock,
    Decision,
    Intent,
    Note,
    Record,
    Reopen,
    Send,
    SetClock,
    SetCover,
    Unreachable,
)
from ackbot.casework.model import PURPOSES, Case, Clock, ClockKind, Facts, Person
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address

_BAD = 2  # a score up to this reaches owner and manager at once


@dataclass(frozen=True, slots=True)
class _Said:
    """
    What a resident says in a further letter.

    Args:
        short: the letter is only thanks or a score; None for any other letter.
        score: how well we did, 1 to 5; 0 for none.
    """

    short: Short | None
    score: int
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class _Answer:
    """The changes of the case, its clocks afterwards, the receipt (None for none), and the reason for sending it or not."""

    intents: tuple[Intent, ...]
    send: Send | None
    why: str
    clocks: tuple[Clock, ...]


def on_attached(
    seen: Seen,
    verdict: Verdict,
    found: Match,
    case: Case,
    facts: Facts,
    desk: Desk,
    found_urgent: tuple[str, ...],
    *,
    doubted_at: datetime | None = None,
) -> Decision:
    """
    The decision for a letter in a known case.

    Thanks and bare scores change nothing about the case. Other letters reopen it if it is answered, waiting or closed. A letter
    that may not speak for its author, such as one that the trusted server condemns, is read by the owner and changes nothing (E4).

    Args:
        doubted_at: when an earlier copy came that was doubted; the owner read that copy, it alarmed, and did nothing else (E7).
    """
    # What a stranger writes is attached, but is never taken for the resident's thanks, score or wishes.
    known = verdict.to is not None and verdict.to.key in case.parties
    own = seen.authority.is_own(desk.council.inbox_of(case.inbox)) and not _as_staff(seen, case)
    # A colleague who passes a letter on believes it; that is enough for the case to go on, and for nothing else.
    goes_on = own or (seen.passed is not None and not seen.authority.condemned_by(desk.council.inbox_of(case.inbox)))
    again = doubted_at is not None
    speaks = seen.authority.speaks_for(case, desk.council)
    other = other_writers.of(seen, verdict, case, desk)
    case, intents = _joined(seen, found, case, desk, found_urgent, own=own, speaks=speaks, alarmed=again)
    said = _said(seen, case, facts, desk, found_urgent) if speaks else _Said(None, 0, Wishes())
    if said.short and said.short.kind == "thanks":
        intents.append(Note(case.code, "thanks", why="it is thanks, which asks for nothing"))
    if said.score:
        intents.append(Note(case.code, "feedback", why="the resident said how we did", data={"score": str(said.score)}))
    case, notes, remembered = _remembered(seen, case, said.wishes, verdict, desk)
    notes += elsewhere.unseen(seen, facts, desk)
    case, in_charge = _in_charge(case, desk)
    if doubted_at is not None and case.human_words_at is not None and case.human_words_at > doubted_at:
        answer = _Answer((), None, "a person has answered it already", case.clocks)
    elif goes_on:
        answer = _answered(seen, verdict, case, said, facts, desk, known=known)
        if other is not None:
            answer = _of_other(seen, verdict, case, other, answer, facts, desk)
    else:
        answer = _unchanged(seen, verdict, case, facts, desk, known=known)
    intents += [*remembered, *in_charge, *answer.intents]
    if answer.send:
        intents += [answer.send, *to_admin.hold_told(answer.send.hold, answer.send.inbox, desk)]
    if 0 < said.score <= _BAD:
        notes.append(f"they answer “how did we do?” with {said.score} of 5")
    if _owner_hears(case, said):
        case_now = replace(case, clocks=answer.clocks)
        intents.append(
            _told(seen, verdict, case_now, desk, found_urgent, notes, found.how, other, known=known, again=again)
        )
    if 0 < said.score <= _BAD:
        intents += _manager_told(seen, case, notes, desk)
    kind = "reply" if verdict.kind == "letter" and not found.joined else verdict.kind
    acknowledged = answer.send is not None
    intents.append(Record(kind, "attach", verdict.rule, acknowledged, why=answer.why))
    return Decision(
        kind,
        "attach",
        verdict.rule,
        answer.why,
        acknowledged,
        verdict.to,
        tuple(intents),
        urgent=found_urgent,
        code=case.code,
        owner=case.in_charge,
        owner_why="has the case",
        standard=case.standard,
        clocks=answer.clocks,
    )


def beside(
    seen: Seen, verdict: Verdict, case: Case, facts: Facts, desk: Desk, found_urgent: tuple[str, ...], note: str
) -> list[Intent]:
    """
    What a letter changes in a further case that it is about, and the mail to whoever has that one (E29).

    It is attached to another case, and answered there. Thanks and scores change nothing in any.
    """
    if not seen.authority.speaks_for(case, desk.council):
        return []
    said = _said(seen, case, facts, desk, found_urgent)
    if said.short or said.wishes.only_quiet:
        return []
    case, in_charge = _in_charge(danger.marked(case, found_urgent), desk)
    answer = _answered(seen, replace(verdict, acknowledge=False), case, said, facts, desk, known=True)
    told = _told(
        seen,
        verdict,
        replace(case, clocks=answer.clocks),
        desk,
        found_urgent,
        [note],
        "",
        None,
        known=True,
        again=False,
    )
    return [
        Note(case.code, "several", why="a letter in another case is about this one too"),
        *in_charge,
        *answer.intents,
        told,
    ]


def _as_staff(seen: Seen, case: Case) -> str:
    """The name of the colleague whose address a letter bears without proof, unless that colleague is a party; "" for none."""
    author = seen.message.author
    if seen.staff is None or author is None or author.key in case.parties:
        return ""
    return seen.staff.name


def _joined(
    seen: Seen,
    found: Match,
    case: Case,
    desk: Desk,
    found_urgent: tuple[str, ...],
    *,
    own: bool,
    speaks: bool,
    alarmed: bool,
) -> tuple[Case, list[Intent]]:
    """Attach the letter, whatever it says (P3), and raise the alarm. Only a party's urgent words make the case sensitive (P7)."""
    if speaks:
        case = danger.marked(case, found_urgent)
    intents: list[Intent] = [Attach(case.code, why=found.how, sensitive=case.sensitive, latest=own)]
    author = seen.authority.author
    if case.unreachable and own and author is not None and author.key == case.resident.key:
        # Mail from this address shows that it works again, whatever a bounce said.
        case = replace(case, unreachable=False)
        intents.append(Unreachable(case.code, False, why="the resident wrote from that address"))
    inbox = desk.council.inbox_of(case.inbox)
    return case, [*intents, *([] if alarmed else danger.alarms(seen, case, inbox, found_urgent, desk))]


def _said(seen: Seen, case: Case, facts: Facts, desk: Desk, found_urgent: tuple[str, ...]) -> _Said:
    """
    The thanks, score and wishes in a resident's letter. A letter with urgent words is never just thanks or a score.

    What is said to somebody else is no score and no wish; of thanks to somebody else nothing comes either (P7).
    """
    words, to_us = own_words.of(seen), own_words.to_us(seen, facts)
    settled = _answers_settled(seen) and to_us
    short = (
        None if found_urgent or seen.message.files else thanks.short_answer(words, _people(case, desk), asked=settled)
    )
    asked = case.state == "waiting"
    if short and short.kind == "score" and asked:
        short = None  # a number may answer the owner's question, such as "How many rooms?"
    if not to_us:
        return _Said(short and Short("thanks", 0), 0, Wishes())
    score = thanks.score_of(words) if case.human_words_at and not asked else 0
    if short and short.kind == "score":
        score = short.score
    if not score and settled and (score := thanks.word_score(words)):
        short = Short("score", score)  # "Very good" is a score only as an answer to our question how we did
    if short:
        return _Said(short, score, Wishes())
    names_of = desk.templates.language_names()
    asked_for = wishes.read(words, names_of)
    offered = case.language not in desk.languages_for(case.language) and case.language in desk.templates.offers()
    if offered and not asked and not asked_for.language and wishes.says_yes(words) and _answers_us(seen):
        asked_for = wishes.with_interpreter(asked_for, case.language, names_of)
    if found_urgent:
        # Somebody in danger must get an answer, even if a sentence looks like "no more emails".
        asked_for = replace(asked_for, quiet=False, only_quiet=False, news=False)
    return _Said(None, score, asked_for)


def _answered(
    seen: Seen, verdict: Verdict, case: Case, said: _Said, facts: Facts, desk: Desk, *, known: bool
) -> _Answer:
    """What a further letter changes in its case, and its receipt."""
    if said.short:
        why = "it is thanks, which asks for nothing" if said.short.kind == "thanks" else "it is a score from 1 to 5"
        return _Answer((), None, why, case.clocks)
    if said.wishes.only_quiet:
        return _Answer((), None, "the resident wants no automatic mail", case.clocks)
    news = said.wishes.news
    # "Any news?" does not answer the owner's question, so the case goes on waiting.
    in_question = news and case.state == "waiting"
    reopened = case.state in ("closed", "answered", "waiting") and not in_question
    # A date that the resident was told stands: a further letter neither moves it nor starts another one.
    still = not reopened and any(clock.told for clock in case.clocks)
    keeps_dates = still or in_question
    fresh = case.clocks if keeps_dates else _anew(case, seen, desk)
    intents = _reopened(case) if reopened else []
    noted = wishes.named(said.wishes, desk.templates.language_names())
    now = replace(case, clocks=fresh)
    send, why = _receipt(seen, verdict, now, facts, desk, known=known, still=still, news=news, noted=noted)
    if said.wishes.quiet:
        send, why = None, wishes.QUIET_ASKED  # automatic mail never answers a wish to have none
    if keeps_dates:
        return _Answer(tuple(intents), send, why, case.clocks)
    # Only a receipt that is really sent tells a date. The answer to "any news?" promises nothing new (behaviour.md §3.8).
    goes_out = desk.council.inbox_of(case.inbox).mode in ("acknowledge", "live")
    told = send is not None and not send.hold and goes_out and not news
    if not (reopened or told):
        return _Answer(tuple(intents), send, why, case.clocks)
    clocks = standards.told(fresh, owned=True) if told else fresh
    intents += [SetClock(case.code, clock, why="the resident wrote again") for clock in clocks]
    return _Answer(tuple(intents), send, why, clocks)


def _of_other(
    seen: Seen, verdict: Verdict, case: Case, other: Address, answer: _Answer, facts: Facts, desk: Desk
) -> _Answer:
    """What the letter of somebody else changes: as the resident's would, but it answers no question that the resident was asked."""
    intents, clocks = ((), case.clocks) if case.state == "waiting" else (answer.intents, answer.clocks)
    send, why = other_writers.receipt(seen, verdict, case, other, facts, desk)
    return _Answer(intents, send, why, clocks)


def _unchanged(seen: Seen, verdict: Verdict, case: Case, facts: Facts, desk: Desk, *, known: bool) -> _Answer:
    """
    A letter that speaks for nobody changes nothing.

    A contact form that was sent twice gets a receipt all the same, if that only repeats a date that the resident was told.
    """
    if not seen.authority.form or not any(clock.told for clock in case.clocks):
        why = "nothing proves who wrote it, so it changes nothing" if verdict.acknowledge else verdict.why
        return _Answer((), None, why, case.clocks)
    send, why = _receipt(seen, verdict, case, facts, desk, known=known, still=True, news=False)
    return _Answer((), send, why, case.clocks)


def _owner_hears(case: Case, said: _Said) -> bool:
    """
    Whether whoever is in charge gets the letter. Not thanks nor a fair score, which stand in the digest, nor "no more emails" in
    a case that is over (behaviour.md §3.14).
    """
    if said.wishes.only_quiet and case.state in ("closed", "answered"):
        return False
    return said.short is None or 0 < said.score <= _BAD


def _manager_told(seen: Seen, case: Case, notes: Sequence[str], desk: Desk) -> list[Intent]:
    """The letter with a bad score for the manager of whoever is in charge, the same day (E84)."""
    above = [one for one in ladder(desk.council, case.in_charge, case.team) if one != case.in_charge]
    if not above:
        return []
    why = "their manager reads a bad score too"
    at, note = seen.arrival.arrived_at, "; ".join(notes)
    return [to_staff.resident_wrote(desk, seen.message, replace(case, cover=above[0]), at, note=note, why=why)]


def _answers_us(seen: Seen) -> bool:
    return any(token.role == "resident" for token in (*seen.message.answers, *seen.message.addressed))


def _answers_settled(seen: Seen) -> bool:
    """Whether the letter answers the mail in which we ask how we did."""
    return any(token.purpose == PURPOSES["settled"] for token in seen.message.answers)


def _remembered(
    seen: Seen, case: Case, wished: Wishes, verdict: Verdict, desk: Desk
) -> tuple[Case, list[str], list[Intent]]:
    """
    Remember the wishes by address. Gives the case with them, notes for its owner, and the intents.

    What nobody could check counts only in the cases of inboxes that check nothing (E2).
    """
    within = seen.authority.wishes_within(desk.council)
    author = replace(case, resident=verdict.to) if verdict.to else case
    formats = wishes.together(case.formats, wished.formats)
    now = Person(quiet=wished.quiet, formats=formats, language=wished.language)
    kept = wishes.remembered(author, now, Person(formats=case.formats), within)
    notes = wishes.notes(wished, desk.templates.language_names())
    case = replace(case, quiet=case.quiet or wished.quiet, formats=formats, language=wished.language or case.language)
    return case, notes, [*kept]


def _people(case: Case, desk: Desk) -> list[str]:
    """The names that may stand in a short answer as a greeting or a signature."""
    staff = (desk.council.staff.get(one) for one in (case.owner, case.cover))
    return [case.resident.name, case.resident.key.partition("@")[0], *(one.public_name for one in staff if one)]


def _in_charge(case: Case, desk: Desk) -> tuple[Case, list[Intent]]:
    """The case in the hands of somebody who is present to read the letter; if need be, with a new cover."""
    council = desk.council
    if is_present(council, case.in_charge, desk.now):
        return case, []
    found = stand_in(council, case.owner, case.team, desk.now, standards.next_word(case.clocks))
    if found is None:
        return case, []
    why = f"{council.staff[found[0]].name} {found[1]}"
    return replace(case, cover=found[0]), [SetCover(case.code, found[0], why=why)]


def _told(
    seen: Seen,
    verdict: Verdict,
    case: Case,
    desk: Desk,
    found_urgent: tuple[str, ...],
    wished: Sequence[str],
    how: str,
    other: Address | None,
    *,
    known: bool,
    again: bool,
) -> Intent:
    """
    The letter for whoever is in charge; if nobody is present, a mail that says so (P4).

    Args:
        how: why it belongs to the case, as the owner reads it.
        other: who wrote it, if that is no party of the case.
    """
    if not is_present(desk.council, case.in_charge, desk.now):
        return to_admin.no_owner(case, "its owner is away and nobody stands in", desk)
    sender = verdict.to.addr if verdict.to else "an unknown address"
    notes = [opening.CLEARED] if again else []
    notes += wished if known else [f"it came from {sender}, which is new in this case: {how}"]
    if verdict.to is not None and (namesake := names.not_ours(verdict.to, desk.council)):
        notes.append(namesake)
    if seen.authority.form:
        notes.append(f"{authority.BY_FORM}, so nothing was changed because of it")
    if not verdict.acknowledge:
        notes.append(verdict.why)
    if seen.authority.condemned_by(desk.council.inbox_of(case.inbox)):
        # The server of the case may say so, where that of the inbox it came to says nothing.
        doubted = "" if authority.FORGED in notes else f"{authority.FORGED}, and "
        doubted += "nothing was changed because of it"
        notes.append(doubted)
    elif (
        seen.passed is None and known and not seen.authority.form and not seen.authority.speaks_for(case, desk.council)
    ):
        notes.append(authority.UNCHECKED)
    note = "; ".join(notes)
    why = f"{desk.council.staff[case.in_charge].name} has the case"
    flags = danger.flags(found_urgent, desk.council)
    arrived_at = seen.arrival.arrived_at
    if other is not None:
        return to_staff.other_wrote(
            desk, seen.message, case, other, arrived_at, note=note, why=why, urgent=flags, again=again
        )
    return to_staff.resident_wrote(
        desk,
        seen.message,
        case,
        arrived_at,
        note=note,
        why=why,
        urgent=flags,
        at_once=danger.is_at_once(flags),
        again=again,
        writer=_as_staff(seen, case),
        passed=seen.passed.told if seen.passed else None,
    )


def _reopened(case: Case) -> list[Intent]:
    if case.state not in ("closed", "answered", "waiting"):
        return []
    why = "the resident wrote again"
    timers: tuple[ClockKind, ...] = ("settle", "waiting") if case.state != "closed" else ()
    return [*(ClearClock(case.code, kind, "replaced", why=why) for kind in timers), Reopen(case.code, why=why)]


def _anew(case: Case, seen: Seen, desk: Desk) -> tuple[Clock, ...]:
    """
    The clocks of a case that is open again, counted from the letter that reopened it.

    If the letter answers a question, paused clocks go on instead: the resident's time to answer does not count (D65).
    """
    inbox = desk.council.inbox_of(case.inbox)
    standard = desk.council.standard_of(case.standard)
    if case.state == "waiting":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        running = [clock for clock in case.clocks if clock.kind == "answer"]
        going_on = [*running, *standards.resumed(case, desk.council, desk.now)]
        return tuple(
            sorted([*([replace(update, told=False)] if update else []), *going_on], key=lambda one: one.due_at)
        )
    return standards.opening_clocks(
        standard, inbox, desk.council, seen.arrival.arrived_at, desk.now, owned=bool(case.in_charge)
    )


def _receipt(
    seen: Seen,
    verdict: Verdict,
    case: Case,
    facts: Facts,
    desk: Desk,
    *,
    known: bool,
    still: bool,
    news: bool,
    noted: tuple[str, ...] = (),
) -> tuple[Send | None, str]:
    """
    The short receipt for a further letter, or None, and the reason for that (behaviour.md §3.2).

    The answer to "any news?" says where things stand, without a new promise (§3.8).
    """
    if not verdict.acknowledge:
        return None, verdict.why
    if not known:
        return None, "it was sent from an address that is new in this case"
    may = contact.receipt(case, facts.contact, desk, arrival_hold=seen.arrival.hold, news=news)
    if may.when != "now":
        return None, may.why
    why = "they are told where things stand" if news else "a further letter gets a short receipt"
    write = to_resident.where_it_stands if news else to_resident.receipt
    inbox = desk.council.inbox_of(case.inbox)
    return write(desk, seen.message, case, inbox, why=why, hold=may.hold, still=still, noted=noted), why
