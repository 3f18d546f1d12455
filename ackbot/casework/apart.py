"""
Who has nothing to do with a case, because its letters complain about them, and who has it instead (behaviour.md §3.12, E48).

For such a case, those people and everybody whom they manage count as gone: they own, cover, take, read and sign nothing of it.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from ackbot.casework import cover
from ackbot.casework.council import Council, Staff, Team


def without(council: Council, people: Collection[str]) -> Council:
    """
    The council as it stands for a case about these people.

    Args:
        people: staff ids; none of them, and nobody whom they manage, is present in it, at the head of a team, or on duty.
    """
    if not people:
        return council
    gone = _with_those_below(council, people)
    return replace(
        council,
        staff={one: _gone(person) if one in gone else person for one, person in council.staff.items()},
        teams={name: _narrowed(team, gone, council) for name, team in council.teams.items()},
        urgent=replace(council.urgent, to=_on_duty(council, gone)),
    )


def _on_duty(council: Council, gone: Collection[str]) -> tuple[str, ...]:
    """
    Those in [urgent] without these people; if nobody is left, those above them, or else whoever manages a team.

    An alarm must reach somebody who can take it, whoever the letter complains about.
    """
    named = council.urgent.to
    above = [one for person in named for one in cover.ladder(council, person, "")]
    managers = [team.manager for team in council.teams.values()]
    for some in (named, above, managers):
        if left := tuple(dict.fromkeys(one for one in some if one in council.staff and one not in gone)):
            return left
    return ()


def _with_those_below(council: Council, people: Collection[str]) -> frozenset[str]:
    """The same staff ids, and those of everybody whom one of them manages, however far up."""
    gone = set(people) & set(council.staff)
    while more := {one for one in council.staff if one not in gone and gone & set(_managers(council, one))}:
        gone |= more
    return frozenset(gone)


def _managers(council: Council, staff: str) -> list[str]:
    """Whoever manages a person: their own manager, or else those of their teams."""
    teams = [name for name, team in council.teams.items() if staff in team.members]
    return [council.manager_of(council.staff[staff], team) for team in teams or [""]]


def _gone(person: Staff) -> Staff:
    return replace(person, left=date.min)


def _narrowed(team: Team, gone: Collection[str], council: Council) -> Team:
    """The team without these people. If its manager is one of them, whoever is next above is its manager."""
    above = (one for one in cover.ladder(council, team.manager, team.name) if one not in gone)
    return replace(
        team,
        members=tuple(one for one in team.members if one not in gone),
        deputy="" if team.deputy in gone else team.deputy,
        manager=next(above, "") if team.manager in gone else team.manager,
    )


def owner(council: Council, people: Collection[str], team: str, now: datetime) -> tuple[str, str]:
    """
    Who has a case about these people, and why: the next person above them who is here, never one of their colleagues.

    Args:
        council: as `without` makes it.

    Returns:
        "" for nobody, and then the caller must tell somebody above (P4).
    """
    about = sorted(one for one in people if one in council.staff)
    names = " and ".join(council.staff[one].name for one in about)
    theirs = [name for name, group in council.teams.items() if set(about) & set(group.members)]
    for person in about:
        for name in (team, *theirs):
            for above in cover.ladder(council, person, name):
                if above != person and cover.is_present(council, above, now):
                    return above, f"{council.staff[above].name} has it, because it complains about {names}"
    return "", f"it complains about {names}, and nobody above them is here"


def about(people: Collection[str], council: Council) -> str:
    """What whoever has the case reads of it; "" where it is about nobody."""
    names = sorted(council.staff[one].name for one in people if one in council.staff)
    if not names:
        return ""
    return f"it seems to complain about {' and '.join(names)}, who will not read anything of it"
