"""
Reads every mail to residents as a strict editor would: for `check`, and for `preview --lint` (voice.md, domain.md §9, §12).

What would stop a mail from being written is a mistake, and `samples.proofread` finds it. Everything here is a warning.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from ackbot import resources
from ackbot.casework.drafts import kinds
from ackbot.config import Config, Finding
from ackbot.mail.markup import WIDTH
from ackbot.mail.templates import Templates
from ackbot.work import samples

MODEL = "en"  # the language of which the others are translations
LONGEST_SENTENCE = 25  # words
HARDEST = 7.0  # Flesch-Kincaid grade of all sentences of a mail
LONGEST_SUBJECT = 60  # characters of our own subject lines
_FULL = 4  # words; shorter pieces are greetings and names
_STAMP = re.compile(r"\{# of the English ([0-9a-f]{12}) #\}")
# Words that no mail to a resident has, in English (voice.md, points 3, 6 and 8).
_NEVER = re.compile(
    r"\b(?:shortly|soon|as soon as possible|in due course|thank you for your patience|tickets?|quer(?:y|ies)|inquir(?:y|ies)"
    r"|enquir(?:y|ies)|help ?desk|automatically generated|users?|support|ackbot|do not reply|no-?reply)\b",
    re.IGNORECASE,
)
# Values that a translation may do without, because its grammar says the same in another way.
_OPTIONAL = frozenset({"way", "yours", "words_language", "matters", "part", "first"})
_NAMES_OF_OFFICES = re.compile(r"(?<!^)\b(?:[A-Z]\w+ )+(?:and )?(?:[A-Z]\w+ )*Ombudsman(?: for Wales)?")


@dataclass(frozen=True, slots=True)
class _Page:
    """One specimen: its template and its text."""

    template: str
    title: str
    subject: str
    text: str


def lint(config: Config) -> tuple[Finding, ...]:
    """
    Every warning about the words of mails to residents, in the languages of the council, with their files.

    Raises:
        TemplateProblem, KeyError: a template is broken; `samples.proofread` says where.
    """
    templates = config.office.templates
    found: dict[Finding, None] = {}
    for language in config.council.languages:
        for finding in (*_of_sources(templates, language), *_of_pages(config, language)):
            found.setdefault(finding)
    return tuple(found)


def stamp(templates: Templates, name: str) -> str:
    """What stands in the first line of a translation: which English text it translates."""
    return sha256(templates.file_text(f"{MODEL}/{name}.txt").encode()).hexdigest()[:12]


def _warning(path: str, what: str, line: int = 1) -> Finding:
    return Finding(path, line, "template", what, warning=True)


def _of_sources(templates: Templates, language: str) -> Iterator[Finding]:
    """What the templates themselves show: values that they do not name, and translations of another text."""
    shipped = Templates([resources.templates()])
    for mail in kinds.TRANSLATED:
        path = templates.file(f"{language}/{mail.template}.txt")
        wanted = shipped.named_in(MODEL, mail.template) - _OPTIONAL
        if missing := sorted(wanted - templates.named_in(language, mail.template)):
            yield _warning(path, f"does not name {', '.join(missing)}, as the English one does")
        if language != MODEL:
            yield from _stale(templates, language, mail.template, path)
    for name, phrase in templates.words(language)["subject"].items():
        if re.search(r"[\r\n]", phrase) or len(phrase) > LONGEST_SUBJECT:
            what = f"the subject of {name} has a line break, or more than {LONGEST_SUBJECT} characters"
            yield _warning(templates.file(f"{language}/words.toml"), what)


def _stale(templates: Templates, language: str, name: str, path: str) -> Iterator[Finding]:
    own, now = _STAMP.match(templates.file_text(f"{language}/{name}.txt")), stamp(templates, name)
    if own is None or own[1] != now:
        what = (
            f"translates another English text than {templates.file(f'{MODEL}/{name}.txt')}; compare the two, and then begin"
            f" this file with {{# of the English {now} #}}"
        )
        yield _warning(path, what)


def _of_pages(config: Config, language: str) -> Iterator[Finding]:
    """What a reader of the finished mails sees: hard sentences, and words that stand in none."""
    templates = config.office.templates
    for page in _pages(config, language):
        path = templates.file(f"{language}/{page.template}.txt")
        said = sentences(page.text)
        for sentence in said:
            if len(sentence.split()) > LONGEST_SENTENCE:
                yield _warning(path, f'a sentence has more than {LONGEST_SENTENCE} words: "{sentence}"')
        if any(len(line) > WIDTH and "://" not in line for line in page.text.split("\n")):
            yield _warning(path, f'the mail "{page.title}" has a line of more than {WIDTH} characters')
        if language != MODEL:
            continue
        if (grade := reading_grade(said)) > HARDEST:
            yield _warning(path, f'the mail "{page.title}" needs {grade:.1f} years of school; write for {HARDEST:.0f}')
        for word in dict.fromkeys(match[0].lower() for match in _NEVER.finditer(_unquoted(page.text))):
            yield _warning(path, f'"{word}" stands in the mail "{page.title}"; no mail to a resident has it')


def _pages(config: Config, language: str) -> Iterator[_Page]:
    translated = {mail.template for mail in kinds.TRANSLATED}
    for title, send, composed in samples.drafted(config, language):
        if send.draft.template in translated:
            yield _Page(send.draft.template, title, composed.headers["Subject"], composed.text)


def _unquoted(text: str) -> str:
    return re.sub(r"[“«„][^”»]*[”»]", "it", text)


def sentences(text: str) -> list[str]:
    """The full sentences of a mail's text, with quoted words as one word."""
    found = []
    for paragraph in _unquoted(text).split("\n\n"):
        flat = " ".join(paragraph.split())
        found += [
            one for one in re.split(r"(?<=[.!?؟।])\s+", flat) if len(one.split()) >= _FULL and one[-1] in ".!?؟।:"
        ]
    return found


def reading_grade(said: Iterable[str]) -> float:
    """The Flesch-Kincaid grade of English sentences: the years of school that a reader needs; 0 for none."""
    plain = [re.sub(r"[^A-Za-z' -]", " ", _NAMES_OF_OFFICES.sub("it", one)).split() for one in said]
    words = [word for sentence in plain for word in sentence]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(plain) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _syllables(word: str) -> int:
    """By groups of vowels; a silent e at the end counts none."""
    lower = word.lower()
    groups = len(re.findall(r"[aeiouy]+", lower))
    return max(1, groups - (lower.endswith("e") and not lower.endswith("le") and groups > 1))
