"""A case, or a part of one, goes to somebody else: PASS, TAKE, SPLIT (behaviour.md §4.3)."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

from ackbot.casework import standards
from ackbot.casework.clocks import absence_moves
from ackbot.casework.clocks.absence_moves import Move
from ackbot.casework.clocks.reminders import silent_because
from ackbot.casework.council import Council, Inbox, Staff, Team
from ackbot.casework.cover import absence_of, is_present, ladder, returns_on, stand_in
from ackbot.casework.drafts import to_resident, to_staff
from ackbot.casework.incoming import matching, routing
from ackbot.casework.incoming.routing import Routed
from ackbot.casework.intents import Assign, Intent, Note, Offer, OpenCase, SetClock, TakeAlarm
from ackbot.casework.model import Case
from ackbot.casework.staff.request import Request, ask, note, said
from ackbot.mail import folding

_FURTHEST = 30  # working days looked through for one on which a resident has no other automatic mail


def passed(request: Request) -> list[Intent]:
    """PASS: somebody is request to take the case; until they do, it stays where it is."""
    case, desk, council = request.case, request.desk, request.desk.council
    name, reason = _named(said(request))
    if case.state == "closed":
        return ask(request, "The case is closed.")
    if request.person.id not in _may_pass(case, council):
        return ask(request, "The case is not yours, so you cannot pass it on.")
    to = _somebody(name, request)
    if isinstance(to, str):
        return ask(request, to)
    why = f"{request.person.name} passes it to {to.name}"
    return [
        *(note(request, f"{why}: {reason}", "PASS") if reason else []),
        Offer(case.code, to.id, request.person.id, why=why),
        to_staff.offered(
            desk,
            case,
            request.inbox,
            to,
            request.person,
            reason,
            request.facts.last_words.get(case.code, ""),
            tells=absence_moves.is_told(Move(case, to.id, "owner", why, tell=True), desk),
            why=why,
        ),
    ]


def _may_pass(case: Case, council: Council) -> set[str]:
    """Whoever has the case, and those above them."""
    return {case.owner, case.cover, *ladder(council, case.in_charge, case.team)}


def _somebody(name: str, request: Request) -> Staff | str:
    """Who is meant by the name of a person or team, and is here; else what to tell the one who request."""
    council, desk = request.desk.council, request.desk
    person = person_named(name, council)
    if person is None:
        team = team_named(name, council)
        if team is None:
            known = ", ".join(sorted(council.teams))
            if several := called(name, council):
                return f"There is more than one “{name}”: {', '.join(one.name for one in several)}."
            return f"There is nobody called “{name}” whom I know. Teams are: {known}." if name else "PASS needs a name."
        chosen = _of_team(team, request)
        if chosen is None:
            return f"Nobody of {team.name} is here who could take it."
        person = council.staff[chosen]
    if person.id == request.case.in_charge:
        return f"{person.name} has it already."
    if not is_present(council, person.id, desk.now):
        absence = absence_of(council, person.id, desk.now)
        found = stand_in(council, person.id, request.case.team, desk.now)
        until = (
            f" until {desk.templates.day(council.languages[0], returns_on(council, absence), desk.today)}"
            if absence
            else ""
        )
        instead = f" {council.staff[found[0]].name} stands in." if found else ""
        return f"{person.name} is away{until}.{instead}"
    return person


def _of_team(team: Team, request: Request) -> str | None:
    """Who of a team would get its next case, whoever has it now apart."""
    council = request.desk.council
    others = replace(team, members=tuple(one for one in team.members if one != request.case.in_charge))
    council = replace(council, teams={**council.teams, team.name: others})
    routed = Routed(team.name, "", council.default_standard, "", "")
    facts = replace(request.facts, last_owner=None)
    chosen = routing.choose_owner(routed, facts, council, request.desk.now, request.desk.today).staff
    return chosen if chosen != request.case.in_charge else None


def taken(request: Request) -> list[Intent]:
    """
    TAKE: an urgent alarm ends, or the case goes over. Everybody whom we wrote to about a case may take it: it was passed to
    them, it came up the ladder to them, or their service got the same letter.
    """
    case, desk, person = request.case, request.desk, request.person
    offered = case.offer is not None and case.offer.to == person.id
    if case.code in request.facts.alarmed and not offered:
        return [TakeAlarm(case.code, person.id, why=f"{person.name} is on it")]
    if case.state == "closed":
        return ask(request, "The case is closed.")
    if case.owner == person.id:
        stands_in = desk.council.staff.get(case.cover)
        away_yet = f" {stands_in.name} stands in until you write BACK." if stands_in else ""
        return ask(request, f"It is yours already.{away_yet}")
    why = f"{person.name} took it"
    found = Move(case, person.id, "owner", why, tell=True)
    team = _team_of(person, case.team, desk.council)
    intents: list[Intent] = [
        TakeAlarm(case.code, person.id, why=why),
        *(
            replace(one, team=team, taken=True) if isinstance(one, Assign) else one
            for one in absence_moves.applied(found)
        ),
        absence_moves.given(
            desk,
            absence_moves.in_new_hands(found),
            request.facts.last_words.get(case.code, ""),
            owner_why="you took it",
            why=why,
            number=case.handovers + 1,
        ),
    ]
    former = desk.council.staff.get(case.owner if case.cover == person.id else case.in_charge)
    if former and is_present(desk.council, former.id, desk.now):
        values = {"taker": person.name}
        key = f"taken:{case.code}:{case.handovers + 1}"
        intents.append(to_staff.ask_back(desk, case, request.inbox, former, key, "taken", values, why=why))
    at = _free_day(request)
    if absence_moves.is_told(found, desk) and _is_news(request) and not absence_moves.comes_too_late(found, at, desk):
        intents += absence_moves.notice([found], at, "", desk, number=case.handovers + 1)
    return intents


def _is_news(request: Request) -> bool:
    """Of a cover who keeps the case its resident has heard, unless that mail waits still: it is written anew then."""
    waits = any(at > request.desk.now for at in request.facts.heard_at.get(request.case.code, ()))
    return request.case.cover != request.person.id or waits


def _team_of(person: Staff, team: str, council: Council) -> str:
    """The team of a case that somebody takes: as it was, unless they are of another."""
    theirs = [one.name for one in council.teams.values() if person.id in (*one.members, one.deputy, one.manager)]
    return team if team in theirs or not theirs else theirs[0]


def _free_day(request: Request) -> datetime:
    """In working hours, on the first day on which the resident has no other automatic mail (behaviour.md §3.3)."""
    calendar = request.inbox.calendar
    heard = {calendar.local_day(at) for at in request.facts.heard_at.get(request.case.code, ())}
    at = calendar.next_open(request.desk.now)
    for _ in range(_FURTHEST):
        if calendar.local_day(at) not in heard:
            break
        at = calendar.next_open(calendar.at(calendar.local_day(at) + timedelta(days=1), time(0)))
    return at


def split(request: Request) -> list[Intent]:
    """SPLIT: a second matter becomes a case of its own, with an owner, a date, and a word to the resident."""
    case, desk, council, person = request.case, request.desk, request.desk.council, request.person
    name, part = _named(said(request))
    own = next((one for one in council.teams.values() if person.id in (*one.members, one.manager)), None)
    team = team_named(name, council) or (own if not name else None)
    if request.of_many:
        return ask(request, "SPLIT works in a mail about one case.")
    if case.state == "closed":
        return ask(request, "The case is closed.")
    if team is None:
        return ask(request, f"SPLIT needs a team. Teams are: {', '.join(sorted(council.teams))}.")
    if not part:
        return ask(request, "SPLIT needs a word about the part behind the team.")
    inbox = _inbox_of(team, request)
    routed = Routed(team.name, "", council.default_standard, "", "")
    fresh = standards.opening_clocks(routed.standard, inbox, council, desk.now, desk.now, owned=True)
    until = standards.next_word(fresh) or desk.today
    chosen = routing.choose_owner(routed, replace(request.facts, last_owner=None), council, desk.now, until)
    if not chosen.staff:
        return ask(request, f"Nobody of {team.name} is here who could have it.")
    code = matching.free_code(desk.signer, request.seen.message.fingerprint, request.facts)
    other = Case(
        code=code,
        state="open",
        inbox=inbox.name,
        resident=case.resident,
        subject=case.subject,
        team=team.name,
        owner=chosen.staff,
        standard=routed.standard.name,
        language=case.language,
        opened_at=desk.now,
        last_letter_at=desk.now,
        sensitive=case.sensitive,
        quiet=case.quiet,
        parties=case.parties,
        clocks=fresh,
        thread=case.thread,
    )
    silent = silent_because(other, council)
    if not silent:
        other = replace(other, clocks=standards.told(fresh, owned=True))
    reference, why = council.reference_of(code), f"{person.name} split off a part for {team.name}"
    new_owner = council.staff[chosen.staff]
    intents: list[Intent] = [
        OpenCase(other, why=f"{reference} is opened: {why}"),
        Note(code, "linked", {"code": case.code}, why=f"it is a part of {council.reference_of(case.code)}"),
        Note(case.code, "linked", {"code": code}, why=f"a part of it is {reference}"),
        *(SetClock(code, clock, why=f'standard "{other.standard}": {clock.kind}') for clock in other.clocks),
        Assign(code, chosen.staff, team.name, why=chosen.why),
        *note(replace(request, case=other), part, "SPLIT"),
    ]
    letter = request.facts.last_words.get(case.code, "")
    intents.append(to_staff.split_off(desk, other, inbox, new_owner, person, part, letter, told=not silent, why=why))
    if not silent:
        intents.append(replace(to_resident.split_off(desk, other, case, why=why), not_before=_free_day(request)))
    return intents


def _inbox_of(team: Team, request: Request) -> Inbox:
    """The inbox that a team answers; where it has none of its own, that of the first case."""
    here = request.inbox
    theirs = (one for one in request.desk.council.inboxes.values() if one.team == team.name and not one.personal)
    return here if here.team == team.name else next(theirs, here)


def _named(text: str) -> tuple[str, str]:
    """The name behind a command, and what is said with it."""
    first, _, rest = text.partition("\n")
    head, colon, tail = first.partition(":")
    if not colon and len(head.split()) > 4:
        head, _, tail = first.partition(" ")
    name = re.sub(r"^(?:to|for)\b", "", head.strip(), flags=re.IGNORECASE).strip(" .,-–—")
    return name, f"{tail.strip()}\n{rest}".strip()


def person_named(name: str, council: Council) -> Staff | None:
    """The one person whom a name means: by id or full name, else by a first name or an address that one of them has."""
    wanted = folding.plain(name).strip(" .@")
    people = list(council.staff.values())
    exact = [
        one for one in people if wanted and wanted in (folding.plain(one.id), folding.plain(one.name), *one.addresses)
    ]
    first = [one for one in people if wanted and wanted == folding.plain(one.name).split()[0]]
    found = exact or first
    return found[0] if len(found) == 1 else None


def called(name: str, council: Council) -> list[Staff]:
    """Everybody who has that first name, or that very name."""
    wanted = folding.plain(name).strip(" .@")
    return [
        one
        for one in council.staff.values()
        if wanted and wanted in (folding.plain(one.name), folding.plain(one.name).split()[0])
    ]


def team_named(name: str, council: Council) -> Team | None:
    """The team that a name means: its own, or that of an inbox or service it answers."""
    wanted = folding.plain(name).strip(" .").removesuffix(" team").removeprefix("the ").strip()
    for one in council.teams.values():
        if wanted and wanted == folding.plain(one.name):
            return one
    for inbox in council.inboxes.values():
        if wanted and wanted in (folding.plain(inbox.name), folding.plain(inbox.service)):
            return council.teams.get(inbox.team)
    return None
