"""A further letter of a case that exists: attached, its owner told, a short receipt (behaviour.md §3.2, §3.3, §3.5)."""

from collections.abc import Sequence
from dataclasses import replace

from ackbot.casework import contact, elsewhere, standards
from ackbot.casework.clocks.reminders import GIVEN_UP
from ackbot.casework.council import Inbox
from ackbot.casework.cover import is_present, stand_in
from ackbot.casework.drafts import to_admin, to_resident, to_staff
from ackbot.casework.incoming import danger, thanks, wishes
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
    Wish,
)
from ackbot.casework.model import PURPOSES, Case, Clock, ClockKind, Facts
from ackbot.casework.office import Desk

_RECEIPT_QUIET = 2  # working days after human words in which a further letter gets no receipt


def on_attached(
    seen: Seen, verdict: Verdict, found: Match, case: Case, facts: Facts, desk: Desk, found_urgent: tuple[str, ...]
) -> Decision:
    """A letter that belongs to a case we know. Thanks or a bare score change nothing about it; anything else reopens it."""
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    known = verdict.to is not None and verdict.to.key in case.parties
    kind = "reply" if verdict.kind == "letter" and not found.joined else verdict.kind
    case = replace(case, sensitive=case.sensitive or bool(danger.SENSITIVE & set(found_urgent)))
    intents: list[Intent] = [Attach(case.code, "", sensitive=case.sensitive, why=found.how)]
    if case.unreachable and verdict.to is not None and verdict.to.key == case.resident.key:
        case = replace(case, unreachable=False)
        intents.append(Unreachable(case.code, False, why="the resident wrote from that address"))
    intents += danger.alarms(seen, case, inbox, found_urgent, desk)
    files = any(not one.inline for one in seen.message.attachments)
    short = (
        thanks.short_answer(seen.message.new_text, _people(case, desk))
        if known and not (found_urgent or files)
        else None
    )
    if short and short.kind == "score" and case.state == "waiting":
        short = None  # a number may answer the question
    score = thanks.score_of(seen.message.new_text) if known and case.human_words_at and case.state != "waiting" else 0
    if known and not score and _answers_settled(seen) and (score := thanks.word_score(seen.message.new_text)):
        short = Short("score", score)
    if score:
        intents.append(Note(case.code, "feedback", {"score": str(score)}, why="the resident said how we did"))
    asked_for = wishes.read(seen.message.new_text, desk.templates.language_names()) if known and not short else Wishes()
    if found_urgent:
        asked_for = replace(asked_for, quiet=False, news=False)
    case, notes, remembered = _remembered(case, asked_for, verdict, desk)
    intents += remembered
    notes += elsewhere.unseen(seen, facts, desk)
    case, in_charge = _in_charge(case, desk)
    intents += in_charge
    clocks = case.clocks
    send: Send | None = None
    if short:
        why = "it is thanks, which asks for nothing" if short.kind == "thanks" else "it is a score from 1 to 5"
    elif asked_for.quiet:
        why = "the resident wants no automatic mail"
    else:
        in_question = asked_for.news and case.state == "waiting"  # it does not answer what was asked
        reopened = case.state in ("closed", "answered", "waiting") and not in_question
        intents += _reopened(case) if reopened else []
        still = not reopened and any(clock.told for clock in case.clocks)
        fresh = case.clocks if still or in_question else _anew(case, inbox, seen, desk)
        answering = replace(case, clocks=fresh)
        send, why = _receipt(
            seen, verdict, answering, inbox, facts, desk, known=known, still=still, news=asked_for.news
        )
        told = send is not None and not send.hold and inbox.mode in ("acknowledge", "live") and not asked_for.news
        if not still and not in_question and (reopened or told):
            clocks = standards.told(fresh, owned=True) if told else fresh
            intents += [SetClock(case.code, clock, why="the resident wrote again") for clock in clocks]
    if send:
        intents.append(send)
        intents += to_admin.hold_told(send, desk)
    ended = asked_for.quiet and case.state in ("closed", "answered")
    if not ended and (short is None or short.kind == "thanks"):
        case_now = replace(case, clocks=clocks)
        intents.append(_told(seen, verdict, case_now, inbox, desk, found_urgent, notes, known=known))
    intents.append(Record(kind, "attach", verdict.rule, send is not None, why=why))
    return Decision(
        kind,
        "attach",
        verdict.rule,
        why,
        send is not None,
        verdict.to,
        tuple(intents),
        urgent=found_urgent,
        code=case.code,
        owner=case.in_charge,
        owner_why="has the case",
        standard=case.standard,
        clocks=clocks,
    )


