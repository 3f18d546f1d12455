"""Why words wait until their sender was request: words going out fail closed (behaviour.md §4.2)."""

import re
from collections.abc import Collection

from ackbot.casework.council import Council
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.model import Case
from ackbot.casework.staff.reading import Reading, command_line
from ackbot.mail import folding, replies, subjects
from ackbot.mail.plain import Attachment

SHORTEST = 15  # characters; shorter plain words are request about
_LONGEST_GREETING = 60  # characters
_FEW = 4  # words of a greeting; a longer one has other words than names
_FORMAL = (
    r"(?:dear|hi|hiya|hello|hey|good[ \t]+(?:morning|afternoon|evening|day)|attn|"
    r"(?:morning|afternoon|evening)(?=[ \t]+(?-i:[A-Z])))"
)
_GREETING = re.compile(rf"[\s*_]*(?:{_FORMAL}\b[ \t]*)+", re.IGNORECASE)
_OPENING = re.compile(
    r"[\s*_]*(?:(?:hi|hello|hey|morning|afternoon|evening|to|thanks|thank you|cheers|ok|okay|sorry|please)\b[ \t,:]*)*",
    re.IGNORECASE,
)
_END = re.compile(r"[,.!;:–—]|\s-\s")
# What follows a name that is called, not told of: "Sam," and "Sam can you", not "Sam Jones comes on Tuesday".
_CALLED = re.compile(
    r"[ \t]*(?:$|[,.!;:–—?]|-\s|(?:and|re|can|could|please|pls|would|will you|do you)\b|[&/])", re.IGNORECASE
)
_TITLES = frozenset(
    ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "madam", "there", "councillor", "cllr"]
) | frozenset(["resident", "tenant", "neighbour", "customer", "and", "or", "the"])
_GROUPS = frozenset(["all", "both", "team", "everyone", "everybody", "colleagues", "folks", "guys"])
_INSIDE = re.compile(
    r"\b(?:internal(?:ly)?|don'?t send|do not send|not for (?:the )?resident|between us|f\.?y\.?i\.?)\b", re.IGNORECASE
)
_MAIL_FILE = re.compile(r"\.(?:eml|msg|oft|mht|mhtml|mbox)$", re.IGNORECASE)


def holds(reading: Reading, words: str, seen: Seen, case: Case, council: Council) -> list[str]:
    """
    Why words are not sent before their sender was request, in plain English; empty when they may go.

    Args:
        words: what would go to the resident.
    """
    message, found = seen.message, []
    if reading.below:
        found.append("there are words below the line, and only those above it are sent")
    if name := greets_somebody_else(words, case, council):
        found.append(f"it greets {name}")
    others = [
        one.addr
        for one in (*message.to, *message.cc)
        if council.inbox_at(one.key) is None and council.is_colleague(one.key)
    ]
    if others:
        found.append(f"a colleague is in To or Cc ({', '.join(others)})")
    if subjects.is_forward(message.subject):
        found.append("it is a forward")
    if line := command_line(words):
        found.append(f"the line “{line}” looks like a command, and those count in the first line only")
    if _INSIDE.search(words):
        found.append("its words say that it is for inside")
    if len(replies.unsigned(words)) < SHORTEST:
        found.append("it is very short")
    if any(is_mail(one) for one in message.attachments):
        found.append("another mail is attached, which does not go along")
    if reading.doubtful:
        found.append("something in it looks like another mail")
    return found


def is_mail(file: Attachment) -> bool:
    """Whether a file is a mail: by its type, or by its name."""
    kind = file.content_type
    return kind.startswith("message/") or "rfc822" in kind or "ms-outlook" in kind or bool(_MAIL_FILE.search(file.name))


def files(seen: Seen) -> tuple[Attachment, ...]:
    """What goes along with words: files, never mails, nor pictures that stand in the text, such as those of a signature."""
    return tuple(
        one
        for one in seen.message.attachments
        if one.section
        and not (one.content_type.startswith("image/") and (one.inline or one.shown))
        and not is_mail(one)
    )


def greets_somebody_else(words: str, case: Case, council: Council) -> str:
    """
    Whom the words greet, if that is not surely the resident: a colleague, a group, a name that is not all theirs; ""
    otherwise. Where the resident's name is not known, only colleagues and groups are somebody else.
    """
    first = next((line for line in words.split("\n") if line.strip()), "").strip()
    theirs = set(_words(f"{case.resident.name} {case.resident.key.partition('@')[0]}"))
    names = {word for one in council.staff.values() for word in _words(one.name) if len(word) > 1}
    others = (names - theirs) | _GROUPS
    greeting = _GREETING.match(first)
    if greeting is None:
        return _called(first, others)
    rest = first[greeting.end() :]
    end = _END.search(rest[:_LONGEST_GREETING])
    part = rest[: end.start() if end else _LONGEST_GREETING].strip()
    if not part:
        return _called(rest.lstrip(" \t,.!;:–—-"), others)
    greeted = re.findall(r"[^\W\d_]+", part)
    if others & set(_words(part)):
        return part
    if not end and len(greeted) > _FEW:
        greeted = greeted[:1]  # no mark says where the name ends
    if len(greeted) > _FEW or not end:
        greeted = [word for word in greeted if word[0].isupper()]
    strange = [word for word in greeted if not _theirs(folding.plain(word), theirs)]
    return part if strange and case.resident.name else ""


def _called(line: str, others: Collection[str]) -> str:
    """The colleague or group that a line begins by calling; "" for none."""
    rest = line[match.end() :] if (match := _OPENING.match(line)) else line
    lead = re.match(r"[\w'’-]+(?:[ \t]+[\w'’-]+)?", rest)
    for piece in (lead[0], lead[0].split()[0]) if lead else ():
        said = _words(piece)
        if said and set(said) <= set(others) and _CALLED.match(rest[len(piece) :]):
            return piece
    return ""


def _theirs(word: str, theirs: Collection[str]) -> bool:
    """Whether a word is a name of the resident, or its initial."""
    return word in theirs or word in _TITLES or (len(word) == 1 and any(one.startswith(word) for one in theirs))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(text))
