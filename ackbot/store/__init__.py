"""All SQL: the schema, two adapters, queries by subject; alone applies intents."""

from ackbot.store.database import (
    Database,
    RowMissing,
    StoreBusy,
    StoreConflict,
    StoreLocked,
    StoreMissing,
    StoreProblem,
)
from ackbot.store.opening import open_database

__all__ = [
    "Database",
    "RowMissing",
    "StoreBusy",
    "StoreConflict",
    "StoreLocked",
    "StoreMissing",
    "StoreProblem",
    "open_database",
]
