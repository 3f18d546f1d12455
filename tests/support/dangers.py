"""Letters with and without danger (E73), and what the lists of urgent words make of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ackbot.casework.council import Urgent
from ackbot.casework.incoming import danger

LETTERS = Path(__file__).parent.parent / "data" / "danger"
ENGLISH = tuple(sorted(path.stem for path in LETTERS.glob("english-*.txt")))
OTHERS = ("arabic", "bengali", "french", "italian", "polish", "portuguese", "romanian", "somali", "spanish", "welsh")
_SEED = 1926


@dataclass(frozen=True)
class Letter:
    """A letter, and the categories of which one is right for it; none for an ordinary letter."""

    text: str
    categories: tuple[str, ...] = ()


def dangerous(name: str) -> list[Letter]:
    """The dangerous letters of a file, each with its category."""
    return [Letter(text, tuple(section.split("|"))) for section, text in _lines(name)]


def sentences(name: str, section: str) -> list[str]:
    """The sentences of a section of a file of ordinary letters."""
    return [text for part, text in _lines(name) if part == section]


def ordinary(number: int) -> list[Letter]:
    """
    So many ordinary letters, always the same ones: an opening, matters of everyday, a near miss in most of them, and an ending.

    Every near miss is used equally often.
    """
    chance = random.Random(_SEED)
    near = [
        *sentences("ordinary-1", "near"),
        *sentences("ordinary-2", "near"),
        *sentences("ordinary-3", "near"),
        *sentences("ordinary-4", "near"),
    ]
    opens, matters, closes = (sentences("plain", part) for part in ("open", "matter", "close"))
    letters = []
    for index in range(number):
        told = chance.sample(matters, chance.choice((1, 1, 2, 3)))
        told.insert(chance.randrange(len(told) + 1), near[index % len(near)])
        text = "\n\n".join((chance.choice(opens), " ".join(told), chance.choice(closes)))
        letters.append(Letter(text.lower().replace("'", "") if chance.random() < 0.2 else text))
    return letters


def found(letter: Letter, urgent: Urgent) -> tuple[str, ...]:
    """The categories that the lists find in a letter."""
    return danger.categories(letter.text, urgent)


def recall(letters: list[Letter], urgent: Urgent) -> Iterator[tuple[Letter, bool]]:
    """Each letter, and whether one of its own categories is found."""
    for letter in letters:
        yield letter, not set(found(letter, urgent)).isdisjoint(letter.categories)


def _lines(name: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in (LETTERS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line and not line.startswith("#"):
            yield section, line


def disguised(text: str) -> dict[str, str]:
    """The text as HTML that shows the same words, though its characters are others (E20)."""
    word = max(text.split(), key=len)
    hidden = {
        "soft hyphens": "&shy;".join(word),
        "a blank of no width": f"{word[:1]}&#8203;{word[1:]}",
        "a joiner": f"{word[:2]}\u200c{word[2:]}",
        "entities": "".join(f"&#{ord(char)};" for char in word),
        "marks of direction": f"\u202a{word}\u202c",
    }
    return {name: f"<p>{text.replace(word, other)}</p>" for name, other in hidden.items()}
