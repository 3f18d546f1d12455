"""The text that a person reads in a mail: chosen from the MIME tree, converted from HTML (RFC 2046 §5.1, RFC 3676)."""

import contextlib
import re
import threading
from collections.abc import Iterable
from html import escape, unescape
from string import ascii_lowercase

from ackbot.mail.mime import Part

TEXT_LIMIT = 65_536  # characters of one mail kept as its text; the whole stays in the mailbox (D26)
_HTML_LIMIT = 524_288  # characters of HTML that are read
_STUB = 300  # characters; a shorter plain part may only say that the mail needs another program
_DEEPEST_HTML = 200  # open elements; deeper HTML goes to the simple stripper, because the parser could overflow (D25)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S[^\n]*)\n(?:[ -`]{1,90}\n)*?(?:`?\n)?end[ \t]*$", re.MULTILINE)
_TELLING_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>a|ol|ul|li|s|strike|del|span|img)(?![\w-])(?P<inside>[^<>]{0,4000})>", re.IGNORECASE
)
_FIELD = re.compile(
    r"(?<![\w-])(href|start|type|value|src|style)\s{0,3}=\s{0,3}(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d{1,4}")
_PAIRED = frozenset(["a", "s", "strike", "del", "span"])
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_LONGEST_TARGET = 2_000  # characters of a link's target
_TAG = re.compile(r"<[^<>]*>")
_BLANKS_AT_END = re.compile(
    r"(?<![ \t])[ \t]++\n"
)  # begins only at a run's first blank, or its time is the square (E1)
# Elements that nobody sees, and pictures inside the page, which may be longer than all that is read of it.
_UNSEEN = re.compile(r"<(script|style|title|template)\b[^<>]{0,4000}?(/?)>", re.IGNORECASE)
_ENDS = {
    "script": re.compile(r"</script\s{0,20}>", re.IGNORECASE),
    "template": re.compile(r"</template\s{0,20}>", re.IGNORECASE),
}
_NEXT_TAG = re.compile(r"</?(?=[a-z])", re.IGNORECASE)
_BODY = re.compile(r"</head\b|<body\b", re.IGNORECASE)
_PICTURE = re.compile(r"data:[\w/+.;=-]{0,100}?base64,[A-Za-z0-9+/=%\r\n]++", re.IGNORECASE)
_MOST_HTML = 16_777_216  # characters of a page from which pictures are taken out
_LAYOUT = re.compile(
    r"</?(?:html|head|body|div|p|br|span|img|table|tbody|tr|td|meta|link|a|font|b|i|center|hr|title|o:p)(?![\w:-])[^<>]*+>|<![^<>]*+>|&nbsp;|\s++",
    re.IGNORECASE,
)
_ENDLESS_REFERENCE = re.compile(r"&#0*+[0-9]{8,}+;?")  # no character has such a number


def visible(part: Part) -> str:
    """
    The text that a mail client would show, at most TEXT_LIMIT characters.

    From alternatives the plain one is taken, unless it is blank. If a short plain one says something else than the richest
    one, such as that the mail needs another program, both are taken. From related parts the first with text is taken, from
    all other multiparts every inline text. Mails inside the mail, attached texts and uuencoded files are left out; but if there
    is nothing else, attached texts are the letter (E17).
    """
    text = _visible(part)
    if not text.strip():
        text = "\n\n".join(_of_text(leaf) for leaf in part.leaves() if leaf.is_text)
    text = _UUENCODED.sub("", text)
    return _BLANKS_AT_END.sub("\n", text).strip("\n")[:TEXT_LIMIT]


def uuencoded_names(part: Part) -> tuple[str, ...]:
    """The names of files that are uuencoded inside the text, as old systems send them."""
    if part.content_type == "text/plain" and "\nbegin " in part.text:
        return tuple(match[1].strip() for match in _UUENCODED.finditer(part.text))
    return ()


