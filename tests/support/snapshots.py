"""What was read through by a person and kept in tests/data: compared as text, and rewritten by `--rewrite-snapshots`."""

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
Kept = Callable[[str, str], None]  # name of a snapshot, and the text that it should have


def difference(name: str, text: str) -> str:
    """What a text has otherwise than the snapshot of that name, line by line; "" where they are the same."""
    path = DATA / f"{name}.txt"
    before = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if text.strip() == before:
        return ""
    lines = unified_diff(before.split("\n"), text.strip().split("\n"), f"kept {path.name}", "now", lineterm="")
    return "\n".join(lines)


def rewrite(name: str, text: str) -> None:
    """From now on, that text is the snapshot."""
    (DATA / f"{name}.txt").write_text(text.strip() + "\n", encoding="utf-8")
