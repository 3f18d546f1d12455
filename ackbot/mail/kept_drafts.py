"""Drafts as text, so that a mail that waits can be written anew as it is true when it goes (behaviour.md §3.15)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Lines, Words


def text_of(draft: Draft) -> str:
    """
    The draft as JSON, without attachments.

    Raises:
        TypeError: one of its values has a type that no template gets.
    """
    return json.dumps(
        {one.name: _plain(getattr(draft, one.name)) for one in fields(Draft) if one.name != "attachments"},
        ensure_ascii=False,
    )


def draft_of(text: str) -> Draft:
    """What `text_of` made a text of."""
    return Draft(**{name: _value(one) for name, one in json.loads(text).items()})


def _plain(value: Any) -> Any:
    """A value as JSON has it. Whatever JSON has no type for becomes an object of one name; so does every mapping."""
    match value:
        case Words() | Lines():
            return {type(value).__name__: str(value)}
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date():
            return {type(value).__name__: value.isoformat()}
        case Address():
            return {"Address": [value.name, value.addr]}
        case Profile():
            return {"Profile": value.name}
        case tuple():
            return {"tuple": [_plain(one) for one in value]}
        case list():
            return [_plain(one) for one in value]
        case Mapping():
            return {"map": {name: _plain(one) for name, one in value.items()}}
    raise TypeError(f"a draft has a value of type {type(value).__name__}")


_MADE: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "Words": Words,
        "Lines": Lines,
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "Address": lambda pair: Address(*pair),
        "Profile": lambda name: Profile[name],
        "tuple": lambda items: tuple(map(_value, items)),
        "map": lambda pairs: {name: _value(one) for name, one in pairs.items()},
    }
)


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, dict):
        ((name, one),) = value.items()
        return _MADE[name](one)
    return value
