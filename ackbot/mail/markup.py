"""
Turns the rendered words of a template into plain text and into HTML, with the same words in the same order.

The source is plain text with blank lines between paragraphs. A line that starts with `# ` is the heading, `- ` a list item,
`@es ` a paragraph in another language; `---` alone is a rule; `\\` at the end of a line breaks the line there;
`[words](link)` is a link. All values in a template go through `protect`, so that a resident's words are never markup.

Words that run in the other direction than the page around them stand between isolates (UAX #9 §6.3), in HTML in `<bdi>`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, Literal
from unicodedata import east_asian_width

_SHARED = 400  # characters of a paragraph; longer ones belong to one letter and are not worth keeping in the cache
WIDTH = 78  # columns of the text form (voice.md, point 9)
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

_OFFSET = 0xF0000  # a private plane of Unicode; protected characters are moved there while markup is read
_MEANINGFUL = "[]()#-@\\|\n:/"
_PROTECT = {ord(char): _OFFSET + ord(char) for char in _MEANINGFUL}
_RESTORE = {there: here for here, there in _PROTECT.items()}
_RESTORE_INLINE = {there: here for there, here in _RESTORE.items() if here != ord("\n")}
_BLANKS = re.compile(r"\s+")
_STRANGE = re.compile(f"[{chr(_OFFSET)}-{chr(_OFFSET + 0x9F)}]")
# Around words with a direction or language of their own: begin, the language's code, middle, the words, end.
_BEGIN, _MIDDLE, _END = (chr(_OFFSET + number) for number in (0x80, 0x81, 0x82))
_ISOLATED = re.compile(f"{_BEGIN}([a-z]*){_MIDDLE}([^{_BEGIN}{_END}]*){_END}")
_LEFT_TO_RIGHT, _FIRST_STRONG, _POP = "\u2066", "\u2068", "\u2069"
_DIRECTIONS = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)  # what strangers could turn a line round with
_RTL_LETTER = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LTR_LETTER = re.compile("[A-Za-z\u00c0-\u02b8\u0370-\u0589]")
_NUMBERS = re.compile(
    r"(?<![\w/.=&-])\+?\d{1,20}(?: \d{1,20})+(?![\w/-])"
)  # a phone number, which would be read backwards
_LINK = re.compile(r"\[([^\[\]]+)\]\(((?:https|mailto):[^\s()]+)\)")
_REFERENCE = re.compile(r"(?<![\w-])[A-Z]{1,6}(?:-[A-Z2-9]{3}){2}(?![\w-])")  # a case reference, kept on one line
_BARE_URL = re.compile(r"https://([^\s/()<>\"]+)(?:/[^\s()<>\"]*[^\s()<>\".,;])?")
_PROTECTED_BREAK = chr(_PROTECT[ord("\n")])
# Text in which every character surely takes one column: those below the first wide one (U+1100), usual punctuation, and our
# protected characters.
_NARROW = re.compile(f"[\x00-\u10ff\u2010-\u2027{chr(_OFFSET)}-{chr(_OFFSET + 0x7F)}]*")


class Words(str):
    """Text that the council wrote in its configuration. Unlike other values it may hold markup such as links."""

    __slots__ = ()


class Lines(str):
    """A value that keeps its line breaks, such as a letter shown to its owner."""

    __slots__ = ()


class _Isolated(Words):
    """Words between our marks of isolation."""

    __slots__ = ()


def protect(value: Any) -> Any:
    """
    Protect a value that goes into a template, so that markup in it stays plain characters. Only `Words` pass unchanged.

    A value of one line that runs from right to left is isolated.
    """
    if isinstance(value, Words) or not isinstance(value, str):
        return value
    if isinstance(value, Lines):
        return (value if value.isascii() else _STRANGE.sub("", value)).translate(_PROTECT)
    value = _BLANKS.sub(" ", value)
    if value.isascii():
        return value if value.isalnum() else value.translate(_PROTECT)
    return isolated(value) if _RTL_LETTER.search(value) else _STRANGE.sub("", value).translate(_PROTECT)


def protect_right_to_left(value: Any) -> Any:
    """`protect` on a page that runs from right to left, where names, references and phone numbers are isolated."""
    if isinstance(value, Words):
        return value if isinstance(value, _Isolated) else _NUMBERS.sub(lambda found: _phone(found[0]), value)
    if (
        isinstance(value, str)
        and not isinstance(value, Lines)
        and (_LTR_LETTER.search(value) or _NUMBERS.search(value))
    ):
        return isolated(value)
    return protect(value)


def isolated(value: str, language: str = "") -> Words:
    """A value of one line that has a direction, and perhaps a language, of its own; `language` is a code or ""."""
    plain = _STRANGE.sub("", _DIRECTIONS.sub("", _BLANKS.sub(" ", value))).translate(_PROTECT)
    return _Isolated(f"{_BEGIN}{language}{_MIDDLE}{plain}{_END}")


def _phone(number: str) -> str:
    together = number.replace(" ", "\N{NO-BREAK SPACE}")
    return f"{_BEGIN}{_MIDDLE}{together}{_END}"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list or rule; `lines` still hold links and protected characters."""

    kind: Literal["h1", "h2", "p", "ul", "hr"]
    lines: tuple[str, ...]
    language: str = ""


