"""All SQL: the schema, two adapters, queries by subject; alone applies intents."""

from ackbot.store.database import Database, StoreBusy, StoreMissing, StoreProblem, open_database

__all__ = ["Database", "StoreBusy", "StoreMissing", "StoreProblem", "open_database"]
