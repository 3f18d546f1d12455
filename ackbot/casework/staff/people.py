"""Finds the person or team that a name in a staff mail means. Several people may share a name, or nobody may have it."""

import re
from dataclasses import dataclass

from ackbot.casework.council import Council, Staff, Team
from ackbot.mail import folding

_MARKS = " \t.,;:!?()[]<>\"'“”‘’«»*_-–—"  # stripped around a name, not inside it
# `sam@northgate.example`, `Sam Jones <sam@northgate.example>`, and Outlook's `sam@… <mailto:sam@…>`.
_ADDRESS = re.compile(r"(?:[^<>]*<)?(?:mailto:)?(?P<address>[^\s<>:]+@[^\s<>:]+)")


@dataclass(frozen=True, slots=True)
class People:
    """
    The people that a name may mean.

    Args:
        name: the name as written, without punctuation around it.
        several: everybody who matches. One person is the answer, several are asked about, none means that nobody matches.
    """

    name: str
    several: tuple[Staff, ...]

    @property
    def person(self) -> Staff | None:
        """The one person that the name means; None if it means nobody, or more than one."""
        return self.several[0] if len(self.several) == 1 else None

    @property
    def problem(self) -> str:
        """What to tell whoever wrote the name; "" if it means one person."""
        if self.person is not None:
            return ""
        if self.several:
            return f"There is more than one “{self.name}”: {', '.join(one.name for one in self.several)}."
        return f"There is nobody called “{self.name}” whom I know."


def called(name: str, council: Council, *, besides: str = "") -> People:
    """
    The people with this id, full name or address; if there are none, those with this first name.

    Letter case, accents and punctuation around the name are ignored.

    Args:
        besides: the id of somebody who cannot be meant, such as the person who names their own cover.
    """
    written = name.strip(_MARKS).removeprefix("@")
    address = _ADDRESS.fullmatch(written)
    wanted = _plain(address["address"] if address else written)
    people = [one for one in council.staff.values() if one.id != besides] if wanted else []
    # An id or a full name means its owner, even if it is also somebody else's first name.
    exact = [one for one in people if wanted in map(_plain, (one.id, one.name, *one.addresses))]
    first = [one for one in people if wanted == _plain(one.name).partition(" ")[0]]
    return People(written, tuple(exact or first))


def team_called(name: str, council: Council) -> Team | None:
    """
    The team with this name, or the team that answers the inbox or service with this name; None for none.

    Letter case, accents, punctuation around the name, "the" before it and "team" after it are ignored.
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
