"""People and inboxes that open cases name and the configuration no longer has (behaviour.md §4.5)."""

from pathlib import Path

from ackbot.casework.council import Council
from ackbot.config import Config, Finding
from ackbot.store import Database, StoreMissing, StoreProblem, cases, open_database


def forgotten(db: Database, council: Council, path: Path) -> tuple[Finding, ...]:
    """
    A mistake for each owner and inbox of an open case that the configuration no longer has.

    Args:
        path: the configuration. The findings name its first line, because what is missing has no line.
    """
    found = []
    for staff in cases.owners(db):
        if staff and staff not in council.staff:
            what = f"is missing and still owns {_cases(cases.open_of_owner(db, staff))}; put it back, and set `left = DATE` instead"
            found.append(Finding(str(path), 1, f"staff.{staff}", what))
    for inbox in cases.inboxes(db):
        if inbox not in council.inboxes:
            what = (
                f"is missing and still has {_cases(cases.open_of_inbox(db, inbox))}; put it back until they are closed"
            )
            found.append(Finding(str(path), 1, f"inbox.{inbox}", what))
    return tuple(found)


def forgotten_in_store(config: Config) -> tuple[Finding, ...]:
    """The same for the store of a configuration, read only. A warning when it cannot be read, nothing when there is none."""
    try:
        db = open_database(config.store_url, read_only=True)
    except StoreMissing:
        return ()
    except StoreProblem as problem:
        return (Finding(str(config.path), 1, "store.url", str(problem), warning=True),)
    try:
        return forgotten(db, config.council, config.path)
    finally:
        db.close()


def _cases(count: int) -> str:
    return f"{count} open case{'s' if count > 1 else ''}"
