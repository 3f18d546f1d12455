"""Subjects, without what clients and gateways put before them."""

import re

# What clients prefix to replies and forwards, in the languages seen. Those that are words of a letter too count only in
# capitals, as their clients write them; `Ref:`, `I:` and `Ha:` are left to people altogether.
_REPLY = r"(?:(?i:re|aw|antw|sv|rv|ynt|odp|odg|atb|回复|回覆|答复|bls|på svar|отв)|R|RES|VS)"
_FORWARD = (
    r"(?:(?i:fw|fwd|wg|doorst|videresendt|vidarebefordrat|ymlaen|转发|轉寄|пересл|iletilmiş)|TR|RIF|ENC|VB|VL|FS)"
)
_COUNT = r"(?:\s*\[\d+\]|\s*\(\d+\)|\s*\^\d+)?\s*[:：]"
_PREFIX = re.compile(rf"\s*(?:{_REPLY}|{_FORWARD}){_COUNT}\s*")
_IS_FORWARD = re.compile(rf"^\s*(?:{_REPLY}{_COUNT}\s*)*{_FORWARD}{_COUNT}")
_IS_REPLY = re.compile(rf"^\s*{_REPLY}{_COUNT}")
# What gateways put in front of a stranger's subject.
_TAG = re.compile(
    r"\s*[\[({*]+\s*(?:ext(?:ernal)?(?:\s+(?:e-?mail|sender|message))?|outside|caution|warning|spam\??|suspected spam"
    r"|junk|bulk)\s*[\])}*]+\s*:?\s*",
    re.I,
)


def without_tags(subject: str) -> str:
    """The subject without gateway tags such as `[EXTERNAL]`, wherever they stand among the prefixes."""
    kept, at = [], 0
    while True:
        if match := _TAG.match(subject, at):
            at = match.end()
        elif match := _PREFIX.match(subject, at):
            kept.append(match[0])
            at = match.end()
        else:
            return "".join([*kept, subject[at:]]).strip()


def plain(subject: str) -> str:
    """The subject without gateway tags, reply and forward prefixes."""
    at = 0
    while match := _TAG.match(subject, at) or _PREFIX.match(subject, at):
        at = match.end()
    return subject[at:].strip()


def key(subject: str) -> str:
    """What two subjects of one matter have in common; "" when nothing is left to compare."""
    return " ".join(plain(subject).casefold().split())


def is_forward(subject: str) -> bool:
    """Whether a client marked the mail as forwarded."""
    return bool(_IS_FORWARD.match(without_tags(subject)))


def is_reply(subject: str) -> bool:
    """Whether a client marked the mail as a reply."""
    return bool(_IS_REPLY.match(without_tags(subject)))


def answer_to(subject: str) -> str:
    """`Re: <theirs>`, unchanged but for a gateway's tags, to land under their own letter; theirs alone if it is a reply."""
    theirs = without_tags(subject)
    return theirs if _IS_REPLY.match(theirs) else f"Re: {theirs}"


def shortened(subject: str, length: int) -> str:
    """At most `length` characters and a mark of what is missing; cut at a blank where one is near the end, else inside."""
    if len(subject) <= length:
        return subject
    cut = subject[:length]
    word = cut.rpartition(" ")[0]
    return f"{word if len(word) * 2 > length else cut} …"