def blocks(source: str) -> tuple[Block, ...]:
    """The blocks of a rendered template, in order, without empty paragraphs."""
    found: list[Block] = []
    for chunk in re.split(r"\n[ \t]*\n", source):
        lines = [line.strip() for line in chunk.strip("\n").split("\n") if line.strip()]
        if not lines:
            continue
        if lines == ["---"]:
            found.append(Block("hr", ()))
        elif lines[0].startswith("# "):
            found.append(Block("h1", (_joined([lines[0][2:], *lines[1:]]),)))
        elif lines[0].startswith("- "):
            items = re.split(r"(?:^|\n)- ", "\n".join(lines))[1:]
            found.append(Block("ul", tuple(_joined(item.split("\n")) for item in items)))
        elif match := re.match(r"@([a-z]{2,3}) ", lines[0]):
            found.append(Block("p", (_joined([lines[0][match.end() :], *lines[1:]]),), match[1]))
        else:
            found.append(Block("p", (_joined(lines),)))
    return tuple(found)


def _joined(lines: list[str]) -> str:
    """The lines of a paragraph joined into one. A backslash at a line's end becomes a protected newline."""
    text = ""
    for line in lines:
        if line.endswith("\\"):
            text += line[:-1].rstrip() + _PROTECTED_BREAK
        else:
            text += line + " "
    return text.strip()


def to_text(found: tuple[Block, ...], language: str = "en") -> str:
    """
    The text form: lines of at most WIDTH columns, except for long links; `\\n` line ends, one at the end.

    Args:
        language: ISO 639-1 code of the page, as in `to_html`.
    """
    pieces = []
    for block in found:
        if block.kind == "hr":
            continue
        indents = ("- ", "  ") if block.kind == "ul" else ("", "")
        backwards = direction(block.language or language) == "rtl"
        pieces.append("\n".join(_filled(line, *indents, backwards) for line in block.lines))
    return "\n\n".join(pieces) + "\n"


def _filled(line: str, first: str, rest: str, backwards: bool) -> str:
    return (_filled_before if len(line) < _SHARED else _filled_before.__wrapped__)(line, first, rest, backwards)


@lru_cache(maxsize=256)
def _filled_before(line: str, first: str, rest: str, backwards: bool) -> str:
    """`_filled` with a cache, for paragraphs that many mails share, such as the footer's."""
    shown = _ISOLATED.sub(lambda found: _isolated_text(found[2], backwards), line) if _BEGIN in line else line
    return _wrapped(_link_as_text(shown), first, rest).translate(_RESTORE)


def _isolated_text(words: str, backwards: bool) -> str:
    """Words between isolates if they need them: of the other direction than their page, or on a page from right to left."""
    if not backwards and not _RTL_LETTER.search(words):
        return words
    known = backwards and not _RTL_LETTER.search(words)
    return f"{_LEFT_TO_RIGHT if known else _FIRST_STRONG}{words}{_POP}"


def _link_as_text(line: str) -> str:
    """Links as text: `words: target`. A mailto link with a subject keeps only its words, because nobody can type its target."""
    return _LINK.sub(
        lambda match: match[1] if "?" in match[2] and match[2].startswith("mailto:") else _spelt_out(match), line
    )


def _spelt_out(match: re.Match[str]) -> str:
    return f"{match[1]}: {match[2].removeprefix('mailto:')}"


def _wrapped(line: str, first: str, rest: str) -> str:
    """
    The words filled into lines; protected line breaks stay.

    A word wider than a line is broken, unless it holds a link or an address, which would no longer work.
    """
    out: list[str] = []
    for piece in line.split(_PROTECTED_BREAK):
        current = first if not out else rest
        empty, width = True, len(current)
        narrow = _NARROW.fullmatch(piece) is not None
        columns_of: Callable[[str], int] = len if narrow else _columns
        if narrow and width + len(piece) <= WIDTH:
            out.append((current + piece).rstrip())
            continue
        for word in (_narrow_words if narrow else _words)(piece, WIDTH - len(rest)):
            columns = columns_of(word)
            if not empty and width + 1 + columns > WIDTH:
                out.append(current)
                current, empty, width = rest, True, len(rest)
            current += word if empty else " " + word
            width += columns if empty else 1 + columns
            empty = False
        out.append(current.rstrip())
    return "\n".join(out)


