"""Chooses team, standard and owner of a new case, and says why (behaviour.md §4.5, design.md §7 `[[route]]`)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from ackbot.casework import apart, cover
from ackbot.casework.council import Council, Inbox, Route, Standard, Team
from ackbot.casework.incoming import complaining
from ackbot.casework.model import Facts, Load
from ackbot.mail import folding
from ackbot.mail.message import Message

_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})\b", re.IGNORECASE)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Routed:
    """
    Where a letter goes.

    Args:
        team: "" for none.
        owner: the staff id that the route or the inbox names; "" if one of the team is to be chosen.
        skill: the skill that the route asks for; "" for none.
        why: which route decided, in plain English.
    """

    team: str
    owner: str
    standard: Standard
    skill: str
    why: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    The chosen owner.

    Args:
        staff: "" if nobody is present, and then the caller must tell somebody (D59).
        passed_over: the others of the team, each with the reason why it is not them; "" for nobody.
    """

    staff: str
    why: str
    passed_over: str = ""


def route(message: Message, inbox: Inbox, council: Council) -> Routed:
    """
    The first configured route whose conditions all hold; if there is none, the inbox's team and the default standard.

    A letter that makes a complaint takes the standard for complaints, unless its route names one of these (E87).
    """
    found = _by_routes(message, inbox, council)
    if found.standard.complaint or council.complaints is None:
        return found
    sign = complaining.sign(message, council)
    if sign is None:
        return found
    why = f"{found.why}; it makes a complaint: “{sign.words}”, found by {sign.file}:{sign.number}"
    return replace(found, standard=council.complaints, why=why)


def _by_routes(message: Message, inbox: Inbox, council: Council) -> Routed:
    for one in council.routes:
        if _matches(one, message, inbox):
            standard = council.standard_of(one.standard)
            named = _condition(one)
            return Routed(
                one.team or inbox.team,
                one.owner,
                standard,
                one.skill,
                f"route {one.number} matches" + (f" ({named})" if named else ""),
            )
    return Routed(inbox.team, inbox.owner, council.default_standard, "", f"inbox {inbox.name}")


def _matches(one: Route, message: Message, inbox: Inbox) -> bool:
    author = message.author.key if message.author else ""
    recipients = {address.key for address in (*message.to, *message.cc)} | set(inbox.addresses)
    return (
        one.inbox in ("", inbox.name)
        and (
            not one.from_
            or any(author == word or (word.startswith("@") and author.endswith(word)) for word in one.from_)
        )
        and (not one.to or any(word in recipients for word in one.to))
        and (not one.subject or has_word(message.subject, one.subject))
        and (not one.body or has_word(message.new_text, one.body))
        and (not one.postcode or _in_area(f"{message.subject}\n{message.new_text}", one.postcode))
    )


def _condition(one: Route) -> str:
    named = {"from": one.from_, "to": one.to, "subject": one.subject, "body": one.body, "postcode": one.postcode}
    return ", ".join(name for name, words in named.items() if words)


