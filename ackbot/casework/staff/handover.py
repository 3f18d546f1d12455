"""PASS, TAKE and SPLIT: a case, or a part of one, goes to somebody else (behaviour.md §4.3)."""

import re
from dataclasses import replace

from ackbot.casework import contact, keys, standards
from ackbot.casework.clocks import absence_moves
from ackbot.casework.clocks.absence_moves import Move
from ackbot.casework.council import Council, Inbox, Staff, Team
from ackbot.casework.cover import absence_of, has_left, is_present, ladder, returns_on, stand_in
from ackbot.casework.drafts import to_admin, to_resident, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.history import History
from ackbot.casework.incoming import matching, routing
from ackbot.casework.incoming.routing import Routed
from ackbot.casework.intents import Assign, EndOffer, Intent, Note, Offer, OpenCase, SetClock
from ackbot.casework.model import Case
from ackbot.casework.staff import alarm_answers, short_answers
from ackbot.casework.staff.people import called, team_called
from ackbot.casework.staff.request import Request, answers_alarm, ask_back, note, said
from ackbot.mail.markup import Lines

_LINKED = re.compile(r"<mailto:[^<>\n]*>")  # Outlook puts this behind an address


def passed(request: Request) -> list[Intent]:
    """PASS: ask somebody to take the case. Until they do, it stays where it is."""
    case, desk, council = request.case, request.desk, request.desk.council
    name, reason = _named(said(request))
    if case.state == "closed":
        return ask_back(request, "The case is closed.")
    if request.person.id not in _may_pass(case, council):
        return ask_back(request, "The case is not yours, so you cannot pass it on.")
    to = _taker(name, request)
    if isinstance(to, str):
        return ask_back(request, to)
    why = f"{request.person.name} passes it to {to.name}"
    withdrawn = council.staff.get(case.offer.to) if case.offer and case.offer.to != to.id else None
    return [
        *(_withdrawn(request, withdrawn, to) if withdrawn else []),
        *(note(request, f"{why}: {reason}", "PASS") if reason else []),
        Offer(case.code, to.id, request.person.id, why=why),
        to_staff.offered(
            desk,
            case,
            to,
            request.person,
            reason,
            last_words=request.facts.last_words.get(case.code, ""),
            resident_told=absence_moves.is_told(Move(case, to.id, "owner", why, tell=True), desk),
            why=why,
        ),
    ]


def _withdrawn(request: Request, former: Staff, to: Staff) -> list[Intent]:
    """Tell whoever was asked before that somebody else is asked now; nothing if they are not here to read it."""
    case, desk = request.case, request.desk
    if not is_present(desk.council, former.id, desk.now):
        return []
    values, key = {"author": request.person.name, "taker": to.name}, keys.withdrawn(request.key)
    why = "somebody else is asked now"
    return [to_staff.about_case(desk, ASK_BACK["withdrawn"], case, former, key, values, why=why)]


def _may_pass(case: Case, council: Council) -> set[str]:
    """The staff ids of the owner, the cover, and everybody above whoever has the case."""
    return {case.owner, case.cover, *ladder(council, case.in_charge, case.team)}


def _taker(name: str, request: Request) -> Staff | str:
    """The person that a name of a person or team means, if present; else what to tell whoever passes the case."""
    council, desk = request.desk.council, request.desk
    if not name:
        return "PASS needs a name."
    named = called(name, council)
    person = named.person
    if person is None:
        team = team_called(name, council)
        if team is None:
            return named.problem if named.several else f"{named.problem} Teams are: {', '.join(sorted(council.teams))}."
        chosen = _of_team(team, request)
        if chosen is None:
            return f"Nobody of {team.name} is here who could take it."
        person = council.staff[chosen]
    if person.id == request.case.in_charge:
        return f"{person.name} has it already."
    if has_left(person, desk.today):
        gone = has_left(request.reply.desk.council.staff[person.id], desk.today)
        return f"{person.name} no longer works here." if gone else f"The case complains about {_about(request)}."
    if not is_present(council, person.id, desk.now):
        absence = absence_of(council, person.id, desk.now)
        found = stand_in(council, person.id, request.case.team, desk.now)
        until = (
            f" until {desk.templates.day(council.staff_language, returns_on(council, absence), desk.today)}"
            if absence
            else ""
        )
        instead = f" {council.staff[found[0]].name} stands in." if found else ""
        return f"{person.name} is away{until}.{instead}"
    return person


def _about(request: Request) -> str:
    """About whom the case complains; whom they manage cannot have it either (behaviour.md §3.12)."""
    staff = request.desk.council.staff
    return " and ".join(sorted(staff[one].name for one in request.case.about if one in staff))


def _of_team(team: Team, request: Request) -> str | None:
    """The staff id of the member who would get the team's next case, except whoever has this one; None for nobody."""
    council = request.desk.council
    # PASS asks for somebody else: whoever has the case cannot get it, and the resident's last owner has no preference.
    others = replace(team, members=tuple(one for one in team.members if one != request.case.in_charge))
    council = replace(council, teams={**council.teams, team.name: others})
    routed = Routed(team.name, "", council.default_standard, "", "")
    facts = replace(request.facts, last_owner=None)
    until = standards.next_word(request.case.clocks) or request.desk.today
    chosen = routing.choose_owner(routed, facts, council, request.desk.now, until).staff
    return chosen if chosen != request.case.in_charge else None


