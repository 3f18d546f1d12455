"""
Every regular expression that a stranger's octets reach, each with text made of its own pieces: cases for tests.support.growth.

Patterns are found in the modules themselves, so that a new one is measured too. For each of its repetitions, a text is made that
leads there, goes on for ever, and then fails.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from tests.support.growth import Case
from tests.support.hostile import PAGES, TEXTS, VALUES

PACKAGE = Path(__file__).parent.parent.parent / "ackbot"
# Where mail is read, judged and answered, and what it is shown by. What only the configuration or the schema reaches is left out.
REACHED = ("mail", "casework", "wires/imap.py", "wires/smtp.py", "cli/printing.py")
NOT_REACHED = ("casework/worktime.py", "mail/templates.py")  # durations of the configuration; our own templates
_CALLS = frozenset({"compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"})
_FROM_START = frozenset({"match", "fullmatch"})
_SIZES = (2_048, 4_096, 8_192, 16_384)  # characters: a square shows at the last one
_UNITS = ("@", "a@", " ", "-", ".", "a.", "a-", "\n")  # what ends one thing and begins the next
_LONG = 64  # a repetition that may be longer than this counts as endless
# Characters of what some patterns are given: their callers cut it, and say so where they do.
SHORTER: Mapping[str, int] = {
    "casework/drafts/names.py _NAME": 60,  # _LONGEST
    "casework/drafts/names.py _NO_NAME": 60,
    "casework/drafts/to_resident.py '([!?.])[!?.]*$'": 90,  # _QUOTED
    "casework/incoming/marks.py REACTION": 300,  # machines._LONGEST_REACTION
    "casework/incoming/marks.py RECEIPT_WORDS": 4_000,
    "casework/incoming/thanks.py _SETTLED": 1_000,  # _LONGEST_SAID
    **{
        f"casework/incoming/wishes.py {name}": 400  # _SENTENCE
        for name in ("_QUIET", "_QUIET_ALONE", "_NEWS", "_NO_PHONE", "_WANTED", "_YES", "_IN_LANGUAGE")
    },
    "mail/calendars.py _FACT": 400,  # _LONGEST_LINE
    "mail/calendars.py _SENTENCE": 400,
    "mail/quoting.py _UNFINISHED": 400,
    "mail/quoting.py _OF_LIST": 400,
    "mail/quoting.py _BRACKETED": 800,  # _LONGEST_HEAD, and as much above it
    "mail/quoting.py _HEAD_STARTS": 400,
    "mail/quoting.py _PERSON_WROTE": 800,
    "mail/quoting.py _CLIENT_WROTE": 800,
    "mail/quoting.py _CLOCK": 800,
}
# Expressions that no module holds ready, for a configuration, a boundary or another pattern is put into them. The rules that make
# them are measured whole (tests/support/readers.py); a new one belongs into both lists.
MADE_ANEW = frozenset(
    {
        "casework/council.py: pattern",
        "casework/dates.py: f'\\\\s*(?:by\\\\s+|on\\\\s+|until\\\\s+|till\\\\s+)?{pattern}(?=$|[\\\\s,.:;–—-])'",
        "casework/incoming/marks.py: pattern",
        "casework/incoming/routing.py: f'(?<!\\\\w){re.escape(folding.plain(word))}'",
        "casework/incoming/wishes.py: f\"(?<!\\\\S)(?:{folding.plain('|'.join(expressions))})(?!\\\\S)\"",
        "casework/staff/consent.py: f'(?>(?:{one})(?: |$))+'",
        "casework/staff/held_words.py: f'{asked}[0-9a-f]{{4}}'",
        "casework/staff/meant.py: pattern",
        "casework/staff/reading.py: f'[\\\\s*_]*+(?P<word>[A-Za-z]++)[\\\\s*_]*+[:.\\\\-–—]?[\\\\s*_]*+(?<=[\\\\s*_])(?P<all>{several})(?P<rest>.*)$'",
        "casework/staff/reading.py: f'[^\\\\w>]*(?P<all>{several})\\\\W*'",
        "mail/quoting.py: f'^[ \\\\t>]{{0,4}}\\\\**(?:{names}){_COLON}'",
        "mail/replies.py: _FENCE % '|'.join((re.escape(' '.join(fence.casefold().split())) for fence in fences))",
        "mail/splitting.py: re.escape(octets) + b'(--)?[ \\\\t]*+(?:\\\\r\\\\n|\\\\r|\\\\n|\\\\Z)'",
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """
    A pattern.

    Args:
        name: its file, and its name or line there.
        tried: whether it is matched, fully matched, or searched for.
    """

    name: str
    pattern: re.Pattern[Any]
    tried: frozenset[str]


@cache
def known() -> tuple[Known, ...]:
    """All that can be had without a configuration."""
    found, _ = _harvest()
    return found


@cache
def made_anew() -> frozenset[str]:
    """The others: file and expression."""
    _, others = _harvest()
    return others


@cache
def _harvest() -> tuple[tuple[Known, ...], frozenset[str]]:
    files = sorted(file for place in REACHED for file in _python_files(PACKAGE / place))
    sources = {file: file.read_text() for file in files}
    everywhere = "\n".join(sources.values())
    found: dict[tuple[str, int], Known] = {}
    others: set[str] = set()
    for file, source in sources.items():
        short = str(file.relative_to(PACKAGE))
        if short in NOT_REACHED:
            continue
        module = vars(import_module(".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)))
        for name, value in module.items():
            for pattern in _patterns_in(value):
                users = source if name.startswith("_") else everywhere
                calls = set(re.findall(rf"\b{name}\.(\w+)", users)) & _CALLS
                one = Known(f"{short} {name}", pattern, frozenset(calls))
                found.setdefault((pattern.pattern, pattern.flags), one)
        tree = ast.parse(source)
        matched = {one.func.value: one.func.attr for one in ast.walk(tree) if _calls(one, _FROM_START)}
        for call in ast.walk(tree):
            if not (_calls(call, _CALLS) and ast.unparse(call.func.value) == "re"):
                continue
            pattern = _evaluated(call, module)
            if pattern is None:
                others.add(f"{short}: {ast.unparse(call.args[0])}")
            else:
                tried = frozenset({matched.get(call, call.func.attr)})
                one = Known(f"{short} {pattern.pattern!r:.40}", pattern, tried)
                found.setdefault((pattern.pattern, pattern.flags), one)
    return tuple(found.values()), frozenset(others)


def _calls(node: ast.AST, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _python_files(place: Path) -> list[Path]:
    return [place] if place.suffix else list(place.rglob("*.py"))


def _patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _patterns_in(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _patterns_in(one)


def _evaluated(call: ast.Call, module: dict[str, Any]) -> re.Pattern[Any] | None:
    """The pattern of a call such as `re.search(r"…", text, re.I)`; None where its words are known only when it runs."""
    flags = [one for one in call.args[1:] if re.match(r"re\.[A-Z]", ast.unparse(one))]
    flags += [one.value for one in call.keywords if one.arg == "flags"]
    try:
        values = [eval(ast.unparse(one), module) for one in (call.args[0], *flags)]
        return re.compile(*values)
    except NameError:
        return None


def cases(_: str) -> list[Case]:
    """Every pattern with every text."""
    return [
        Case(
            f"{one.name}, {text!r:.60}",
            one.name,
            _act(one),
            _grown(text),
            _grown(("", "There is damp. ", "")),
            _sizes(one),
        )
        for one in known()
        for text in _texts(one)
    ]


def _sizes(one: Known) -> tuple[int, ...]:
    most = SHORTER.get(one.name, _SIZES[-1])
    return (most // 8, most // 4, most // 2, most)


def _act(one: Known) -> Callable[[Any], object]:
    acts: list[Callable[[Any], object]] = [getattr(one.pattern, name) for name in _FROM_START & one.tried]
    if not one.tried or one.tried - _FROM_START:
        acts.append(lambda text: sum(1 for _ in one.pattern.finditer(text)))
    return lambda text: [act(_fitting(one, text)) for act in acts]


def _fitting(one: Known, text: str) -> Any:
    return text if isinstance(one.pattern.pattern, str) else text.encode("utf-8", "replace")


Pumped = tuple[str, str, str]  # what stands before, what is repeated, what stands behind


def _grown(text: Pumped) -> Callable[[int], str]:
    before, unit, behind = text
    return lambda size: before + unit * (max(0, size - len(before) - len(behind)) // len(unit)) + behind


def _texts(one: Known) -> list[Pumped]:
    source = one.pattern.pattern if isinstance(one.pattern.pattern, str) else one.pattern.pattern.decode("latin-1")
    own = list(_pumped(list(_parser.parse(source, one.pattern.flags & ~re.DEBUG)), ""))
    strangers = [("", unit, "\x01x") for unit in dict.fromkeys((*TEXTS.values(), *PAGES.values(), *VALUES.values()))]
    return list(dict.fromkeys((*own, *strangers)))


def _pumped(nodes: Sequence[Any], before: str) -> Iterator[Pumped]:
    """Texts that keep each endless repetition busy, led to by `before`."""
    for index, (kind, value) in enumerate(nodes):
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inner = value
            body, rest = _sample(inner), _sample(nodes[index + 1 :])
            if most == op.MAXREPEAT or most > _LONG:
                units = {body, body + rest, rest, before + body, before + body + rest, *_UNITS}
                for unit in units | _each(inner) | _each(nodes[index + 1 :]):
                    if unit:
                        yield before, unit, "\x01x"
                        yield "", before + unit, "\x01x"
            yield from _pumped(list(inner), before)
            before += body * max(1, min(least, 50))
        elif kind == op.BRANCH:
            for branch in value[1]:
                yield from _pumped(list(branch), before)
            before += _sample([(kind, value)])
        elif kind == op.SUBPATTERN:
            yield from _pumped(list(value[3]), before)
            before += _sample(value[3])
        elif kind == op.ATOMIC_GROUP:
            yield from _pumped(list(value), before)
            before += _sample(value)
        else:
            before += _sample([(kind, value)])


def _each(nodes: Sequence[Any]) -> set[str]:
    """Characters of the set that a sequence begins with: one of each of its kinds."""
    for kind, value in list(nodes)[:1]:
        if kind == op.IN:
            return {char for member in value if (char := _member([member]))}
    return set()


def _sample(nodes: Any) -> str:
    """A text that a sequence matches, or nearly so."""
    out = ""
    for kind, value in nodes:
        if kind == op.LITERAL:
            out += chr(value)
        elif kind == op.NOT_LITERAL:
            out += "a" if value != ord("a") else "b"
        elif kind == op.ANY:
            out += "a"
        elif kind == op.IN:
            out += _member(value)
        elif kind == op.BRANCH:
            out += _sample(value[1][0])
        elif kind == op.SUBPATTERN:
            out += _sample(value[3])
        elif kind == op.ATOMIC_GROUP:
            out += _sample(value)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            out += _sample(value[2]) * min(value[0], 50)
    return out


@lru_cache(maxsize=1)
def _likely() -> str:
    return "a1 Z-.@\n>,:_\"'()<=\t/é0"


def _member(members: Any) -> str:
    """A character of a set; of a negated one, the first usual one that it has."""
    if members and members[0][0] == op.NEGATE:
        return next((char for char in _likely() if not any(_holds(one, char) for one in members[1:])), "")
    for kind, value in members:
        if kind == op.LITERAL:
            return chr(value)
        if kind == op.RANGE:
            return chr(value[0])
        if kind == op.CATEGORY:
            return next((char for char in _likely() if _holds((kind, value), char)), "")
    return ""


_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def _holds(member: Any, char: str) -> bool:
    kind, value = member
    if kind == op.LITERAL:
        return chr(value) == char
    if kind == op.RANGE:
        return value[0] <= ord(char) <= value[1]
    return kind == op.CATEGORY and re.match(_CATEGORIES[value], char) is not None
