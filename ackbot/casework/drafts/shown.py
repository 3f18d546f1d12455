"""
Which cases a list for staff shows, if there are more than anybody reads.

Whoever opens 600 cases in other people's names must not hide a resident among them, nor make a mail that a server refuses for
its size. So the cases of proven residents stand first, and how many there are besides is said, and who can list them (P3, P7).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ackbot.casework.model import Case

T = TypeVar("T")

MOST_CASES = 60  # in one mail; with their links about 50 KB
MOST_HEARD = 20  # lines for mails that ask for nothing


def shown(ones: Sequence[T], case_of: Callable[[T], Case], most: int = MOST_CASES) -> list[T]:
    """The first that a mail has room for. If it has no room for all: by proof, those in danger before others, then as they come."""
    if len(ones) <= most:
        return list(ones)

    def rank(one: T) -> tuple[int, bool]:
        case = case_of(one)
        return -case.proof, not case.sensitive

    return sorted(ones, key=rank)[:most]


def beyond(count: int, most: int = MOST_CASES, owner: str = "") -> dict[str, Any]:
    """
    Values for `parts/more`: how many a mail leaves out, and the command by which the admin lists all.

    Args:
        owner: the reader's staff id; "" for whoever is no member of staff.
    """
    return {"more": max(0, count - most), "lister": f"ackbot cases --owner {owner}" if owner else "ackbot cases"}
