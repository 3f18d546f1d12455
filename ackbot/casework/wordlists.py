"""
The grammar of the lists of urgent words: files that a duty officer reads and changes (behaviour.md §3.9, domain.md §8, E73).

docs/urgent-words.md explains it to those who write such lists. This module turns files into values; `wordsearch.py` looks for them
in letters.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_
from typing import Literal, NamedTuple

from ackbot.casework.spelling import letters, words_of
from ackbot.errors import AckbotError

SHORTEST_STEM = 3  # characters before the `*`; with fewer, every other word would match

# How many lines a short word counts for: letters are full of short words, whatever the language.
_COMMON = {1: 200, 2: 100, 3: 50, 4: 10}

# Elements share bits, so that a number has 64 octets and not thousands. A line whose bits are there may still not be.
_BITS = 509

Strength = Literal["strong", "weak", "always"]
Place = Literal["sentence", "before", "right before", "after", "inside", "near"]

_PLACES: Mapping[str, Place] = {
    "unless": "sentence",
    "unless before": "before",
    "unless right before": "right before",
    "unless inside": "inside",
    "unless after": "after",
    "unless near": "near",
}
_STRENGTHS: Mapping[str, Strength] = {"weak": "weak", "always": "always"}
_KEY = re.compile(r"([a-z]++(?: [a-z]++){0,2}+)[ ]?:(.*)")
_GROUP = re.compile(r"(@[^\s=,/]++)[ ]*=(.*)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that means nothing: its number, counted from 1, and what is wrong with it."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """
    One place in a line, and all that may stand there.

    Args:
        words: whole words.
        stems: beginnings of words.
        phrases: the words that follow the first word of a phrase, by that word.
        keys: the words by which a sentence shows that it may hold the element; beginnings of words end with `*`.
    """

    words: frozenset[str]
    stems: tuple[str, ...]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]
    keys: frozenset[str]


@lru_cache(maxsize=32_768)
def _element(words: frozenset[str], stems: tuple[str, ...], phrases: tuple[tuple[str, ...], ...]) -> Element:
    """The element in which one of these may stand; equal ones are one object, because languages and files repeat them."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for first, *others in phrases:
        by_first.setdefault(first, []).append(tuple(others))
    # The longest word of a phrase is the rarest, more often than not.
    rare = (max(phrase, key=len) for phrase in phrases)
    keys = words.union(rare, (f"{stem}*" for stem in stems)) if phrases or stems else words
    return Element(words, stems, {first: tuple(others) for first, others in by_first.items()}, keys)


Chunk = tuple[Element, ...]  # stand next to each other
Piece = tuple[Chunk, ...]  # follow each other with at most a few other words between
Part = tuple[Piece, ...]  # stand in one sentence


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """
    One line of a list: what stands in a letter of its category.

    Args:
        parts: each of them stands somewhere in the letter.
        scope: the exceptions that count for it.
    """

    category: str
    file: str
    number: int
    text: str
    strength: Strength
    parts: tuple[Part, ...]
    scope: "Scope"


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """
    What makes the lines of a file no danger.

    Args:
        unless: by where it stands, and by a word that a sentence must hold for it; "" if it has none.
        turns: words such as "but", after which a sentence says something else.
        shared: what the shared file adds.
    """

    unless: Mapping[Place, Mapping[str, tuple[Piece, ...]]]
    turns: frozenset[str]
    shared: "Scope | None" = None

    def exceptions(self, place: Place, words: Iterable[str]) -> Iterator[Piece]:
        """The exceptions for that place that may stand among these words."""
        some = dict.fromkeys(words)
        for scope in (self, self.shared):
            by_word = scope.unless[place] if scope else {}
            for word in ("", *some) if by_word else ():
                yield from by_word.get(word, ())


@dataclass(frozen=True, slots=True)
class ListFile:
    """
    A file as it was read.

    Args:
        name: as `explain` calls it.
        text: all of it.
        shared: the file that `use: shared` means.
    """

    category: str
    name: str
    text: str
    shared: str = ""


class Candidate(NamedTuple):
    """
    A line that a letter may hold, because one of its sentences has a word of it.

    Args:
        here: the elements that must be in that sentence; each element is one bit, which it shares with others.
        anywhere: the elements that must be in the letter.
        part: the number of the part that must stand in that sentence.
    """

    here: int
    anywhere: int
    line: Line
    part: int


Candidates = tuple[Candidate, ...]


class Known(NamedTuple):
    """A word of the lists: the bits of elements that may begin with it, and the lines that are looked for because of it."""

    elements: int
    candidates: Candidates


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """
    All lines of all languages, found by their rarest word.

    Args:
        words: what is known of whole words.
        stems: beginnings of words and what is known of them, by their first three letters.
    """

    words: Mapping[str, Known] = field(default_factory=dict)
    stems: Mapping[str, tuple[tuple[str, Known], ...]] = field(default_factory=dict)


