"""One page with mails to look at, as their readers see them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from ackbot import resources


@dataclass(frozen=True, slots=True)
class Card:
    """One mail: what it is, its readable header values, its text, and its HTML or ""."""

    title: str
    headers: Mapping[str, str]
    text: str
    html: str

    @property
    def shown(self) -> str:
        """The words of the HTML part, as they stand between the page's own elements; "" for a mail of text only."""
        match = re.search(r"<main[^>]*>(.*)</main>", self.html, re.DOTALL)
        return match[1] if match else ""

    @property
    def direction(self) -> tuple[str, str]:
        """Language and direction of the HTML part."""
        match = re.search(r'<html lang="([^"]*)" dir="([^"]*)"', self.html)
        return (match[1], match[2]) if match else ("en", "ltr")


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the story above the mails: when, who, what, and what came of it; `good` is None for what came by itself."""

    when: str
    who: str
    what: str
    outcome: str
    good: bool | None = True


def write_page(
    path: Path,
    title: str,
    cards: Sequence[Card],
    *,
    figures: Sequence[tuple[str, str]] = (),
    happenings: Sequence[Happening] = (),
) -> None:
    """Write the page. Everything a stranger wrote is escaped; the HTML shown is ackbot's own (D28)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources.templates() / "report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("gallery.html").render(
        title=title, cards=cards, figures=figures, happenings=happenings
    )
    path.write_text(page, encoding="utf-8")