def _answers_settled(seen: Seen) -> bool:
    """Whether it answers the mail that asks how we did."""
    return any(token.purpose == PURPOSES["settled"] for token in seen.message.answers)


def _remembered(case: Case, asked_for: Wishes, verdict: Verdict, desk: Desk) -> tuple[Case, list[str], list[Intent]]:
    """What they asked for, kept by their address: the case as it is now, what its owner should know, and the intents."""
    addr, code = (verdict.to.key if verdict.to else case.resident.key), case.code
    notes: list[str] = []
    intents: list[Intent] = []
    if asked_for.quiet:
        notes.append("they want no more automatic mail, so only what you write goes to them")
        intents.append(Wish(addr, "quiet", "yes", code=code, why="the resident wants no automatic mail"))
        case = replace(case, quiet=True)
    if asked_for.formats:
        intents.append(Wish(addr, "formats", asked_for.formats, code=code, why="the resident asks for it"))
        case = replace(case, formats=asked_for.formats)
    if asked_for.language:
        notes.append(f"they ask for {desk.templates.language_names()[asked_for.language][0]}")
        intents.append(Wish(addr, "language", asked_for.language, code=code, why="the resident asks for it"))
        case = replace(case, language=asked_for.language)
    if asked_for.news:
        notes.append("they ask how far it is, and a word from you would help")
    return case, notes, intents


def _people(case: Case, desk: Desk) -> list[str]:
    """Whom a short answer may greet or be signed by."""
    staff = (desk.council.staff.get(one) for one in (case.owner, case.cover))
    return [case.resident.name, case.resident.key.partition("@")[0], *(one.public_name for one in staff if one)]


def _in_charge(case: Case, desk: Desk) -> tuple[Case, list[Intent]]:
    """The case with somebody who is here to read the letter: its owner, its cover, or whoever stands in from now on."""
    council = desk.council
    if is_present(council, case.in_charge, desk.now):
        return case, []
    found = stand_in(council, case.owner, case.team, desk.now)
    if found is None:
        return case, []
    why = f"{council.staff[found[0]].name} {found[1]}"
    return replace(case, cover=found[0]), [SetCover(case.code, found[0], why=why)]


def _told(
    seen: Seen,
    verdict: Verdict,
    case: Case,
    inbox: Inbox,
    desk: Desk,
    found_urgent: tuple[str, ...],
    wished: Sequence[str],
    *,
    known: bool,
) -> Intent:
    """Whoever is in charge gets the letter; where nobody is, somebody is told so (P4)."""
    if not is_present(desk.council, case.in_charge, desk.now):
        return to_admin.no_owner(case, "its owner is away and nobody stands in", desk)
    sender = verdict.to.addr if verdict.to else "an unknown address"
    notes = [*wished] if known else [f"it came from {sender}, which is new in this case"]
    if not verdict.acknowledge:
        notes.append(verdict.why)
    note = "; ".join(notes)
    why = f"{desk.council.staff[case.in_charge].name} has the case"
    flags = danger.flags(found_urgent, desk.council)
    return to_staff.resident_wrote(desk, seen.message, case, inbox, seen.arrival, note=note, why=why, urgent=flags)


