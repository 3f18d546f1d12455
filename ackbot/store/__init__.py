"""All SQL: the schema, the two adapters, the queries by subject, and the one place that applies intents."""

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