def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words or phrases begins a word of the text: `mould` finds `mouldy`, but not `leafmould`."""
    haystack = folding.plain(text)
    return any(re.search(rf"(?<!\w){re.escape(folding.plain(word))}", haystack) for word in words)


def _in_area(text: str, areas: tuple[str, ...]) -> bool:
    """Whether the text has a postcode of one of the areas, such as `W10`, or `W10 5` for a sector."""
    wanted = [" ".join(area.upper().split()) for area in areas]
    codes = [f"{outward} {inward}".upper() for outward, inward in _POSTCODE.findall(text)]
    return any(code.startswith(area if " " in area else f"{area} ") for code in codes for area in wanted)


def choose_owner(routed: Routed, facts: Facts, council: Council, now: datetime, until: date) -> Chosen:
    """
    The owner of a new case.

    A named owner comes first, or whoever stands in for them, then the team member who dealt with this resident last. Otherwise
    the team members who are present are narrowed down: to those with free hands, to those with the skill, and to those with
    the fewest days away until the promise. Among these the one with the fewest cases for their hours of a week, or the next in
    turn, is chosen. If nobody of the team is present, its deputy or manager becomes the owner.

    Args:
        until: the local date by which the resident is promised the next word.
    """
    named = routed.owner
    if named in council.staff and cover.is_present(council, named, now):
        return Chosen(named, routed.why)
    if named in council.staff:
        found = cover.stand_in(council, named, routed.team, now, until)
        if found:
            return Chosen(found[0], f"{council.staff[found[0]].name} {found[1]}, who is away")
    team = council.teams.get(routed.team)
    if team is None:
        return Chosen("", "the letter goes to no team")
    here = [one for one in team.members if cover.is_present(council, one, now)]
    # A resident should not have to explain their matter to somebody new, so the last owner comes before a fair share of cases.
    if kept := _kept_owner(team, facts, council, now, here):
        return kept
    # If everybody's hands are full, `max_cases` no longer counts: every case needs an owner (P4).
    candidates = [one for one in here if not _is_full(one, facts, council)] or here
    skilled = [one for one in candidates if routed.skill in council.staff[one].skills] if routed.skill else []
    candidates = skilled or candidates
    if not candidates:
        found = cover.stand_in(council, "", team.name, now, until)
        if found:
            return Chosen(found[0], f"nobody of {team.name} is here, and {council.staff[found[0]].name} {found[1]}")
        return Chosen("", f"nobody of {team.name} is here, nor its deputy or manager")
    today = council.calendar.local_day(now)
    away = {one: cover.days_away(council, one, today, max(until, today)) for one in candidates}
    least_away = [one for one in candidates if away[one] == min(away.values())]
    staff = min(least_away, key=lambda one: _turn(team, one, facts, council))
    reason = _reason(team, len(candidates), len(least_away), skilled=bool(skilled), skill=routed.skill)
    skill = routed.skill if skilled else ""
    others = [
        f"{council.staff[one].name} ({_why_not(one, team, skill, away, facts, council, now)})"
        for one in team.members
        if one != staff and one in council.staff
    ]
    return Chosen(staff, f"{council.staff[staff].name} {reason}", ", ".join(others))


def owner_of_complaint(about: Collection[str], team: str, council: Council, now: datetime) -> Chosen:
    """The owner of a case that complains about these staff ids; `council` is without them (behaviour.md §3.12)."""
    staff, why = apart.owner(council, about, team, now)
    return Chosen(staff, why)


def _kept_owner(team: Team, facts: Facts, council: Council, now: datetime, here: list[str]) -> Chosen | None:
    if facts.last_owner is None:
        return None
    staff, _, active_at = facts.last_owner
    if staff not in here or now - active_at > timedelta(seconds=team.keep_owner.seconds):
        return None
    return Chosen(staff, f"{council.staff[staff].name} has dealt with this resident before")


def _is_full(staff: str, facts: Facts, council: Council) -> bool:
    limit = council.staff[staff].max_cases
    return bool(limit) and facts.loads.get(staff, Load()).open_cases >= limit


def _turn(team: Team, staff: str, facts: Facts, council: Council) -> tuple[Fraction, datetime]:
    """Whose turn it is, the least first: by open cases, this one included, for the hours of their week; then by time."""
    load = facts.loads.get(staff, Load())
    cases = Fraction(load.open_cases + 1, _minutes(staff, council)) if team.assign == "least-loaded" else Fraction(0)
    return cases, load.assigned_at or _NEVER


def _minutes(staff: str, council: Council) -> int:
    return cover.own_calendar(council, staff).week.minutes


def _why_not(
    staff: str, team: Team, skill: str, away: Mapping[str, int], facts: Facts, council: Council, now: datetime
) -> str:
    """Why somebody of the team was passed over, in a few words."""
    person, load = council.staff[staff], facts.loads.get(staff, Load())
    if (absence := cover.absence_of(council, staff, now)) is not None:
        return f"away until {cover.returns_on(council, absence).isoformat()}"
    if not cover.is_present(council, staff, now):
        return "no longer works here"
    if staff in away:  # one of those from whom the owner was chosen
        if away[staff] > min(away.values()):
            return f"away on {away[staff]} working days before the date promised"
        hours = f" in {_minutes(staff, council) / 60:g} hours a week"
        return f"{load.open_cases} open cases{hours}" if team.assign == "least-loaded" else "had one more lately"
    full = _is_full(staff, facts, council)
    return f"has {load.open_cases} cases, and max_cases is {person.max_cases}" if full else f"has not the skill {skill}"


def _reason(team: Team, candidates: int, least_away: int, *, skilled: bool, skill: str) -> str:
    rule = "has the fewest open cases" if team.assign == "least-loaded" else "is next in turn"
    if candidates == 1:
        rule = "is the only one here"
    elif least_away == 1:
        rule = "is here longest before the date promised"
    return f"{rule} in {team.name}" + (f" with the skill {skill}" if skilled else "")