class _File:
    """The reader of one file: groups, exceptions and lines, in the order in which they are written."""

    def __init__(self, text: str, *, is_shared: bool = False) -> None:
        self._lines = list(_joined(text))
        self._is_shared = is_shared
        self._written = {named[1]: named[2] for _, line in self._lines if (named := _GROUP.fullmatch(letters(line)))}
        self._groups: dict[str, Element] = {}
        self._elements_of: dict[str, tuple[Element, ...]] = {}
        self._unless: dict[Place, list[Piece]] = {place: [] for place in _PLACES.values()}
        self._turns: set[str] = set()
        self._shared: Scope | None = None
        self.mistakes: list[Mistake] = []
        self.found: list[tuple[int, str, Strength, tuple[Part, ...]]] = []

    def read(self, shared: str = "") -> None:
        """
        Read all lines; what means nothing is added to `mistakes`.

        Args:
            shared: the text of the shared file, for a line that says to use it.
        """
        for number, line in self._lines:
            try:
                self._line(number, line, shared)
            except _Unclear as problem:
                self.mistakes.append(Mistake(number, str(problem)))

    def scope(self) -> Scope:
        """The exceptions that were read, for lines of this file."""
        by_word = {place: _by_word(pieces) for place, pieces in self._unless.items()}
        turns = frozenset(self._turns) | (self._shared.turns if self._shared else frozenset())
        return Scope(by_word, turns, self._shared)

    def _line(self, number: int, line: str, shared: str) -> None:
        folded = letters(line)
        if named := _GROUP.fullmatch(folded):
            self._group(named[1])
            return
        key, rest = "", folded
        if (keyed := _KEY.fullmatch(folded)) and keyed[1] in {*_PLACES, *_STRENGTHS, "use", "turn"}:
            key, rest = keyed[1], keyed[2].strip()
        if key == "use":
            self._use(rest, shared)
        elif key == "turn":
            self._turns |= {word for one in rest.split(",") for word in words_of(one)}
        elif place := _PLACES.get(key):
            # Exceptions may be listed in one line, as a group is.
            self._unless[place] += [piece for one in rest.split(",") if (piece := self._piece(one))]
        elif self._is_shared:
            raise _Unclear("a shared file holds groups and exceptions only")
        else:
            parts = tuple(self._part(one) for one in rest.split("+"))
            if all(parts):
                self.found.append((number, line, _STRENGTHS.get(key, "strong"), parts))

    def _use(self, name: str, shared: str) -> None:
        if name != "shared" or self._is_shared:
            raise _Unclear("only “use: shared” can be written, and not in the shared file itself")
        other = _shared(shared)
        self._groups |= {name: group for name, group in other.groups.items() if name not in self._written}
        self._shared = other.scope
        self.mistakes += [Mistake(0, f"shared.txt:{one.line}: {one.what}") for one in other.mistakes]

    def _part(self, text: str) -> Part:
        return tuple(piece for one in text.split(" & ") if (piece := self._piece(one)))

    def _piece(self, text: str) -> Piece:
        return tuple(chunk for one in text.split("..") if (chunk := self._chunk(one)))

    def _chunk(self, text: str) -> Chunk:
        return tuple(element for word in text.split() for element in self._elements(word))

    def _elements(self, word: str) -> tuple[Element, ...]:
        """The elements of one word of a line: a group, alternatives with `/` between, or words as they stand."""
        found = self._elements_of.get(word)
        if found is None:
            found = self._elements_of[word] = self._made(word)
        return found

    def _made(self, word: str) -> tuple[Element, ...]:
        entries = [one.replace("_", " ") for one in word.split("/") if one]
        if word.startswith("@") and len(entries) == 1:
            return (self._group(entries[0].replace(" ", "_")),)
        if len(entries) > 1 or word.endswith("*"):
            return (self._element(entries),) if words_of(word) else ()
        return tuple(_element(frozenset({one}), (), ()) for one in words_of(entries[0])) if entries else ()

    def _group(self, name: str) -> Element:
        if name not in self._groups:
            written = self._written.pop(name, None)  # a group inside itself is not found
            if written is None:
                raise _Unclear(f"no group is called {name}; write “{name} = …”")
            self._groups[name] = self._element(entry for entry in written.split(",") if entry.strip())
        return self._groups[name]

    def _element(self, entries: Iterable[str]) -> Element:
        words: set[str] = set()
        stems: set[str] = set()
        phrases: list[tuple[str, ...]] = []
        for entry in map(str.strip, entries):
            if entry.startswith("@"):
                group = self._group(entry)
                words |= group.words
                stems |= set(group.stems)
                phrases += [(first, *one) for first, others in group.phrases.items() for one in others]
                continue
            found = words_of(entry)
            if len(found) > 1:
                phrases.append(tuple(found))
            elif found and entry.endswith("*"):
                if len(found[0]) < SHORTEST_STEM:
                    least = f"write at least {SHORTEST_STEM} letters before the *"
                    raise _Unclear(f"{entry} stands for too many words; {least}")
                stems.add(found[0])
            else:
                words.update(found)
        return _element(frozenset(words), tuple(sorted(stems)), tuple(dict.fromkeys(phrases)))

    @property
    def groups(self) -> Mapping[str, Element]:
        """All groups, made."""
        return self._groups


