"""Who came, left and moved with another configuration, for an admin whose staff come out of a personnel system."""

from collections.abc import Sequence
from dataclasses import dataclass

from ackbot.casework.council import Council


@dataclass(frozen=True, slots=True)
class People:
    """
    What changed, one line each, with ids of staff and names of teams.

    Args:
        came: new ids, with their teams.
        left: ids that are gone, or that have a day of leaving now.
        moved: ids whose teams are others now.
        absences: absences that are new or gone.
    """

    came: Sequence[str] = ()
    left: Sequence[str] = ()
    moved: Sequence[str] = ()
    absences: int = 0

    def lines(self) -> list[str]:
        """What changed in words; none if nothing did."""
        said = {"came": self.came, "left": self.left, "moved": self.moved}
        found = [f"{what}: {', '.join(some)}" for what, some in said.items() if some]
        return [*found, f"absences: {self.absences} are new or gone"] if self.absences else found


def changed(old: Council, new: Council) -> People:
    """What became of the people between two configurations."""
    came = [f"{one} ({_teams(new, one)})" for one in new.staff if one not in old.staff]
    gone = [one for one in old.staff if one not in new.staff]
    leaving = [
        f"{one} on {person.left}"
        for one, person in new.staff.items()
        if person.left and one in old.staff and old.staff[one].left != person.left
    ]
    both = [one for one in new.staff if one in old.staff]
    moved = [
        f"{one} ({_teams(old, one)} to {_teams(new, one)})" for one in both if _teams(old, one) != _teams(new, one)
    ]
    return People(came, [*gone, *leaving], moved, len(set(old.absences) ^ set(new.absences)))


def _teams(council: Council, person: str) -> str:
    return " and ".join(name for name, team in council.teams.items() if person in team.members) or "no team"
