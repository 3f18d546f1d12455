"""Single values that the store remembers of its surroundings."""

from ackbot.store.database import Database


def read(db: Database, name: str) -> str:
    """A value; "" for none yet."""
    rows = db.run("SELECT value FROM settings WHERE name = :name", name=name)
    return str(rows[0]["value"]) if rows else ""


def write(db: Database, name: str, value: str) -> None:
    """Set a value."""
    db.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )
