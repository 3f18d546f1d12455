"""Writes one page that shows mails as their readers see them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ackbot.report.page import Section
from ackbot.report.render import render
from ackbot.report.words import word


@dataclass(frozen=True, slots=True)
class Card:
    """One mail: its title, its readable header values, its text, and its HTML ("" for a mail of text only)."""

    title: str
    headers: Mapping[str, str]
    text: str
    html: str

    @property
    def shown(self) -> str:
        """The content of the HTML part's <main>, with its headings below those of the page; "" for a mail of text only."""
        match = re.search(r"<main[^>]*>(.*)</main>", self.html, re.DOTALL)
        return re.sub(r"<(/?)h[12]\b", r"<\1h4", match[1]) if match else ""

    @property
    def direction(self) -> tuple[str, str]:
        """Language and writing direction of the HTML part, as its `lang` and `dir` say."""
        match = re.search(r'<html lang="([^"]*)" dir="([^"]*)"', self.html)
        return (match[1], match[2]) if match else ("en", "ltr")


@dataclass(frozen=True, slots=True)
class Happening:
    """
    A line of the story above the mails: when, who, what, and the outcome.

    Args:
        good: whether the letter was answered; None for what ackbot did by itself.
    """

    when: str
    who: str
    what: str
    outcome: str
    good: bool | None = True


@dataclass(frozen=True, slots=True)
class Published:
    """
    The main numbers of the council's report, and where its pages lie.

    Args:
        sentences: the numbers in short.
        part: the table of what became of the matters.
        page, names: file names beside the page: what may be published, and what is for managers.
    """

    sentences: Sequence[str]
    part: Section
    page: str
    names: str


def write_page(
    path: Path,
    title: str,
    cards: Sequence[Card],
    *,
    figures: Sequence[tuple[str, str]] = (),
    happenings: Sequence[Happening] = (),
    published: Published | None = None,
) -> None:
    """
    Write the page. Everything that a stranger wrote is escaped; the HTML that is shown is ackbot's own (D28).

    Args:
        figures: names and values for the table.
        published: the same time as the council would publish it; None for nothing of that.

    Raises:
        OSError: the page cannot be written.
    """
    page = render(
        "gallery.html", title=title, cards=cards, figures=figures, happenings=happenings, published=published, word=word
    )
    path.write_text(page, encoding="utf-8")
