"""Files that come with ackbot: inside the package when installed from a wheel, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _found(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


def templates() -> Path:
    """The folder of templates."""
    return _found("templates")


def example_config() -> Path:
    """The configuration file that explains every key. `preview` and `explain` use it where no other is named."""
    return _found("config.example.toml")