def _reopened(case: Case) -> list[Intent]:
    if case.state not in ("closed", "answered", "waiting"):
        return []
    why = "the resident wrote again"
    timers: tuple[ClockKind, ...] = ("settle", "waiting") if case.state != "closed" else ()
    return [*(ClearClock(case.code, kind, "replaced", why=why) for kind in timers), Reopen(case.code, why=why)]


def _anew(case: Case, inbox: Inbox, seen: Seen, desk: Desk) -> tuple[Clock, ...]:
    """
    The clocks of a case that is open again, counted from the letter that opened it. A question that was answered takes the
    case up where it stood: the time that the resident took does not count (D65).
    """
    standard = desk.council.standards.get(case.standard, desk.council.default_standard)
    if case.state == "waiting":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        running = [clock for clock in case.clocks if clock.kind == "answer"]
        going_on = [*running, *standards.resumed(case, inbox, desk.council, desk.now)]
        return tuple(
            sorted([*([replace(update, told=False)] if update else []), *going_on], key=lambda one: one.due_at)
        )
    return standards.opening_clocks(
        standard, inbox, desk.council, seen.arrival.arrived_at, desk.now, owned=bool(case.in_charge)
    )


def on_recovered(seen: Seen, verdict: Verdict, case: Case, desk: Desk) -> Decision:
    """A quarantined mail can be read at last: its owner gets the letter; the resident was answered from its headers."""
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    why = "it could be read at last"
    found_urgent = danger.found_in(seen, case, desk)
    case = replace(case, sensitive=case.sensitive or bool(danger.SENSITIVE & set(found_urgent)))
    intents: list[Intent] = [
        Attach(case.code, "", sensitive=case.sensitive, why=why),
        Note(case.code, "recovered", why=why),
        *danger.alarms(seen, case, inbox, found_urgent, desk),
    ]
    if case.owner in desk.council.staff:
        flags = danger.flags(found_urgent, desk.council)
        intents.append(
            to_staff.resident_wrote(desk, seen.message, case, inbox, seen.arrival, note="", why=why, urgent=flags)
        )
    record = Record(verdict.kind, "attach", verdict.rule, acknowledge=False, why=why)
    return Decision(
        verdict.kind,
        "attach",
        verdict.rule,
        why,
        False,
        verdict.to,
        (*intents, record),
        urgent=found_urgent,
        code=case.code,
        owner=case.owner,
    )


def _receipt(
    seen: Seen,
    verdict: Verdict,
    case: Case,
    inbox: Inbox,
    facts: Facts,
    desk: Desk,
    *,
    known: bool,
    still: bool,
    news: bool,
) -> tuple[Send | None, str]:
    """
    A short receipt for a further letter, unless a person wrote lately or one went today (behaviour.md §3.2); and why.
    "Any news?" is answered with where things stand, without a new promise (§3.8).
    """
    calendar = desk.council.calendar
    if not verdict.acknowledge:
        return None, verdict.why
    if not known:
        return None, "it was sent from an address that is new in this case"
    if case.sensitive or case.quiet or case.unreachable:
        return None, "no automatic mail goes out in this case"
    if case.no_news >= GIVEN_UP:
        return None, "the resident was told three times that there is no news, and nothing more is promised by itself"
    if case.receipt_on == desk.today:
        return None, "this case had a receipt today"
    if (
        not news
        and case.human_words_at
        and calendar.days_between(calendar.local_day(case.human_words_at), desk.today) <= _RECEIPT_QUIET
    ):
        return None, "a person wrote to the resident in the last two working days"
    if facts.promise_today:
        return None, "the resident hears today on another promise, and one automatic mail a day is enough"
    if any(calendar.local_day(at) == desk.today for at in facts.follow_up_at):
        return None, "the resident had an automatic mail besides the acknowledgement today"
    why = "they are told where things stand" if news else "a further letter gets a short receipt"
    write = to_resident.where_it_stands if news else to_resident.receipt
    return write(
        desk, seen.message, case, inbox, why=why, hold=contact.hold(seen.arrival, facts, desk.council), still=still
    ), why