class _Shared(NamedTuple):
    groups: Mapping[str, Element]
    scope: Scope
    mistakes: Sequence[Mistake]


@lru_cache(maxsize=32)
def _shared(text: str) -> _Shared:
    """What a shared file gives to those that use it."""
    file = _File(text, is_shared=True)
    file.read()
    return _Shared(file.groups, file.scope(), file.mistakes)


def _by_word(pieces: Iterable[Piece]) -> Mapping[str, tuple[Piece, ...]]:
    found: dict[str, list[Piece]] = {}
    for piece in pieces:
        rarest = max((element for chunk in piece for element in chunk), key=lambda one: min(map(len, one.keys)))
        for key in {""} if rarest.stems else rarest.keys:
            found.setdefault(key, []).append(piece)
    return {word: tuple(some) for word, some in found.items()}


class _Unclear(AckbotError):
    """A line that means nothing; the message says why."""


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without comments; a line that ends with a comma goes on in the next one."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        first = first if begun else number
        begun = f"{begun} {line}".strip()
        if not begun.endswith(","):
            yield first, begun
            begun = ""
    if begun:
        yield first, begun


@lru_cache(maxsize=1_024)
def read(file: ListFile) -> tuple[tuple[Line, ...], tuple[Mistake, ...]]:
    """The lines of a file, and what is wrong in it."""
    reader = _File(file.text)
    reader.read(file.shared)
    scope = reader.scope()
    lines = (Line(file.category, file.name, *one, scope) for one in reader.found)
    return tuple(lines), tuple(reader.mistakes)


@lru_cache(maxsize=8)
def lists(files: tuple[ListFile, ...]) -> Lists:
    """The lines of all files, indexed; lines that mean nothing are left out."""
    lines = [line for file in files for line in read(file)[0]]
    elements: dict[str, int] = {}
    common: dict[str, int] = {}
    bit_of: dict[int, int] = {}
    for line in lines:
        of_line: set[str] = set()
        for element in (element for part in line.parts for element in _elements_of(part)):
            of_line |= element.keys
            if id(element) in bit_of:
                continue
            bit = bit_of[id(element)] = 1 << len(bit_of) % _BITS
            for word in element.keys:
                elements[word] = elements.get(word, 0) | bit
        for word in of_line:
            common[word] = common.get(word, 0) + 1
    found: dict[str, list[Candidate]] = {}
    weights = {word: number + _COMMON.get(len(word), 0) for word, number in common.items()}
    for line in lines:
        masks = [reduce(or_, (bit_of[id(element)] for element in _elements_of(part))) for part in line.parts]
        whole = reduce(or_, masks)
        rarest, part = min(
            ((element, number) for number, part in enumerate(line.parts) for element in _elements_of(part)),
            key=lambda one: max(map(weights.__getitem__, one[0].keys)),
        )
        for word in rarest.keys:
            found.setdefault(word, []).append(Candidate(masks[part], whole, line, part))
    stems = sorted(word for word in elements if word.endswith("*"))
    known = {word: Known(elements[word], tuple(found.get(word, ()))) for word in elements}
    by_stem: dict[str, list[tuple[str, Known]]] = {}
    for stem in stems:
        by_stem.setdefault(stem[:SHORTEST_STEM], []).append((stem[:-1], known.pop(stem)))
    for word, one in known.items():
        known[word] = reduce(
            both, (other for stem, other in by_stem.get(word[:SHORTEST_STEM], ()) if word.startswith(stem)), one
        )
    return Lists(known, {begin: tuple(some) for begin, some in by_stem.items()})


def both(one: Known, other: Known) -> Known:
    """What is known of a word of which two things are known."""
    return Known(one.elements | other.elements, one.candidates + other.candidates)


def _elements_of(part: Part) -> Iterator[Element]:
    return (element for piece in part for chunk in piece for element in chunk)
