"""Subjects, without the prefixes of mail clients and gateways."""

import re

# Prefixes that mail clients put before replies and forwards, in the languages seen. A prefix that is also an ordinary word
# or letter (`R`, `TR`, `VS`) counts only in capitals, as its client writes it. `Ref:`, `I:` and `Ha:` never count: people
# begin subjects with them.
_REPLY = r"(?:(?i:re|aw|antw|sv|rv|ynt|odp|odg|atb|回复|回覆|答复|bls|på svar|отв)|R|RES|VS)"
_FORWARD = (
    r"(?:(?i:fw|fwd|wg|doorst|videresendt|vidarebefordrat|ymlaen|转发|轉寄|пересл|iletilmiş)|TR|RIF|ENC|VB|VL|FS)"
)
_COUNT = r"(?:\s*\[\d+\]|\s*\(\d+\)|\s*\^\d+)?\s*[:：]"
_PREFIX = re.compile(rf"\s*(?:{_REPLY}|{_FORWARD}){_COUNT}\s*")
_IS_FORWARD = re.compile(rf"^\s*(?:{_REPLY}{_COUNT}\s*)*{_FORWARD}{_COUNT}")
_IS_REPLY = re.compile(rf"^\s*{_REPLY}{_COUNT}")
# Tags that gateways put in front of a stranger's subject.
_TAG = re.compile(
    r"\s*[\[({*]+\s*(?:ext(?:ernal)?(?:\s+(?:e-?mail|sender|message))?|outside|caution|warning|spam\??|suspected spam"
    r"|junk|bulk)\s*[\])}*]+\s*:?\s*",
    re.I,
)


def without_tags(subject: str) -> str:
    """The subject without gateway tags such as `[EXTERNAL]`, also between reply prefixes, which stay."""
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
    """The subject without gateway tags, reply prefixes and forward prefixes."""
    at = 0
    while match := _TAG.match(subject, at) or _PREFIX.match(subject, at):
        at = match.end()
    return subject[at:].strip()


def key(subject: str) -> str:
    """The subject in the form in which two are compared: plain, case and blanks folded; "" if nothing is left to compare."""
    return " ".join(plain(subject).casefold().split())


def is_forward(subject: str) -> bool:
    """Whether a client marked the mail as forwarded."""
    return bool(_IS_FORWARD.match(without_tags(subject)))


def is_reply(subject: str) -> bool:
    """Whether a client marked the mail as a reply."""
    return bool(_IS_REPLY.match(without_tags(subject)))


def answer_to(subject: str) -> str:
    """
    The subject of a reply: `Re: ` and theirs, or theirs alone if it is a reply already.

    Except for gateway tags it stays unchanged, so that clients sort our reply under the resident's own letter.
    """
    theirs = without_tags(subject)
    return theirs if _IS_REPLY.match(theirs) else f"Re: {theirs}"


def shortened(subject: str, length: int) -> str:
    """At most `length` characters, then ` …` if any are missing. Cut at a blank if that keeps over half, else inside a word."""
    if len(subject) <= length:
        return subject
    cut = subject[:length]
    word = cut.rpartition(" ")[0]
    return f"{word if len(word) * 2 > length else cut} …"
