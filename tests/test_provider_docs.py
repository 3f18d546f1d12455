"""docs/microsoft-365.md and docs/google.md: what they tell to write is accepted, and what ackbot says stands in them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ackbot.config.shaping import _STAND_INS, TABLES
from ackbot.wires import token_words

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("microsoft-365.md", "google.md")


def tables(page: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table of every TOML block of a page."""
    for block in re.findall(r"```toml\n(.+?)```", (DOCS / page).read_text(), re.DOTALL):
        for name, value in tomllib.loads(block).items():
            for one in value if isinstance(value, list) else value.values() if name == "oauth" else [value]:
                yield name, one


@pytest.mark.parametrize("page", PAGES)
def test_what_they_tell_to_write_is_accepted(page: str) -> None:
    """P10: each key and value of the pages is one that the configuration knows."""
    found = list(tables(page))
    for name, table in found:
        TABLES[name].model_validate({**_STAND_INS.get(name, {}), **table})

    assert {name for name, _ in found} == {"smtp", "oauth", "inbox"}


@pytest.mark.parametrize("page", PAGES)
def test_they_say_that_they_were_not_tried(page: str) -> None:
    """Issue 16: plainly what was not run against the real service."""
    assert "it was not run against the real service" in " ".join((DOCS / page).read_text().split())


def test_the_commands_that_ackbot_names_stand_in_the_page() -> None:
    """D17, D18: an admin who reads a refusal finds its command on the page too."""
    page = (DOCS / "microsoft-365.md").read_text()
    advice = [
        token_words.graph_refused(403, "ErrorAccessDenied", "m", "c"),
        token_words.login_refused("", "m", "c", "IMAP"),
        token_words.not_connected("m"),
        token_words.reply_advice("535 5.7.3 x", "m"),
        *(words for code, words in token_words._AADSTS.items() if f"AADSTS{code}`" in page),
    ]
    commands = {words for said in advice for words in re.findall(r"`(az ad \w+ \w+|[A-Z]\w+-\w+)", said)}

    assert len(commands) > 6
    assert [one for one in commands if one not in page] == []
