"""Subjects, without what clients and gateways put before them."""

import re

# What clients prefix to replies and forwards, in the languages seen.
_REPLY = r"(?:re|aw|antw|sv|vs|rv|r|ynt|odp|odg|atb|ref|回复|回覆|答复|res|bls|på svar|отв|ha)"
_FORWARD = r"(?:fw|fwd|wg|tr|rif|i|enc|vb|vl|doorst|videresendt|vidarebefordrat|ymlaen|转发|轉寄|пересл|fs|iletilmiş)"
_PREFIX = re.compile(rf"^\s*(?:{_REPLY}|{_FORWARD})(?:\s*\[\d+\]|\s*\(\d+\)|\s*\^\d+)?\s*[:：]\s*", re.IGNORECASE)
_IS_FORWARD = re.compile(rf"^\s*(?:(?:{_REPLY})\s*[:：]\s*)*{_FORWARD}(?:\s*\[\d+\])?\s*[:：]", re.IGNORECASE)
_IS_REPLY = re.compile(rf"^\s*{_REPLY}(?:\s*\[\d+\]|\s*\(\d+\))?\s*[:：]", re.IGNORECASE)
# What gateways put in front of a stranger's subject.
_TAG = re.compile(
    r"^\s*[\[({*]+\s*(?:ext(?:ernal)?(?:\s+(?:e-?mail|sender|message))?|outside|caution|warning|spam\??|suspected spam"
    r"|junk|bulk)\s*[\])}*]+\s*:?\s*",
    re.I,
)


def without_tags(subject: str) -> str:
    """The subject without gateway tags such as `[EXTERNAL]`, wherever they stand among the prefixes."""
    prefix = ""
    while True:
        if match := _TAG.match(subject):
            subject = subject[match.end() :]
        elif match := _PREFIX.match(subject):
            prefix += subject[: match.end()]
            subject = subject[match.end() :]
        else:
            return (prefix + subject).strip()


def plain(subject: str) -> str:
    """The subject without gateway tags, reply and forward prefixes."""
    while match := _TAG.match(subject) or _PREFIX.match(subject):
        subject = subject[match.end() :]
    return subject.strip()


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
    """`Re: <theirs>`, unchanged, so that it lands under their own letter; theirs alone if it is a reply already."""
    return subject if _IS_REPLY.match(subject) else f"Re: {subject}"
