"""Reads the file, checks everything, builds the values (P10)."""

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ackbot import resources
from ackbot.config import build, checks, shape
from ackbot.config.lines import Location
from ackbot.config.source import ConfigProblem, Finding, Source, read
from ackbot.config.values import Config

_TABLES: dict[str, type[BaseModel]] = {
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
}


def load(path: Path, *, rehearsal: bool = False) -> Config:
    """
    The configuration of a file.

    Args:
        rehearsal: nothing will be sent or stored: secrets and passwords need not be there.

    Raises:
        ConfigProblem: it has mistakes.
        OSError: the file cannot be read.
    """
    config, findings = _examined(path, rehearsal=rehearsal)
    if config is None:
        raise ConfigProblem([one for one in findings if not one.warning])
    return config


def check(path: Path) -> tuple[Finding, ...]:
    """
    Every mistake and doubt of a file, in the order of its lines.

    Raises:
        OSError: the file cannot be read.
    """
    return tuple(_examined(path, rehearsal=False)[1])


def sample() -> Config:
    """The council of `config.example.toml`, to rehearse with where there is no other."""
    return load(resources.example_config(), rehearsal=True)


def _examined(path: Path, *, rehearsal: bool) -> tuple[Config | None, list[Finding]]:
    source = read(path)
    shaped = _shaped(source) if not source.findings else None
    if shaped is None:
        return None, sorted(source.findings, key=lambda one: (one.file, one.line))
    checks.references(shaped, source)
    if not rehearsal:
        checks.files(shaped, source)
    config = None
    if not any(not one.warning for one in source.findings):
        config = build.config(shaped, source, rehearsal=rehearsal)
    findings = sorted(source.findings, key=lambda one: (one.file, one.line))
    if any(not one.warning for one in findings):
        return None, findings
    assert config is not None  # noqa: S101 - no mistakes, so it was built
    return replace(config, warnings=tuple(findings)), findings


def _shaped(source: Source) -> shape.File | None:
    try:
        return shape.File.model_validate(source.data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            location = _known_part(one["loc"], source.data)
            source.finding(location, _said(one, location))
        return None


def _known_part(location: Location, data: Any) -> Location:
    """Without what pydantic appends of its own, such as the branch of a union."""
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
    """What is wrong and how to mend it, in plain English."""
    name = str(location[-1]) if location else ""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, _siblings(location), n=1, cutoff=0.5)
        return f"is no known key; {'did you mean ' + chr(34) + near[0] + chr(34) + '?' if near else 'take it out'}"
    if kind == "missing":
        return (
            "is required; add it"
            if len(location) > 1
            else f"the table is required; add [{name}]"
            if name not in ("inbox",)
            else "one [[inbox]] at least is required; add it"
        )
    if kind == "literal_error":
        return f"must be {context.get('expected', '')}; write one of these"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    said = {
        "string_type": "must be text; put it in quotes",
        "int_type": "must be a whole number; write it without quotes",
        "bool_type": "must be true or false; write it without quotes",
        "list_type": 'must be a list; write for example ["one", "two"]',
        "date_type": "must be a date; write for example 2026-12-28, without quotes",
        "datetime_type": "must be a date; write for example 2026-12-28, without quotes",
        "dict_type": "must be a table",
        "model_type": "must be a table",
        "string_too_short": "must not be empty; fill it in",
        "too_short": "must not be empty; fill it in",
        "is_instance_of": "must be text; put it in quotes",
    }
    if kind in said:
        return said[kind] if ";" in said[kind] else f"{said[kind]}; write [{name}] and its keys below"
    if kind in ("greater_than_equal", "less_than_equal"):
        return (
            f"must be {'at least' if 'ge' in context else 'at most'} {context.get('ge', context.get('le'))}; change it"
        )
    return f"{error['msg'][0].lower()}{error['msg'][1:]}; mend it"


def _siblings(location: Location) -> list[str]:
    """Names that may stand where an unknown one does."""
    if len(location) == 1:
        return [*_TABLES, "include"]
    table = _TABLES.get(str(location[0]))
    if table is shape.Inbox and "forms" in location:
        return shape.keys(shape.Form)
    return shape.keys(table) if table else []
