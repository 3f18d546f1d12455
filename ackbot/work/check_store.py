"""Find the people and inboxes of open cases that the configuration no longer has (behaviour.md §4.5)."""

from pathlib import Path

from ackbot.casework.council import Council
from ackbot.config import Config, Finding
from ackbot.store import Database, StoreMissing, StoreProblem, cases, open_database
from ackbot.work import running


def forgotten(db: Database, council: Council, path: Path) -> tuple[Finding, ...]:
    """
    A mistake for each owner and inbox of an open case that the configuration no longer has.

    Args:
        path: the configuration file. Findings name its first line, because something missing has no line of its own.
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


def raised(db: Database, config: Config) -> tuple[Finding, ...]:
    """A warning for each inbox that leaves shadow mode while it has open cases: they may have been answered elsewhere (E64)."""
    ran = running.found(db)
    found = []
    for inbox in config.watched:
        mode = ran.modes[inbox.name][0] if ran and inbox.name in ran.modes else ""
        wanted = config.council.inboxes[inbox.name].mode
        count = cases.open_of_inbox(db, inbox.name)
        if mode == "shadow" and wanted != "shadow" and count:
            what = (
                f"leaves shadow mode with {_cases(count)}, and their owners will be reminded of them; close what was answered "
                f"elsewhere first: ackbot close --inbox {inbox.name} --before DATE --dry-run"
            )
            found.append(Finding(*inbox.place, "inbox.mode", what, warning=True))
    return tuple(found)


def forgotten_in_store(config: Config) -> tuple[Finding, ...]:
    """
    The findings of `forgotten` and `raised` for a configuration's store, which is opened read only.

    Without a store there are none; a store that cannot be read gives a warning.
    """
    try:
        db = open_database(config.store_url, read_only=True)
    except StoreMissing:
        return ()
    except StoreProblem as problem:
        return (Finding(str(config.path), 1, "store.url", str(problem), warning=True),)
    try:
        return (*forgotten(db, config.council, config.path), *raised(db, config))
    finally:
        db.close()


def _cases(count: int) -> str:
    return f"{count} open case{'s' if count > 1 else ''}"
