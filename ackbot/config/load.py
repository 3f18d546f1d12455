"""Read the file, check everything, build the values (P10)."""

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ackbot import resources
from ackbot.config import build, checks, meaning, shape
from ackbot.config.shaping import shaped
from ackbot.config.source import ConfigProblem, Finding, read
from ackbot.config.values import Config
from ackbot.config.wording import shipped_wording, wording

_STORE = re.compile(r"""^[ \t]*[\w-]+[ \t]*=[ \t]*["']((?:sqlite|postgresql)://[^"'\n]*)["']""", re.MULTILINE)


def load(path: Path, *, rehearsal: bool = False) -> Config:
    """
    The configuration in a file.

    Args:
        rehearsal: nothing will be sent or stored, so secrets and passwords need not exist.

    Raises:
        ConfigProblem: the file has mistakes; `findings` lists all of them.
        OSError: the file cannot be read.
    """
    config, findings = _examined(path, rehearsal=rehearsal)
    if config is None:
        raise ConfigProblem([one for one in findings if not one.warning])
    return config


def recalled(path: Path, contents: Mapping[Path, bytes]) -> Config:
    """
    A configuration as it was at another time, for looking only: it signs with no secret, and its words are those of ackbot.

    Args:
        contents: what its files had, the file itself first (`Config.contents`).

    Raises:
        ConfigProblem: this version does not take that configuration.
    """
    source = read(path, contents)
    file = shaped(source)
    if file is None or any(not one.warning for one in source.findings):
        raise ConfigProblem([one for one in source.findings if not one.warning])
    return build.config(file, source, shipped_wording(), warnings=(), rehearsal=True)


def store_of(path: Path) -> str:
    """
    The URL of the store, whatever mistakes the rest of the file has: `pause` must work in the middle of an edit (E60).

    Raises:
        OSError: the file cannot be read.
    """
    source = read(path)
    named = source.data.get("store")
    url = named.get("url") if isinstance(named, dict) else None
    if not isinstance(url, str):  # it is not there, or the file is not TOML: any line that gives a store will do
        there = _STORE.search(source.contents[path].decode("utf-8", "replace"))
        url = there[1] if there else shape.Store().url
    return build.store_url(url, source)


def inboxes_in(path: Path) -> list[str]:
    """The names of the inboxes that a file has, as far as it can be read. Raises OSError."""
    tables = read(path).data.get("inbox")
    named = [one.get("name") for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []
    return [name for name in named if isinstance(name, str)]


def written(path: Path) -> dict[str, bytes]:
    """
    All that the council wrote, by name: the file, its includes, its templates and its lists of urgent words, as they are now.

    Names are paths from the file's folder, whole ones outside of it. What cannot be read is left out, mistakes are ignored.

    Raises:
        OSError: the file itself cannot be read.
    """
    source = read(path)
    urgent = source.data.get("urgent")
    words = urgent.get("words_dir") if isinstance(urgent, dict) else ""
    folders = [path.parent / "templates", *([source.resolved(words)] if isinstance(words, str) and words else [])]
    files = dict(source.contents)
    for file in (one for folder in folders for one in sorted(folder.rglob("*.t*")) if one.is_file()):
        with contextlib.suppress(OSError):  # `check` says so; what was readable before is missing here, and so differs
            files.setdefault(file, file.read_bytes())
    home = path.parent.resolve()
    return {_name(file.resolve(), home): content for file, content in files.items()}


def _name(file: Path, home: Path) -> str:
    return str(file.relative_to(home) if file.is_relative_to(home) else file)


def check(path: Path) -> tuple[Finding, ...]:
    """
    Every mistake and warning of a file, in the order of its lines.

    Raises:
        OSError: the file cannot be read.
    """
    return tuple(_examined(path, rehearsal=False)[1])


def sample() -> Config:
    """The council in `config.example.toml`, for commands that can work without a configuration."""
    return load(resources.example_config(), rehearsal=True)


def _examined(path: Path, *, rehearsal: bool) -> tuple[Config | None, list[Finding]]:
    """The configuration (None if it has mistakes), and all findings by file and line."""
    source = read(path)
    file = shaped(source) if source.data or source.whole else None
    if file is not None and source.whole:  # otherwise a name may be in a file that could not be read
        checks.references(file, source)
        meaning.check(file, source, datetime.now(UTC).date())
    if file is not None and not rehearsal:
        checks.files(file, source)
        meaning.secrets(file, source)
    words = wording(file, source) if file is not None else None
    findings = sorted(source.findings, key=lambda one: (one.file, one.line))
    if file is None or words is None or any(not one.warning for one in findings):
        return None, findings
    return build.config(file, source, words, warnings=tuple(findings), rehearsal=rehearsal), findings
