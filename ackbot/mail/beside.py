"""Words that a mail brings along beside its text: in attached mails and text files, in names of files, and for pictures (E20)."""

import re
from collections.abc import Iterator
from html import unescape

from ackbot.mail import quoting, text
from ackbot.mail.mime import Part
from ackbot.mail.tokens import ids_in

_TEXTS = frozenset({"text/plain", "text/html"})
_READ = 131_072  # characters of one attached text or page that are read
_DEEPEST = 5  # mails inside each other
_ALT = re.compile(r"\balt\s*+=\s*+(?:\"([^\"<>]{1,400}+)\"|'([^'<>]{1,400}+)')", re.IGNORECASE)
_SEPARATORS = re.compile(r"[_.\-+]++|%20")


def beside(root: Part) -> str:
    """
    All such words, with a blank line between what does not belong together; at most TEXT_LIMIT characters.

    Lines that `>` marks as quoted are left out, and so are mails that look like ours.
    """
    found: list[str] = []
    left = text.TEXT_LIMIT
    for words in _words(root, 0):
        if words := words.strip()[:left]:
            found.append(words)
            left -= len(words) + 2
            if left <= 0:
                break
    return "\n\n".join(found)


def _words(root: Part, depth: int) -> Iterator[str]:
    for leaf in root.leaves():
        yield _SEPARATORS.sub(" ", leaf.filename)
        if leaf.content_type == "message/rfc822":
            for mail in leaf.children if depth < _DEEPEST else ():
                if not ids_in(f"{mail.headers.raw('message-id')}\n{mail.headers.raw('x-ackbot-id')}"):
                    yield mail.headers.value("subject")
                    yield quoting.unmarked(text.visible(mail))
                    yield from _words(mail, depth + 1)
        elif leaf.content_type == "text/html" and not leaf.is_attachment:
            for match in _ALT.finditer(leaf.text[:_READ]) if "alt" in leaf.text[:_READ].lower() else ():
                yield unescape(match[1] or match[2])
        elif leaf.is_attachment and leaf.content_type in _TEXTS:
            words = leaf.text[:_READ]
            yield quoting.unmarked(text.from_html(words) if leaf.content_type == "text/html" else words)