def taken(request: Request) -> list[Intent]:
    """
    TAKE: end an urgent alarm, or give the case to whoever wrote.

    Everybody whom we wrote to about a case may take it: it was passed to them, it came up the ladder to them, or their
    service got the same letter.
    """
    case, desk, person = request.case, request.desk, request.person
    if answers_alarm(request.reply):
        return alarm_answers.taken(request)
    offered = _is_asked(request)
    # While an alarm runs, TAKE means "I see to it", not "it is my case", except from whoever was offered the case.
    if request.alarm_runs and not offered:
        return alarm_answers.ended(request, f"{person.name} is on it")
    if case.state == "closed":
        return ask_back(request, "The case is closed.")
    if case.owner == person.id:
        stands_in = desk.council.staff.get(case.cover)
        away_yet = f" {stands_in.name} stands in until you write BACK." if stands_in else ""
        return ask_back(request, f"It is yours already.{away_yet}")
    if not offered and _is_no_longer_asked(request):
        return ask_back(request, _who_has_it(request))
    why = f"{person.name} took it"
    found = Move(case, person.id, "owner", why, tell=True)
    team = _team_of(person, case.team, desk.council)
    intents: list[Intent] = [
        *alarm_answers.ended(request, why),
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
        key = keys.taken(case.code, case.handovers + 1)
        intents.append(to_staff.about_case(desk, ASK_BACK["taken"], case, former, key, values, why=why))
    if absence_moves.is_told(found, desk) and _is_news(request):
        intents += absence_moves.notice([found], _history(request), desk, number=case.handovers + 1)
    return intents


def _is_asked(request: Request) -> bool:
    """Whether the case is offered to the writer now."""
    return request.case.offer is not None and request.case.offer.to == request.person.id


def _is_no_longer_asked(request: Request) -> bool:
    """
    Whether the case was once offered to the writer and nothing else lets them take it: they neither stand in, nor are they
    above whoever has it. Without anybody in charge, everybody may.
    """
    case, council = request.case, request.desk.council
    above = ladder(council, case.in_charge, case.team)
    return (
        case.code in request.facts.once_offered
        and case.in_charge in council.staff
        and request.person.id not in (case.cover, *above)
    )


def _who_has_it(request: Request) -> str:
    """What somebody reads who takes a case that is no longer offered to them."""
    case, staff = request.case, request.desk.council.staff
    asked = staff.get(case.offer.to) if case.offer else None
    also = f", and {asked.name} is asked to take it" if asked else ""
    return f"It is no longer offered to you: {staff[case.in_charge].name} has it{also}."


def understood(request: Request) -> Request:
    """
    The request with the command that plain words stand for, if the answered mail asks whether the writer takes something.

    "On it" is TAKE for whoever is alarmed or is offered the case. Other words keep their reading.
    """
    reading = request.reading
    if reading.command not in ("", "unclear") or not (_is_asked(request) or answers_alarm(request.reply)):
        return request
    people = (request.person.name, request.person.job_title, request.inbox.service, request.desk.council.name)
    if not short_answers.takes(reading.whole, people):
        return request
    return replace(request, reading=replace(reading, command="TAKE", argument="", words=""))


def declined(request: Request) -> list[Intent]:
    """
    The person to whom a case was passed does not take it: the offer ends, and whoever passed it on reads why.

    If that person is not here, whoever has the case reads it.
    """
    case, desk, person = request.case, request.desk, request.person
    why = f"{person.name} does not take it"
    by = case.offer.by if case.offer else ""
    told = by if is_present(desk.council, by, desk.now) else case.in_charge
    reader, keeper = (desk.council.staff.get(one) for one in (told, case.in_charge))
    intents: list[Intent] = [*note(request, request.reading.whole, "PASS"), EndOffer(case.code, why=why)]
    if reader is None:
        return intents
    values = {
        "author": person.name,
        "keeper": keeper.name if keeper and keeper != reader else "",
        "their_words": Lines(request.reading.whole),
    }
    key = keys.declined(request.key)
    return [*intents, to_staff.about_case(desk, ASK_BACK["declined"], case, reader, key, values, why=why)]


def declines(request: Request) -> bool:
    """Whether the writer, to whom the case is offered, gives it back: "No, not mine", or PASS to whoever offered it."""
    case, reading = request.case, request.reading
    if not _is_asked(request) or case.offer is None:
        return False
    if reading.command == "PASS":
        back_to = called(_named(said(request))[0], request.desk.council).person
        return back_to is not None and back_to.id in (case.offer.by, case.in_charge)
    return reading.command in ("", "unclear") and short_answers.declines(reading.whole)


def _is_news(request: Request) -> bool:
    """
    Whether the resident would hear something new.

    If the cover takes the case, the resident already knows that this person has it. It is news all the same if the mail about
    the cover has not gone out yet, because the new mail replaces it.
    """
    waits = any(at > request.desk.now for at in _history(request).goes_at)
    return request.case.cover != request.person.id or waits


def _team_of(person: Staff, team: str, council: Council) -> str:
    """The team of a case after this person takes it: unchanged if they belong to it or to none, else their first team."""
    theirs = [one.name for one in _teams_of(person, council)]
    return team if team in theirs or not theirs else theirs[0]


def _teams_of(person: Staff, council: Council) -> list[Team]:
    """The teams that a person is a member, the deputy or the manager of, in the order of the file."""
    return [one for one in council.teams.values() if person.id in (*one.members, one.deputy, one.manager)]


def _history(request: Request) -> History:
    """The automatic mails that the case's resident has had or will get."""
    return request.facts.contacts.get(request.case.code, History())


def split(request: Request) -> list[Intent]:
    """SPLIT: open a case for a second matter, with an owner and a date, and tell the resident."""
    case, desk, council, person = request.case, request.desk, request.desk.council, request.person
    name, part = _named(said(request))
    own = next(iter(_teams_of(person, council)), None)
    team = team_called(name, council) or (own if not name else None)
    if request.of_many:
        return ask_back(request, "SPLIT works in a mail about one case.")
    if case.state == "closed":
        return ask_back(request, "The case is closed.")
    if team is None:
        return ask_back(request, f"SPLIT needs a team. Teams are: {', '.join(sorted(council.teams))}.")
    if not part:
        return ask_back(request, "SPLIT needs a word about the part behind the team.")
    inbox = _inbox_of(team, request)
    if not request.seen.authority.reaches(request.inbox, (inbox,)):
        return ask_back(request, f"Nothing proves to the inbox of {team.name} that you wrote it.")
    routed = Routed(team.name, "", council.default_standard, "", "")
    fresh = standards.opening_clocks(routed.standard, inbox, council, desk.now, desk.now, owned=True)
    until = standards.next_word(fresh) or desk.today
    chosen = routing.choose_owner(routed, replace(request.facts, last_owner=None), council, desk.now, until)
    if not chosen.staff:
        return ask_back(request, f"Nobody of {team.name} is here who could have it.")
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
        about=case.about,
    )
    announced = replace(other, clocks=standards.told(fresh, owned=True))
    may = contact.notice([announced], _history(request), desk, origin=case)
    tells = may.when != "never"
    if tells and not may.hold:  # a held notice tells the resident no date until it is released
        other = announced
    reference, why = council.reference_of(code), f"{person.name} split off a part for {team.name}"
    last_words = request.facts.last_words.get(case.code, "")
    intents: list[Intent] = [
        OpenCase(other, why=f"{reference} is opened: {why}"),
        Note(code, "linked", {"code": case.code}, why=f"it is a part of {council.reference_of(case.code)}"),
        Note(case.code, "linked", {"code": code}, why=f"a part of it is {reference}"),
        *(SetClock(code, clock, why=f'standard "{other.standard}": {clock.kind}') for clock in other.clocks),
        Assign(code, chosen.staff, team.name, why=chosen.why),
        *note(replace(request, case=other), part, "SPLIT"),
        to_staff.split_off(desk, other, person, part, last_words=last_words, resident_told=tells, why=why),
    ]
    if tells:
        send = to_resident.split_off(desk, announced, case, named=_part_told(part), why=why)
        send = replace(send, not_before=may.at, hold=may.hold)
        intents += [send, *to_admin.hold_told(send.hold, send.inbox, desk)]
    return intents


