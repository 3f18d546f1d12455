"""Texts that a person has read and approved, kept in tests/data; `--rewrite-snapshots` replaces them."""

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
Kept = Callable[[str, str], None]  # name of a snapshot, and the text that it should have


def difference(name: str, text: str) -> str:
    """The differences between a text and the snapshot of that name, line by line; "" if there are none."""
    path = DATA / f"{name}.txt"
    before = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if text.strip() == before:
        return ""
    lines = unified_diff(before.split("\n"), text.strip().split("\n"), f"kept {path.name}", "now", lineterm="")
    return "\n".join(lines)


def rewrite(name: str, text: str) -> None:
    """Make a text the snapshot of that name."""
    (DATA / f"{name}.txt").write_text(text.strip() + "\n", encoding="utf-8")