def _visible(part: Part) -> str:
    if part.content_type == "multipart/alternative":
        plain = _first(child for child in part.children if child.content_type == "text/plain")
        if len(plain) >= _STUB:
            return plain
        richest = _first(child for child in reversed(part.children) if child.content_type != "text/plain")
        if plain and _differs(plain, richest):
            return f"{plain.rstrip()}\n\n{richest}"
        return plain or richest
    if part.content_type == "multipart/related":
        return _first(part.children)
    if part.content_type == "multipart/report":
        # The first part is written for people, the others for machines (RFC 6522 §3).
        return _visible(part.children[0]) if part.children else ""
    if part.content_type.startswith("multipart/"):
        if not part.children:
            return ""
        first, *others = part.children
        # The first text is the letter, whatever its name.
        opening = _of_text(first) if first.is_text and first.disposition != "attachment" else _visible(first)
        return "\n".join(text for text in (opening, *map(_visible, others)) if text.strip())
    return "" if part.is_attachment else _of_text(part)


def _of_text(part: Part) -> str:
    """The text of one text part."""
    if part.content_type in ("text/html", "text/enriched", "text/richtext"):
        return from_html(part.text)
    if part.parameters.get("format", "").lower() == "flowed":
        return _unflowed(part.text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return part.text


def _first(parts: Iterable[Part]) -> str:
    """The text of the first part that has any."""
    return next((text for part in parts if (text := _visible(part)).strip()), "")


def _differs(plain: str, richest: str) -> bool:
    """Whether most words of the plain part are missing from the richest part, so that the two are not the same letter."""
    said = set(re.findall(r"\w+", plain.casefold()))
    return len(said - set(re.findall(r"\w+", richest.casefold()))) * 2 > len(said)


def _unflowed(text: str, *, delsp: bool) -> str:
    """The text with soft line breaks removed (RFC 3676 §4.1), except at quoted lines and the signature separator."""
    pieces: list[str] = []
    open_line = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line.removeprefix(" ") if not quoted else line
        if not open_line or quoted or line == "-- ":
            pieces += ["\n", line]
        else:
            pieces[-1:] = [pieces[-1][:-1] if delsp else pieces[-1], line]
        open_line = line.endswith(" ") and line != "-- " and not quoted
    return "".join(pieces[1:])


def from_html(html: str) -> str:
    """
    HTML as readable text, in bounded time and memory, without hidden elements, scripts and styles.

    If that leaves nothing of it, its tags alone are taken out, whatever they hide: no letter arrives empty (E18).
    """
    html = _PICTURE.sub("", html[:_MOST_HTML])[:_HTML_LIMIT].replace("\x00", "")
    found = _seen(_without_unseen(html))
    return found if found.strip() else stripped(_without_unseen(html, titles=True))


def _without_unseen(html: str, *, titles: bool = False) -> str:
    """
    HTML without scripts, styles and titles; with `titles`, only without scripts and styles.

    One that is empty (`<title/>`), or never closed, takes nothing along: a style or a title ends at the next tag, a script at the
    end of the head. A comment that is never closed is none. One pass, however many there are (E1).
    """
    pieces: list[str] = []
    at = 0
    endless: set[str] = set()
    for tag in _UNSEEN.finditer(html):
        name = tag[1].lower()
        if tag.start() < at or (titles and name == "title"):
            continue
        pieces += [html[at : tag.start()], " "]
        at = tag.end()
        if tag[2]:
            continue
        if name in _ENDS:
            end = None if name in endless else _ENDS[name].search(html, at)
            if end is None:
                endless.add(name)
                body = None if "body" in endless else _BODY.search(html, at)
                endless |= set() if body else {"body"}
                at = body.start() if body else at
            else:
                at = end.end()
        elif after := _NEXT_TAG.search(html, at):
            at = after.start()
        else:
            at = len(html) if name == "title" else max(at, html.rfind("}") + 1)
    seen = "".join([*pieces, html[at:]]).replace("<![CDATA[", " ").replace("]]>", " ")
    closed = seen.rfind("-->") + 1
    return seen[:closed] + seen[closed:].replace("<!--", " ")


def has_no_words(html: str) -> bool:
    """Whether a page holds nothing but layout and pictures, so that a text without words is all there is to read."""
    return not _LAYOUT.sub("", _without_unseen(_PICTURE.sub("", html[:_MOST_HTML])[:_HTML_LIMIT]))


def _seen(html: str) -> str:
    if not html.strip():
        return ""
    if _depth(html) <= _DEEPEST_HTML:
        with contextlib.suppress(
            Exception
        ):  # lxml raises many kinds of errors on hostile input; the simple stripper reads that
            return _inscribed(html)
    return stripped(html)


def rich(part: Part) -> str:
    """
    The text of a mail that has HTML alone, with what a colleague's words lose otherwise: the targets of links in angle brackets,
    the numbers of lists, `~~` around what is struck out, and `[cid:…]` where a picture stands (E42). "" for any other mail.
    """
    pages = [one for one in part.leaves() if not one.is_attachment and one.content_type.startswith("text/")]
    if not pages or any(one.content_type != "text/html" for one in pages if one.text.strip()):
        return ""
    text = "\n".join(from_html(_told(one.text[:_HTML_LIMIT])) for one in pages)
    return _BLANKS_AT_END.sub("\n", text).strip("\n")[:TEXT_LIMIT]


def _told(html: str) -> str:
    """HTML in which links, lists, struck words and pictures say in words what they are."""
    pieces: list[str] = []
    opened: list[tuple[str, str]] = []  # elements that are open, each with what is written at its end
    numbers: list[
        tuple[int, str] | None
    ] = []  # the next number and its type of each list that is open; None for bullets
    at = 0
    for tag in _TELLING_TAG.finditer(html):
        pieces.append(html[at : tag.start()])
        at, name, inside = tag.end(), tag["name"].lower(), tag["inside"]
        if tag["end"]:
            if name in ("ol", "ul") and numbers:
                numbers.pop()
            if opened and opened[-1][0] == name:
                pieces.append(opened.pop()[1])
            pieces.append("</div>" if name == "ol" or (name == "li" and numbers and numbers[-1]) else tag[0])
            continue
        fields = {field[1].lower(): unescape(field[2].strip("\"'")) for field in _FIELD.finditer(inside)}
        written = tag[0]
        if name in ("ol", "ul"):
            first = fields.get("start", "1")
            numbers.append(
                (int(first) if _NUMBER.fullmatch(first) else 1, fields.get("type", "1")) if name == "ol" else None
            )
            written = "<div>" if name == "ol" else written
        elif name == "li" and numbers and (counted := numbers[-1]):
            own = fields.get("value", "")
            number = int(own) if _NUMBER.fullmatch(own) else counted[0]
            numbers[-1] = (number + 1, counted[1])
            written = f"<div>{_numbered(number, counted[1])}. "
        elif name == "img" and fields.get("src", "").lower().startswith("cid:"):
            written = escape(f"[{fields['src'][:_LONGEST_TARGET]}]")
        elif name in _PAIRED and len(opened) < _DEEPEST_HTML:
            target = fields.get("href", "")
            struck = name in ("s", "strike", "del") or "line-through" in fields.get("style", "").lower()
            shown = name == "a" and target.lower().startswith(("https://", "http://", "mailto:"))
            written += "~~" if struck else ""
            opened.append((name, "~~" if struck else escape(f" <{target[:_LONGEST_TARGET]}>") if shown else ""))
        pieces.append(written)
    return "".join([*pieces, html[at:]])


def _numbered(number: int, kind: str) -> str:
    """A number as lists of that type write it: 1, a, A, i, I."""
    if kind in ("a", "A") and 0 < number <= len(ascii_lowercase):
        letter = ascii_lowercase[number - 1]
        return letter.upper() if kind == "A" else letter
    if kind in ("i", "I") and 0 < number < len(_ROMAN):
        return _ROMAN[number] if kind == "i" else _ROMAN[number].upper()
    return str(number)


def _depth(html: str) -> int:
    deepest = depth = 0
    for match in re.finditer(
        r"<(/?)(?:div|table|tr|td|span|ul|ol|li|blockquote|font|b|i|p|section|center)\b", html, re.I
    ):
        depth += -1 if match[1] else 1
        deepest = max(deepest, depth)
    return deepest


_local = threading.local()


def _inscribed(html: str) -> str:
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    config = getattr(_local, "config", None)
    if config is None:
        config = _local.config = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False)
    # lxml refuses a str that has an encoding declaration.
    text: str = get_text(re.sub(r"^\s*<\?xml[^>]*\?>", "", html), config)
    text = text.replace("\xa0", " ")
    return re.sub(r"\n{3,}", "\n\n", _BLANKS_AT_END.sub("\n", text)).strip("\n")


def stripped(html: str) -> str:
    """The text of HTML with its tags taken out, for what the parser cannot read, and for pieces."""
    html = re.sub(r"(?i)<(br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", "\n", html)
    words = unescape(_ENDLESS_REFERENCE.sub("\ufffd", _TAG.sub(" ", html)))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+", " ", words)).strip()