def _narrow_words(piece: str, widest: int) -> Iterable[str]:
    words = piece.split(" ")
    return words if max(map(len, words)) <= widest else _words(piece, widest)


def _words(piece: str, widest: int) -> Iterator[str]:
    for word in piece.split(" "):
        if _columns(word) <= widest or re.search(r"://|@", word.translate(_RESTORE)):
            yield word
            continue
        part, width = "", 0
        for char in word:
            columns = _columns(char)
            if width + columns > widest:
                yield part
                part, width = "", 0
            part += char
            width += columns
        yield part


def _columns(text: str) -> int:
    """The width of a text on a terminal, where Chinese, Japanese and Korean characters take two columns."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def to_html(found: tuple[Block, ...], shell: str, styles: Mapping[str, str], *, language: str, title: str) -> str:
    """
    The HTML form.

    Args:
        shell: the page around the blocks, with the placeholders `LANG`, `DIR`, `TITLE` and `BODY`.
        styles: the value of the style attribute, by element.
        language: ISO 639-1 code of the page; a block in another language has its own.
    """
    known = tuple(styles.items())
    body = "\n".join(
        (_html_block_before if sum(map(len, block.lines)) < _SHARED else _html_block_before.__wrapped__)(block, known)
        for block in found
    )
    places = {
        "LANG": escape(language),
        "DIR": direction(language),
        "TITLE": escape(title, quote=False),
        "BODY": body,
    }
    # All placeholders are filled in one pass, so that a subject containing "BODY" does not receive the body.
    return re.sub(r"\b(?:LANG|DIR|TITLE|BODY)\b", lambda place: places[place[0]], shell)


@lru_cache(maxsize=256)
def _html_block_before(block: Block, styles: tuple[tuple[str, str], ...]) -> str:
    """`_html_block` with a cache, for blocks that many mails share."""
    return _html_block(block, dict(styles))


def _html_block(block: Block, styles: Mapping[str, str]) -> str:
    language = f' lang="{block.language}" dir="{direction(block.language)}"' if block.language else ""
    if block.kind == "hr":
        return f"<hr{_style(styles, 'hr')}>"
    if block.kind == "ul":
        items = "\n".join(f"<li{_style(styles, 'li')}>{_html_line(line, styles)}</li>" for line in block.lines)
        return f"<ul{language}{_style(styles, 'ul')}>\n{items}\n</ul>"
    return f"<{block.kind}{language}{_style(styles, block.kind)}>{_html_line(block.lines[0], styles)}</{block.kind}>"


def _html_line(line: str, styles: Mapping[str, str]) -> str:
    out, end = [], 0
    for match in _LINK.finditer(line):
        out += [_bare_urls(line[end : match.start()], styles), _anchor(match[2], escape(match[1], quote=False), styles)]
        end = match.end()
    out.append(_bare_urls(line[end:], styles))
    html = "".join(out).replace(_PROTECTED_BREAK, "<br>\n").translate(_RESTORE)
    return _ISOLATED.sub(_bdi, html) if _BEGIN in html else html


def _bdi(found: re.Match[str]) -> str:
    language = f' lang="{found[1]}"' if found[1] else ""
    return f"<bdi{language}>{found[2]}</bdi>"


def _escaped(text: str) -> str:
    restored = escape(text, quote=False).translate(_RESTORE_INLINE)
    return _REFERENCE.sub(r'<span style="white-space: nowrap">\g<0></span>', restored)


def _bare_urls(text: str, styles: Mapping[str, str]) -> str:
    """Turn the council's bare URLs into links named after their site, because link words must not be a URL (voice.md, point 11)."""
    out, end = [], 0
    for match in _BARE_URL.finditer(text):
        out += [_escaped(text[end : match.start()]), _anchor(match[0], escape(match[1], quote=False), styles)]
        end = match.end()
    return "".join([*out, _escaped(text[end:])])


def _anchor(target: str, words: str, styles: Mapping[str, str]) -> str:
    return f'<a href="{escape(target)}"{_style(styles, "a")}>{words}</a>'


def _style(styles: Mapping[str, str], element: str) -> str:
    return f' style="{escape(styles[element])}"' if element in styles else ""


def direction(language: str) -> str:
    """The writing direction of a language: "ltr" or "rtl"."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
