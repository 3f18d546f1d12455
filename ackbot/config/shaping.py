"""From the merged tables to the file's shape. Each key that does not fit is a finding, and the rest is still checked."""

import difflib
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from ackbot.config import shape
from ackbot.config.lines import Location
from ackbot.config.source import Source

TABLES: dict[str, type[BaseModel]] = {
    "council": shape.Council,
    "calendar": shape.Calendar,
    "store": shape.Store,
    "daemon": shape.Daemon,
    "limits": shape.Limits,
    "urgent": shape.Urgent,
    "feedback": shape.Feedback,
    "smtp": shape.Smtp,
    "relay": shape.Relay,
    "oauth": shape.OAuth,
    "inbox": shape.Inbox,
    "sender": shape.Sender,
    "staff": shape.Staff,
    "team": shape.Team,
    "absence": shape.Absence,
    "standard": shape.Standard,
    "route": shape.Route,
    "statement": shape.Statement,
    "report": shape.Report,
}
_ADDRESS = "somebody@invalid.example"
# The values that replace a required key that is missing or wrong, so that the rest of the file can be checked. A finding that a
# stand-in causes is not reported, because its key already has one.
_STAND_INS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "council": {"name": "?", "admin": _ADDRESS, "secret_file": "?"},
        "smtp": {"host": "localhost"},
        "relay": {"name": "?", "host": "localhost"},
        "inbox": {"name": "?", "address": _ADDRESS, "host": "localhost", "username": "?"},
        "sender": {"from": _ADDRESS},
        "staff": {"name": "?", "email": _ADDRESS},
        "team": {"name": "?"},
        "absence": {"staff": "?", "from": date(2000, 1, 1), "until": date(2000, 1, 2)},
        "standard": {"name": "?"},
        "statement": {"text": "?"},
    }
)
_SEVERAL = frozenset({"relay", "inbox", "sender", "staff", "team", "absence", "standard", "route", "statement"})
_SAID: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "must be text; put it in quotes",
        "int_type": "must be a whole number; write it without quotes",
        "bool_type": "must be true or false; write it without quotes",
        "list_type": 'must be a list; write for example ["one", "two"]',
        "date_type": "must be a date; write for example 2026-12-28, without quotes",
        "datetime_type": "must be a date; write for example 2026-12-28, without quotes",
        "string_too_short": "must not be empty; fill it in",
        "too_short": "must not be empty; fill it in",
        "is_instance_of": "must be text; put it in quotes",
    }
)
_NAMED_BY = MappingProxyType(
    {"staff": ("id", "email")}
)  # the keys by which other tables refer to an entry, if that is not `name`


def shaped(source: Source) -> shape.File | None:
    """
    The file's shape, with stand-ins for keys that do not fit; None if it does not fit even with them.

    Each mistake is added to `source`. `source.uncertain` gets the kinds of table with an entry that has no usable name.
    """
    try:
        return shape.File.model_validate(source.data)
    except ValidationError as error:
        wrong = [(_known_part(one["loc"], source.data), one) for one in error.errors(include_url=False)]
    source.guessed = True
    for location, one in wrong:
        if source.whole or len(location) > 1 or one["type"] != "missing":
            source.finding(location, _said(one, location))
        _doubt_name(source, location)
    try:
        return shape.File.model_validate(_mended(source.data, [location for location, _ in wrong]))
    except ValidationError:
        return None


def _doubt_name(source: Source, location: Location) -> None:
    kind = str(location[0])
    key = location[2] if len(location) > 2 else ""
    if kind in _SEVERAL and (not key or key in _NAMED_BY.get(kind, ("name",))):
        source.uncertain.add(kind)


def _mended(data: Mapping[str, Any], wrong: list[Location]) -> dict[str, Any]:
    """A copy of the tables without the keys that did not fit, and with stand-ins for required keys."""
    mended = deepcopy(dict(data))
    for location in wrong:
        name, several = str(location[0]), location[0] in _SEVERAL or location[0] == "oauth"
        if name not in TABLES:
            mended.pop(name, None)
        elif len(location) <= 1:
            mended[name] = [{}] if name == "inbox" else [] if name in _SEVERAL else {}
        elif several and len(location) == 2:
            mended[name][location[1]] = {}
        else:
            table = mended[name][location[1]] if several else mended[name]
            if isinstance(table, dict):
                table.pop(location[2] if several else location[1], None)
    for name, given in mended.items():
        stand_ins = _STAND_INS.get(name, {})
        mended[name] = [{**stand_ins, **one} for one in given] if name in _SEVERAL else {**stand_ins, **given}
    return mended


def _known_part(location: Location, data: Any) -> Location:
    """A location without the parts that pydantic adds, such as the branch of a union."""
    known: list[str | int] = []
    for part in location:
        within = data is not None
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            if known and within and not isinstance(data, dict):
                break
            data = None
        known.append(part)
    return tuple(known)


def _said(error: Any, location: Location) -> str:
    """What is wrong with a key and how to mend it, in plain English."""
    name = str(location[-1]) if location else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden" and name == "password":
        return "a password does not stand in this file; put it into a file of its own, and name that with password_file"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, _siblings(location), n=1, cutoff=0.5)
        return f"is not a known key; {'did you mean ' + chr(34) + near[0] + chr(34) + '?' if near else 'remove it'}"
    if kind == "missing":
        return (
            "is required; add it"
            if len(location) > 1
            else f"the table is required; add [{name}]"
            if name not in ("inbox",)
            else "at least one [[inbox]] is required; add it"
        )
    if kind == "literal_error":
        return f"must be {context.get('expected', '')}; write one of these"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        return (
            f"must be at least {context['ge']}; write a larger number"
            if "ge" in context
            else f"must be at most {context['le']}; write a smaller number"
        )
    if kind == "list_type" and len(location) == 1:
        return f"there can be several of these; write [[{name}]], with two brackets"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return _must_be_table(location)
    if name in ("per_sender", "brake"):
        return 'must be text in quotes; write for example "300 per hour"'
    if name == "working_hours":
        return 'must be text in quotes; write for example "Mon-Fri 09:00-17:00"'
    # Whatever else the library may find is a value of a wrong kind, and its own words say nothing to an admin.
    return _SAID.get(kind, "is not a value that this key can have; config.example.toml shows one")


def _must_be_table(location: Location) -> str:
    """How the table at a location is written: [council], [[inbox]], [oauth.NAME], or in braces within a table."""
    first, last = str(location[0]), location[-1]
    if len(location) > 2 or (isinstance(last, str) and len(location) > 1 and first != "oauth"):
        return 'must be a table in braces; write for example { from = "forms@northgate.example" }'
    if first in _SEVERAL:
        return f"must be a table; write [[{first}]] and its keys below"
    return f"must be a table; write [{'.'.join(str(one) for one in location)}] and its keys below"


def _siblings(location: Location) -> list[str]:
    """The known names at the location of an unknown one."""
    if len(location) == 1:
        return [*TABLES, "include"]
    table = TABLES.get(str(location[0]))
    if table is shape.Inbox and "forms" in location:
        return shape.keys(shape.Form)
    return shape.keys(table) if table else []
