"""What mail clients and servers put around a colleague's words: nobody wrote it, and no resident reads it (E37, E41)."""

import re
from collections.abc import Collection
from urllib.parse import unquote

from ackbot.mail import folding, signatures

_DEVICE = re.compile(r"(?:sent from (?:my|outlook|mail|yahoo|samsung)|get outlook for)\b.{0,40}", re.IGNORECASE)
_SENT = re.compile(r"\W*sent\b(?! (?:from|via|using)\b)", re.IGNORECASE)  # a person's line may begin like this
_LINK_BEHIND = re.compile(r"(?<![ \t])[ \t]*+<https?://[^<>\s]*+>")
_PICTURE = re.compile(r"\[(?:cid:|image|logo)[^\]\n]{0,300}\]", re.IGNORECASE)
_SHOWN = re.compile(r"(?<![ \t])[ \t]*+\[(?P<kind>cid:|image:)[ \t]*(?P<name>[^\]\n]{1,300})\]", re.IGNORECASE)
_NO_PICTURE = re.compile(r"\[(?:image|logo)\]", re.IGNORECASE)
_RULE_END = re.compile(r"(?:\A|\n)[ \t]*[-_=*]{3,}[ \t]*\Z")
# The labels of protective marking that councils put above or below their mails: of these words alone.
_LABEL_KEYS = frozenset(
    [
        "official",
        "unclassified",
        "protect",
        "restricted",
        "protectively",
        "classification",
        "classified",
        "sensitivity",
        "marking",
    ]
)
_LABEL_REST = (
    "sensitive personal commercial locsen nhs hmg this the email e mail message document is has been was marked as of not "
    "protective security label handling level data private public general internal external use only uk gov none"
)
_LABEL_WORDS = _LABEL_KEYS | frozenset(_LABEL_REST.split())
_LONGEST_LABEL = 100  # characters
# What only boilerplate says of a mail, each once; a paragraph that says several of them is boilerplate.
_OF_MAIL = re.compile(
    r"\b(?:e-?mails?|messages?|communications?|transmission|neges|e-bost|nachricht|courriel)\b", re.IGNORECASE
)
_BOILERPLATE = (
    re.compile(
        r"\b(?:intended (?:recipients?|solely|only|for)|addressees?|named recipients?|solely for|derbynnydd|adressat|empfänger|"
        r"destinataire)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:confidential(?:ity)?|cyfrinachol|vertraulich|confidentiel)\b", re.IGNORECASE),
    re.compile(r"\b(?:privileged)\b", re.IGNORECASE),
    re.compile(r"\b(?:disclos(?:e|ed|ing|ure)|copy(?:ing)?|distribut(?:e|ed|ing|ion))\b", re.IGNORECASE),
    re.compile(r"\b(?:monitor(?:ed|ing)|recorded|intercept(?:ed|ion))\b", re.IGNORECASE),
    re.compile(r"\b(?:liab(?:le|ility)|responsibility for|does not accept|cannot accept)\b", re.IGNORECASE),
    re.compile(r"\b(?:virus(?:es)?|malware|scanned)\b", re.IGNORECASE),
    re.compile(r"\b(?:unauthori[sz]ed|unlawful|prohibited)\b", re.IGNORECASE),
    re.compile(r"\b(?:notify (?:the|us|me)|in error|by mistake|delete (?:it|this|the)|destroy)\b", re.IGNORECASE),
    re.compile(r"\b(?:(?:views|opinions) expressed|those of the (?:author|sender|individual))\b", re.IGNORECASE),
    re.compile(
        r"\b(?:Freedom of Information|Data Protection|GDPR|privacy (?:notice|policy|statement)|personal (?:data|information))\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:registered (?:office|in England|charity|company)|company number|VAT)\b", re.IGNORECASE),
    re.compile(r"\b(?:environment|printing|print this)\b", re.IGNORECASE),
    re.compile(
        r"\b(?:outside (?:of )?(?:the|our|your)|external(?:ly)?|originated|extern(?:en|er|e)?)\b", re.IGNORECASE
    ),
    re.compile(r"\b(?:click(?:ing)?|links?|attachments?)\b", re.IGNORECASE),
    re.compile(r"\b(?:recogni[sz]e the sender|trust|caution|content is safe|suspicious|phishing)\b", re.IGNORECASE),
)
_SAID = 2  # of these make a paragraph nobody's where nothing goes out anyway
_CERTAIN = 3  # of these make it nobody's among words that go out
_LONGEST = 4_000  # characters of a paragraph that is judged
_MOST = 8  # pieces at the top and at the end that are taken off
_OWN_TARGET = re.compile(
    r"(?<![^\s<>])(?P<text>[^\s<>]{1,300}+)[ \t]?<(?:mailto:|https?://)?(?P<target>[^<>\s]{1,2000})>", re.IGNORECASE
)
_GUARDED = re.compile(
    r"https?://[\w.-]{1,60}\.safelinks\.protection\.outlook\.com/[^\s<>]{0,20}\?url=(?P<url>[^&\s<>]{1,2000})[^\s<>)\]]*+",
    re.IGNORECASE,
)
_DEFENDED = re.compile(r"https?://urldefense\.(?:com|us)/v3/__(?P<url>[^\s<>]{1,2000}?)__;[^\s<>)\]]*+", re.IGNORECASE)


