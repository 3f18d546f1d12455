"""Looks for the lines of word lists in a letter, in linear time (behaviour.md §3.9, E73)."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

from ackbot.casework.spelling import sentences
from ackbot.casework.wordlists import SHORTEST_STEM, Candidates, Chunk, Element, Line, Lists, Part, Piece, Place

GAP = 6  # words that may stand between two chunks with `..` between
APART = 12  # words that may stand between two pieces with `&` between
_UNSAID_WITHIN = 2  # words between what was found and an exception before or after it
LONG_AGO = "19xx"  # what lists write for any year before 2000
_TOGETHER = 4  # sentences between two weak signs that count together
_WEAK = 12  # weak signs of a category that a new one is compared with
_NEAR = 2  # sentences before, in which an exception "near" counts

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sign:
    """
    What shows a danger: a line of a list, and the words of the letter in which it was found.

    Args:
        file, number: where the line stands; lines are counted from 1.
        words: of the letter, in lower case and without punctuation.
    """

    category: str
    file: str
    number: int
    line: str
    words: str


class _Sentence:
    """The words of a sentence, and where the elements of lines stand in it; each element is looked for once."""

    __slots__ = ("_spans", "commas", "words")

    def __init__(self, tokens: Sequence[str]) -> None:
        self.words: list[str] = []
        self.commas: set[int] = set()  # places before which a comma stands
        for word in tokens:
            if word == ",":
                self.commas.add(len(self.words))
            elif len(word) == len(LONG_AGO) and word[0] == "1" and word.isdecimal():
                self.words.append(LONG_AGO)
            else:
                self.words.append(word)
        self._spans: dict[int, list[Span]] = {}

    def spans(self, element: Element) -> list[Span]:
        """Where the element stands, as first word and the word after the last."""
        found = self._spans.get(id(element))
        if found is None:
            found = self._spans[id(element)] = list(self._found(element))
        return found

    def _found(self, element: Element) -> Iterator[Span]:
        words, stems, phrases = element.words, element.stems, element.phrases
        for place, word in enumerate(self.words):
            if word in words or (stems and word.startswith(stems)):
                yield place, place + 1
            if phrases and word in phrases:
                for others in phrases[word]:
                    end = place + 1 + len(others)
                    if tuple(self.words[place + 1 : end]) == others:
                        yield place, end

    def chunk(self, chunk: Chunk) -> list[Span]:
        """Where the elements stand next to each other."""
        found = self.spans(chunk[0])
        for element in chunk[1:]:
            if not found:
                break
            ends = self.spans(element)
            found = [(start, last) for start, end in found for first, last in ends if first == end]
        return found

    def piece(self, piece: Piece) -> list[Span]:
        """Where the chunks follow each other with at most GAP words between."""
        found = self.chunk(piece[0])
        for chunk in piece[1:]:
            if not found:
                break
            ends = self.chunk(chunk)
            found = [(start, last) for start, end in found for first, last in ends if end <= first <= end + GAP]
        return found

    def part(self, part: Part) -> list[Span]:
        """Where all pieces stand within APART words of the first one, in any order; the stretch from the first to the last."""
        found = self.piece(part[0])
        for piece in part[1:]:
            if not found:
                break
            others = self.piece(piece)
            found = [
                (min(start, first), max(end, last))
                for start, end in found
                for first, last in others
                if first - end <= APART and start - last <= APART and (first >= end or start >= last)
            ]
        return found


class _Evidence:
    """What was found so far: strong signs, and weak ones that count in pairs."""

    def __init__(self) -> None:
        self._strong: dict[str, Sign] = {}
        self._pairs: dict[str, tuple[Sign, Sign]] = {}
        self._weak: dict[str, list[tuple[int, Sign]]] = {}

    def needs(self, line: Line) -> bool:
        """Whether this line could still add something."""
        return line.category not in self._strong and (line.strength != "weak" or line.category not in self._pairs)

    def add(self, line: Line, sign: Sign, at: int) -> None:
        """Add a sign that was found in the sentence with that number."""
        if line.strength != "weak":
            self._strong[line.category] = sign
            return
        earlier = self._weak.setdefault(line.category, [])
        # The last few are enough to compare with, because earlier ones are too far away.
        for there, other in earlier[-_WEAK:]:
            if _both_count(there, other, at, sign):
                self._pairs[line.category] = (other, sign)
        earlier.append((at, sign))

    def signs(self) -> tuple[Sign, ...]:
        """The strong signs, and the pairs of weak ones in categories without."""
        pairs = (pair for category, pair in self._pairs.items() if category not in self._strong)
        return (*self._strong.values(), *(sign for pair in pairs for sign in pair))


class _Letter:
    """A letter while it is looked through."""

    def __init__(self, text: str, said: Iterable[str]) -> None:
        self._tokens = sentences(text)
        self._said = tuple(said)
        self._sentences: dict[int, _Sentence] = {}
        self._parts: dict[int, str | None] = {}  # the words of parts that may stand anywhere

    def signs(self, lists: Lists, among: Container[str]) -> tuple[Sign, ...]:
        """The signs of each category: one strong one, or two different weak ones."""
        evidence = _Evidence()
        known = [_known(tokens, lists) for tokens in self._tokens]
        anywhere = reduce(or_, (here for here, _ in known), 0)
        for at, (here, some) in enumerate(known):
            tried: set[int] = set()
            for candidates in some:
                for needed, needed_anywhere, line, part in candidates:
                    # This is asked for hundreds of lines in every letter, so it comes first and is nothing but two numbers.
                    if needed & here != needed or needed_anywhere & anywhere != needed_anywhere or id(line) in tried:
                        continue
                    tried.add(id(line))
                    if line.category in among and evidence.needs(line) and (sign := self._sign(line, part, at)):
                        evidence.add(line, sign, at)
        return evidence.signs()

    def sentence(self, at: int) -> _Sentence:
        """A sentence by its number."""
        found = self._sentences.get(at)
        if found is None:
            found = self._sentences[at] = _Sentence(_without(self._tokens[at], _ours(self._said)))
        return found

    def _sign(self, line: Line, part: int, at: int) -> Sign | None:
        """The line in that sentence, if nothing there makes it no danger, and its other parts stand anywhere."""
        sentence = self.sentence(at)
        for start, end in sentence.part(line.parts[part]):
            if line.strength != "always" and self._unsaid(line, at, start, end):
                continue
            here = " ".join(sentence.words[start:end])
            found = [here if number == part else self._anywhere(one) for number, one in enumerate(line.parts)]
            if None in found:
                return None
            words = " … ".join(one for one in found if one)
            return Sign(line.category, line.file, line.number, line.text, words)
        return None

    def _anywhere(self, part: Part) -> str | None:
        """The words of the first sentence that holds the part; None if none does."""
        if id(part) not in self._parts:
            places = (
                (self.sentence(at), span)
                for at in range(len(self._tokens))
                for span in self.sentence(at).part(part)[:1]
            )
            found = next(places, None)
            self._parts[id(part)] = " ".join(found[0].words[slice(*found[1])]) if found else None
        return self._parts[id(part)]

    def _unsaid(self, line: Line, at: int, start: int, end: int) -> bool:
        """Whether an exception of the line's file makes what was found no danger."""
        sentence, scope = self.sentence(at), line.scope
        words, turns = sentence.words, scope.turns
        first = max((place + 1 for place in range(start) if words[place] in turns), default=0)
        last = next((place for place in range(end, len(words)) if words[place] in turns), len(words))
        for exception in scope.exceptions("sentence", words):
            if any(first <= one and other <= last for one, other in sentence.piece(exception)):
                return True
        first_before = max((first, *(place for place in sentence.commas if place <= start)))
        within: tuple[tuple[Place, int], ...] = (("before", _UNSAID_WITHIN), ("right before", 0))
        for place, most in within:
            for exception in scope.exceptions(place, words):
                if any(
                    first_before <= one and other <= start <= other + most for one, other in sentence.piece(exception)
                ):
                    return True
        for exception in scope.exceptions("inside", words):
            if any(start <= one and other <= end for one, other in sentence.piece(exception)):
                return True
        for exception in scope.exceptions("after", words):
            if any(end <= one <= end + _UNSAID_WITHIN and other <= last for one, other in sentence.piece(exception)):
                return True
        return any(
            self.sentence(other).piece(exception)
            for other in range(max(0, at - _NEAR), at + 1)
            for exception in scope.exceptions("near", self.sentence(other).words)
        )


