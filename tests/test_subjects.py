"""A subject of which nobody knows who wrote it is quoted only if it names what councils see to, and claims nothing (E10, P7)."""

import pytest

from ackbot.mail import lures, matters
from tests.support.subjects import LURING, ORDINARY


def test_no_further_lure_is_quoted() -> None:
    """E10, P7: fees, parcels, bailiffs, refunds, threats and lies in the languages of our residents, new to the rules."""
    assert len(LURING) >= 200
    assert [one for one in LURING if lures.quotable(one)] == []


def test_nearly_all_ordinary_subjects_are_quoted() -> None:
    """E10: what residents write about is named in their subjects; one in twenty may be left out, because it could be a claim."""
    left_out = [one for one in ORDINARY if not lures.quotable(one)]
    assert len(left_out) * 20 <= len(ORDINARY), left_out


@pytest.mark.parametrize(
    "subject", ["Xyzzy", "Parcel 77", "Dave", "The package", "Nigerian prince", "Windfall for E. Quan"]
)
def test_a_subject_that_names_nothing_of_a_council_is_not_quoted(subject: str) -> None:
    """E10, P7: nobody can list all lures, so an unproven subject must name a home, bin, road, school, or whatever councils see to."""
    assert not lures.quotable(subject)
    assert not matters.named(lures.seen_as(subject))
