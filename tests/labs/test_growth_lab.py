"""
The growth laboratory: no reader, rule or pattern that a stranger's octets reach takes more than linear time (E1).

Each piece of mail is repeated up to a megabyte (or what its reader is given at most) and measured in child processes; see
tests/support/growth.py for what counts as steep. ACKBOT_LAB_GROWTH=letters,trees measures some groups only.
"""

import os

import pytest

from tests.support import growth, hostile, patterns, readers

GROUPS = [one for one in os.environ.get("ACKBOT_LAB_GROWTH", "").split(",") if one] or list(readers.GROUPS)


def test_nothing_is_left_out() -> None:
    """E1: hundreds of pieces, every pattern of the modules that read mail, and no expression that is made anew unseen."""
    pieces = {*hostile.TEXTS.values(), *hostile.PAGES.values(), *hostile.VALUES.values()}

    assert len(pieces) + len(hostile.TREES) >= 300
    assert len(patterns.known()) >= 150
    assert patterns.made_anew() == patterns.MADE_ANEW
    assert set(patterns.SHORTER) <= {one.name for one in patterns.known()}


@pytest.mark.lab
@pytest.mark.parametrize("group", GROUPS)
def test_readers_and_rules(group: str) -> None:
    """E1: twice the mail takes twice the time, in every reader and rule by itself and in the whole of them."""
    found = growth.measured("tests.support.readers", group)

    assert [str(one) for one in found if one.problem] == []


@pytest.mark.lab
def test_patterns() -> None:
    """E1: every regular expression by itself, with texts made of its own repetitions and of everybody's."""
    found = growth.measured("tests.support.patterns", "all")

    assert [str(one) for one in found if one.problem] == []


@pytest.mark.lab
def test_the_lab_sees_what_is_steep() -> None:
    """A rule that takes the square of its input is named, and so is one that hangs; what is linear is not."""
    found = {one.name: one.problem for one in growth.measured("tests.support.steep", "all")}

    assert found["linear"] == ""
    assert "times as long for twice the input" in found["square"]
    assert "ends its process" in found["hangs"]
    assert found["raises"].startswith("raises ValueError")
    assert found["linear after it"] == ""
