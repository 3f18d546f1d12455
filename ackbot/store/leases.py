"""Who does what while several workers share a store: leases that end by the store's own clock unless they are renewed."""

from collections.abc import Collection

from ackbot.store.database import Database

ROUNDS = "rounds"  # the lease of whoever does the rounds
_LONGEST_S = 60.0
_FORGOTTEN_S = 60.0  # after its end, a lease is no longer kept


def of_inbox(inbox: str) -> str:
    """The name of the lease of whoever watches an inbox."""
    return f"inbox {inbox}"


def running(db: Database) -> str:
    """SQL for a lease that has not ended. One that would for longer than any is given is of before the clock was set back."""
    return f"until_s BETWEEN {db.clock} AND {db.clock} + {_LONGEST_S}"


def renew(db: Database, worker: str, seconds: float) -> frozenset[str]:
    """Everything this worker has is its own for so long from now, that it is alive among it: the names of its leases."""
    with db.transaction():
        db.run(
            f"""
            INSERT INTO leases (name, worker, until_s) VALUES (:name, :worker, {db.clock} + :seconds)
            ON CONFLICT (name) DO UPDATE SET until_s = excluded.until_s
            """,
            name=_alive(worker),
            worker=worker,
            seconds=seconds,
        )
        rows = db.run(
            f"UPDATE leases SET until_s = {db.clock} + :seconds WHERE worker = :worker RETURNING name",
            worker=worker,
            seconds=seconds,
        )
        db.run(f"DELETE FROM leases WHERE until_s < {db.clock} - :seconds", seconds=_FORGOTTEN_S)
    return frozenset(row["name"] for row in rows)


def take(db: Database, name: str, worker: str, seconds: float) -> bool:
    """A lease that nobody has, or whose time is over, becomes this worker's. Whether it did."""
    rows = db.run(
        f"""
        INSERT INTO leases (name, worker, until_s) VALUES (:name, :worker, {db.clock} + :seconds)
        ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until_s = excluded.until_s
            WHERE NOT leases.{running(db)} OR leases.worker = excluded.worker
        RETURNING name
        """,
        name=name,
        worker=worker,
        seconds=seconds,
    )
    return bool(rows)


def free(db: Database, names: Collection[str]) -> list[str]:
    """Those of these leases that nobody has now, in their order."""
    taken = {row["name"] for row in db.run(f"SELECT name FROM leases WHERE {running(db)}")}
    return [name for name in names if name not in taken]


def give_back(db: Database, name: str, worker: str) -> None:
    """This worker has done with it; another may begin at once. Touches no row where its time was over and another took it."""
    db.run("DELETE FROM leases WHERE name = :name AND worker = :worker", name=name, worker=worker)


def give_all_back(db: Database, worker: str) -> None:
    """This worker ends."""
    db.run("DELETE FROM leases WHERE worker = :worker", worker=worker)


def workers(db: Database) -> list[str]:
    """Who is alive, by name; nobody on a store that is not shared."""
    rows = db.run(f"SELECT worker FROM leases WHERE name = 'worker ' || worker AND {running(db)} ORDER BY worker")
    return [row["worker"] for row in rows]


def _alive(worker: str) -> str:
    return f"worker {worker}"
