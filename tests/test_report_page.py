"""The report as a page: no script, charts that say what they show, a phone's width, and nothing that axe objects to."""

import re
from datetime import date
from pathlib import Path

import pytest

from ackbot.config import load
from ackbot.report import figures, page
from ackbot.report.figures import Report
from ackbot.report.periods import Period
from tests.support import measured
from tests.support.browser import judged
from tests.support.council import write_config

QUARTER = Period(date(2026, 10, 1), date(2026, 12, 31))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Of a busy quarter, of a quiet one, and of nothing at all; and the busy one with names."""
    council = load(write_config(tmp_path_factory.mktemp("council")), rehearsal=True).council
    found = {}
    for name, count in (("busy", 2_000), ("quiet", 12), ("empty", 0), ("names", 300)):
        rows = measured.rows(count)
        found[name] = figures.report(rows, measured.load(rows), council, QUARTER, measured.NOW, names=name == "names")
    return found


@pytest.mark.parametrize("name", ["busy", "quiet", "empty", "names"])
def test_it_stands_alone(reports: dict[str, Report], name: str) -> None:
    """No script, nothing that is fetched from elsewhere; and every chart has its words and the table behind it."""
    html = page.page(reports[name])

    assert not re.search(r"<script|<link|<img|src=|@import|url\(|\bon\w+=", html)
    assert html.count("<h1>") == 1 and '<html lang="en"' in html
    for chart in re.findall(r"<figure>.*?</section>", html, re.DOTALL):
        assert re.search(r'role="img" aria-labelledby="[\w-]+ [\w-]+"', chart)
        assert "<title" in chart and "<desc" in chart and "<table" in chart
    assert name != "busy" or html.count("<figure>") >= 3


def test_one_with_names_says_so(reports: dict[str, Report]) -> None:
    """It says so at the top, in its title, and on each sheet of paper; the other one has no person in it."""
    named, public = page.page(reports["names"]), page.page(reports["busy"])

    assert "<title>For managers" in named and '<p class="warning">For managers only.' in named
    assert re.search(r'@page \{ @top-center \{ content: "For managers only\.', named)
    assert "noindex" in named and "Priya Shah" in named
    assert "Priya Shah" not in public and "For managers" not in public
    assert "Hidden numbers" in public and "Hidden numbers" not in named


def test_names_of_services_are_escaped(reports: dict[str, Report], tmp_path: Path) -> None:
    """A name is a name, and no markup."""
    council = load(
        write_config(tmp_path, ('service = "Housing"', 'service = "<b>Housing & Co"')), rehearsal=True
    ).council
    rows = measured.rows(300)
    html = page.page(figures.report(rows, [], council, QUARTER, measured.NOW, names=True))

    assert "&lt;b&gt;Housing &amp; Co" in html and "<b>Housing" not in html


def test_hidden_is_no_length(reports: dict[str, Report]) -> None:
    """A bar whose number is hidden has no length that could be measured."""
    for section in page.sections(reports["busy"]):
        for bar in section.chart.bars if section.chart else ():
            assert (bar.percent is None) == (bar.text in ("hidden", "none"))


@pytest.mark.parametrize("width", [320, 1100])
@pytest.mark.parametrize("name", ["busy", "quiet", "empty", "names"])
def test_a_browser_and_axe(reports: dict[str, Report], name: str, width: int, tmp_path: Path) -> None:
    """On a phone and on a desk: axe finds nothing, and nothing is wider than the screen."""
    found = judged(page.page(reports[name]), width, tmp_path)

    assert found["violations"] == []
    assert found["passes"] > 15
    assert found["needed"] <= found["width"]