def folded(paragraph: str) -> str:
    """The words of a paragraph alone, in lower case, by which it is known again however it was wrapped."""
    return " ".join(re.findall(r"\w+", folding.plain(paragraph[:_LONGEST])))


def is_device(line: str) -> bool:
    """Whether a mail app wrote this line. "Sent by mail today" is a person's."""
    bare = _LINK_BEHIND.sub("", line).strip(" \t<>")
    return bool(_DEVICE.fullmatch(bare)) or (signatures.is_device_line(line) and not _SENT.match(line))


def is_picture(line: str) -> bool:
    """Whether a line is a client's sign for a picture, and nothing else."""
    return bool(_PICTURE.fullmatch(line.strip()))


def is_label(line: str) -> bool:
    """Whether a line is a protective marking, such as "OFFICIAL" or "Classification: OFFICIAL - SENSITIVE"."""
    said = set(folded(line).split()) if len(line) <= _LONGEST_LABEL else set()
    return bool(said & _LABEL_KEYS) and said <= _LABEL_WORDS


def is_nobodys(block: str, learned: Collection[str] = ()) -> bool:
    """Whether lines that stand beside a quotation are nobody's words: banners, markings, disclaimers, learned paragraphs."""
    rest = untopped(f"{block}\n", learned).strip()
    return not rest or folded(rest) in learned or signatures.is_disclaimer(rest) or _boilerplate(rest) >= _SAID


def untopped(text: str, learned: Collection[str] = ()) -> str:
    """A mail without the banners and markings above its words."""
    for _ in range(_MOST):
        text = text.lstrip("\n")
        line, _, below = text.partition("\n")
        paragraph, _, under = text.partition("\n\n")
        if end := signatures.warning_end(text):
            text = text[end:]
        elif is_label(line):
            text = below
        elif folded(paragraph) in learned or (
            _boilerplate(paragraph) >= _CERTAIN and _BOILERPLATE[-3].search(paragraph)
        ):
            text = under
        else:
            break
    return text


def unfooted(words: str, learned: Collection[str] = ()) -> str:
    """Words without what stands below them and is nobody's: device lines, disclaimers, markings, learned paragraphs."""
    for _ in range(_MOST):
        words = words.rstrip()
        above, _, line = words.rpartition("\n")
        over, _, paragraph = words.rpartition("\n\n")
        if is_device(line) or is_label(line):
            words = above
        elif folded(paragraph) in learned or signatures.is_disclaimer(paragraph) or _boilerplate(paragraph) >= _CERTAIN:
            words = _RULE_END.sub("", over.rstrip())
        else:
            break
    return words.strip()


def tidied(words: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """
    The words without the signs that a client put into them, and the pictures that it showed there.

    Links that only repeat their text lose the repetition, and links through a filter, which hold the officer's address, get
    their target back. All else stays as it was written (P6).

    Returns:
        The words, and the Content-ID or file name of each picture with its place in them.
    """
    words = _GUARDED.sub(lambda found: unquote(found["url"]), words)
    words = _DEFENDED.sub(lambda found: found["url"], words)
    words = _OWN_TARGET.sub(_once, words)
    words = _NO_PICTURE.sub("", words)
    kept, pictures, at = "", [], 0
    for found in _SHOWN.finditer(words):
        kept += words[at : found.start()]
        name = found["name"].strip()
        pictures.append((name.casefold(), len(kept)))
        at = found.end()
    tidy = kept + words[at:]
    if pictures:
        tidy = re.sub(r"\n{3,}", "\n\n", tidy)
    return tidy.strip(), tuple(pictures)


def _once(found: re.Match[str]) -> str:
    """A link's text alone if its target is the same; else both, with a blank between."""
    text, target = found["text"], found["target"].rstrip("/")
    bare = re.sub(r"^(?:mailto:|https?://)", "", text, flags=re.IGNORECASE).strip("(),.;:").rstrip("/")
    same = bare.casefold() == re.sub(r"\?.*", "", target).casefold() or bare.casefold() == target.casefold()
    return text if same else found[0]


def _boilerplate(paragraph: str) -> int:
    """How many things a paragraph says that only boilerplate says; 0 unless it speaks of a mail."""
    if len(paragraph) > _LONGEST or not _OF_MAIL.search(paragraph):
        return 0
    return sum(bool(pattern.search(paragraph)) for pattern in _BOILERPLATE)
