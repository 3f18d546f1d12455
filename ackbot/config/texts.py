"""Texts of the configuration that may be written in each language of the council."""

from typing import Annotated

from pydantic import BeforeValidator


def _in_languages(value: object) -> object:
    """A text by language; a text without one is in the council's first, here ""."""
    if isinstance(value, str):
        return {"": value} if value else {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError('must be text in quotes, or a table with one for each language: { en = "…", cy = "…" }')
    return value


InLanguages = Annotated[dict[str, str], BeforeValidator(_in_languages)]