_MOST_TOLD = 60  # characters of a part's name
# Whoever names a part to a colleague may say more than its name. Only a bare name is told to the resident.
_A_REMARK = re.compile(
    r"\b(?:he|she|they|him|her|his|hers|their|them|i|we|you|your|please|internal|fyi)\b|[!?@<>]", re.IGNORECASE
)


def _part_told(part: str) -> str:
    """The name of the part as the resident reads it, such as "the pothole" (E55); "" if it is more than a name."""
    name = part.strip().rstrip(".")
    return "" if "\n" in name or len(name) > _MOST_TOLD or _A_REMARK.search(name) else name


def _inbox_of(team: Team, request: Request) -> Inbox:
    """The inbox that the team answers; if it has none of its own, the inbox of the first case."""
    here = request.inbox
    theirs = (one for one in request.desk.council.inboxes.values() if one.team == team.name and not one.personal)
    return here if here.team == team.name else next(theirs, here)


def _named(text: str) -> tuple[str, str]:
    """The name behind a command, and the words after the name."""
    first, _, rest = text.partition("\n")
    first = _LINKED.sub("", first)
    head, colon, tail = first.partition(":")
    # No name has more than four words. In a longer line without a colon, only the first word is the name.
    if not colon and len(head.split()) > 4:
        head, _, tail = first.partition(" ")
    name = re.sub(r"^(?:to|for)\b", "", head.strip(), flags=re.IGNORECASE).strip(" .,-–—")
    return name, f"{tail.strip()}\n{rest}".strip()