def _both_count(there: int, one: Sign, here: int, other: Sign) -> bool:
    """Whether two weak signs are two: of different lines, close to each other, and not the same words twice."""
    return (
        (one.file, one.number) != (other.file, other.number)
        and here - there <= _TOGETHER
        and one.words not in other.words
        and other.words not in one.words
    )


def _known(tokens: Sequence[str], lists: Lists) -> tuple[int, list[Candidates]]:
    """What the lists know of a sentence: the elements that may stand in it, and the lines to look for, by word."""
    words, stems = lists.words, lists.stems
    here, found = 0, []
    for word in tokens:
        if one := words.get(word):
            elements, candidates = one
            here |= elements
            if candidates:
                found.append(candidates)
        elif word[:SHORTEST_STEM] in stems:
            for stem, (elements, candidates) in stems[word[:SHORTEST_STEM]]:
                if word.startswith(stem):
                    here |= elements
                    found.append(candidates)
    return here, found


@lru_cache(maxsize=64)
def _ours(said: tuple[str, ...]) -> tuple[str, ...]:
    """Our own sentences about emergencies, as a letter that quotes them has them."""
    return tuple(" ".join(one) for ours in said for one in sentences(ours))


def _without(tokens: list[str], ours: tuple[str, ...]) -> list[str]:
    """The words of a sentence without ours, where it quotes us; a comma stands there instead."""
    joined = f" {' '.join(tokens)} "
    for one in ours:
        joined = joined.replace(f" {one} ", " , ")
    return joined.split()


def signs(text: str, lists: Lists, said: Iterable[str] = (), among: Container[str] = frozenset()) -> tuple[Sign, ...]:
    """
    What in a text shows danger.

    Args:
        said: sentences about emergencies in our own mails; where a letter quotes one, it says nothing.
        among: the categories to look for.
    """
    return _Letter(text, said).signs(lists, among)
