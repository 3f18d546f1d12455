"""
The danger laboratory: how much danger the lists of urgent words see, and how often they cry for nothing (E73, E20, E51).

The letters are in tests/data/danger; its README says how they were written and what each set gave at first sight. The table is
printed, and the floors are those of the issue: 95 % of English letters, 85 % of each other language, 1 % of ordinary ones.
"""

from collections import Counter
from pathlib import Path

import pytest

from ackbot.casework.council import Urgent
from tests.support import dangers
from tests.support.council import World

pytestmark = pytest.mark.lab
SEEN_ENGLISH, SEEN_OTHERS, FALSE = 0.95, 0.85, 0.01
ORDINARY = 3_000


@pytest.fixture(scope="module")
def urgent(tmp_path_factory: pytest.TempPathFactory) -> Urgent:
    """The lists that ship, in a council that answers in English alone."""
    world = World(tmp_path_factory.mktemp("danger"))
    assert world.office.council.languages == ("en",)
    return world.office.council.urgent


def table(title: str, rows: dict[str, tuple[int, int]]) -> float:
    """Print the rows and their sum; the share of the sum."""
    print(f"\n{title}")
    for name, (seen, of) in rows.items():
        print(f"  {name:<28}{seen:>5} of {of:<5}{seen / of:>7.1%}")
    seen, of = (sum(column) for column in zip(*rows.values(), strict=True))
    print(f"  {'together':<28}{seen:>5} of {of:<5}{seen / of:>7.1%}")
    return seen / of


def test_english_danger_is_seen(urgent: Urgent, capsys: pytest.CaptureFixture[str]) -> None:
    """E73: at least 300 letters over all categories; each set by itself, and each category."""
    letters = [letter for name in dangers.ENGLISH for letter in dangers.dangerous(name)]
    of, seen = Counter(one.categories[0] for one in letters), Counter[str]()
    missed = []
    for letter, right in dangers.recall(letters, urgent):
        seen[letter.categories[0]] += right
        missed += [] if right else [letter.text]
    with capsys.disabled():
        share = table("Danger seen, English", {name: (seen[name], of[name]) for name in of})

    assert len(letters) >= 300
    assert set(of) == set(urgent.alarm) | set(urgent.flag)
    assert share >= SEEN_ENGLISH, missed
    assert all(seen[name] >= 0.9 * of[name] for name in of), missed


@pytest.mark.parametrize("language", dangers.OTHERS)
def test_danger_in_other_languages(urgent: Urgent, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    """E51: whatever `[council] languages` says, danger is seen in ten more languages."""
    letters = dangers.dangerous(language)
    results = list(dangers.recall(letters, urgent))
    with capsys.disabled():
        share = table(f"Danger seen, {language.title()}", {language: (sum(one for _, one in results), len(letters))})

    assert len(letters) >= 20
    assert share >= SEEN_OTHERS, [letter.text for letter, right in results if not right]


def test_ordinary_letters_alarm_nobody(urgent: Urgent, capsys: pytest.CaptureFixture[str]) -> None:
    """E73: courses, policies, minutes, idiom, history, repairs that were made: near misses in three thousand letters."""
    letters = dangers.ordinary(ORDINARY)
    cried = [(letter.text, categories) for letter in letters if (categories := dangers.found(letter, urgent))]
    with capsys.disabled():
        share = table("False alarms", {"ordinary letters": (len(cried), len(letters))})

    assert len({one.text for one in letters}) >= ORDINARY * 0.99
    assert share <= FALSE, cried[:20]


def test_ordinary_letters_in_other_languages(urgent: Urgent, capsys: pytest.CaptureFixture[str]) -> None:
    """E51: lists of eleven languages are read in every letter, and cry no oftener."""
    letters = [dangers.Letter(text) for text in dangers.sentences("ordinary-others", "near")]
    cried = [letter.text for letter in letters if dangers.found(letter, urgent)]
    with capsys.disabled():
        table("False alarms", {"in other languages": (len(cried), len(letters))})

    assert len(letters) >= 60
    assert cried == []


def test_the_letters_are_not_the_lists(urgent: Urgent) -> None:
    """A corpus copied from the lists would prove nothing: few letters hold a whole line of a list word for word."""
    root = Path(__file__).parent.parent.parent / "templates" / "en" / "urgent"
    lines = {line.strip() for path in root.glob("*.txt") for line in path.read_text().splitlines() if len(line) > 20}
    letters = [letter.text.lower() for name in dangers.ENGLISH for letter in dangers.dangerous(name)]

    assert sum(any(line in letter for line in lines) for letter in letters) < len(letters) / 20
