"""Whom a name in a staff mail means: a person of the council, a team, several who share the name, or nobody."""

import re
from dataclasses import dataclass

from ackbot.casework.council import Council, Staff, Team
from ackbot.mail import folding

_MARKS = " \t.,;:!?()[]<>\"'“”‘’«»*_-–—"  # around a name; those within one stay
# `sam@northgate.example`, `Sam Jones <sam@northgate.example>`, and as Outlook has it `sam@… <mailto:sam@…>`.
_ADDRESS = re.compile(r"(?:[^<>]*<)?(?:mailto:)?(?P<address>[^\s<>:]+@[^\s<>:]+)")


@dataclass(frozen=True, slots=True)
class People:
    """
    Who a name means.

    Args:
        name: as it was written, marks around it apart.
        several: all that match; one of them is the answer, more are a question, none is nobody.
    """

    name: str
    several: tuple[Staff, ...]

    @property
    def person(self) -> Staff | None:
        """The one that it means; None where it means nobody, or more than one."""
        return self.several[0] if len(self.several) == 1 else None

    @property
    def problem(self) -> str:
        """What to tell whoever wrote it; "" where it means one person."""
        if self.person is not None:
            return ""
        if self.several:
            return f"There is more than one “{self.name}”: {', '.join(one.name for one in self.several)}."
        return f"There is nobody called “{self.name}” whom I know."


def called(name: str, council: Council, *, besides: str = "") -> People:
    """
    Who is called that: by id, full name or address; else by first name. Letter case, accents and marks around it count for
    nothing.

    Args:
        besides: staff id of somebody who is not meant, such as whoever names their own cover.
    """
    written = name.strip(_MARKS).removeprefix("@")
    address = _ADDRESS.fullmatch(written)
    wanted = _plain(address["address"] if address else written)
    people = [one for one in council.staff.values() if one.id != besides] if wanted else []
    # An id or a whole name is meant as such, even where it is another person's first name too.
    exact = [one for one in people if wanted in map(_plain, (one.id, one.name, *one.addresses))]
    first = [one for one in people if wanted == _plain(one.name).partition(" ")[0]]
    return People(written, tuple(exact or first))


def team_called(name: str, council: Council) -> Team | None:
    """
    The team that a name means: its own, or that of an inbox or service it answers. Letter case, accents, marks around it,
    "the" before and "team" behind it count for nothing.
    """
    wanted = _bare(name)
    if not wanted:
        return None
    for team in council.teams.values():
        if wanted == _bare(team.name):
            return team
    for inbox in council.inboxes.values():
        if inbox.team in council.teams and wanted in (_bare(inbox.name), _bare(inbox.service)):
            return council.teams[inbox.team]
    return None


def _bare(name: str) -> str:
    return _plain(name).removeprefix("the ").removesuffix(" team").strip()


def _plain(name: str) -> str:
    return folding.plain(name.strip(_MARKS).replace("’", "'"))
