"""Single values by name: what was in force when rows were last computed from it, and when a backup was put back."""

from ackbot.store.database import Database


def read(db: Database, name: str) -> str:
    """The value of this name; "" if it was never written."""
    rows = db.run("SELECT value FROM settings WHERE name = :name", name=name)
    return str(rows[0]["value"]) if rows else ""


def write(db: Database, name: str, value: str) -> None:
    """Set the value of this name."""
    db.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )
