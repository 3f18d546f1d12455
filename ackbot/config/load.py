"""Read the file, check everything, build the values (P10)."""

from pathlib import Path

from ackbot import resources
from ackbot.config import build, checks
from ackbot.config.shaping import shaped
from ackbot.config.source import ConfigProblem, Finding, read
from ackbot.config.values import Config
from ackbot.config.wording import wording


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
    if file is not None and not rehearsal:
        checks.files(file, source)
    words = wording(file, source) if file is not None else None
    findings = sorted(source.findings, key=lambda one: (one.file, one.line))
    if file is None or words is None or any(not one.warning for one in findings):
        return None, findings
    return build.config(file, source, words, warnings=tuple(findings), rehearsal=rehearsal), findings
