"""Who does what while several workers share a store: leases that end by the store's own clock unless they are renewed."""

from collections.abc import Collection

from ackbot.store.database import Database

ROUNDS = "rounds"  # the lease of whoever does the rounds
_FORGOTTEN_S = 60.0  # after its end, a lease is no longer kept


def of_inbox(inbox: str) -> str:
    """The name of the lease of whoever watches an inbox."""
    return f"inbox {inbox}"


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
            WHERE leases.until_s < {db.clock} OR leases.worker = excluded.worker
        RETURNING name
        """,
        name=name,
        worker=worker,
        seconds=seconds,
    )
    return bool(rows)


def free(db: Database, names: Collection[str]) -> list[str]:
    """Those of these leases that nobody has now, in their order."""
    taken = {row["name"] for row in db.run(f"SELECT name FROM leases WHERE until_s >= {db.clock}")}
    return [name for name in names if name not in taken]


def give_back(db: Database, name: str, worker: str) -> None:
    """This worker has done with it; another may begin at once."""
    db.run("DELETE FROM leases WHERE name = :name AND worker = :worker", name=name, worker=worker)


def give_all_back(db: Database, worker: str) -> None:
    """This worker ends."""
    db.run("DELETE FROM leases WHERE worker = :worker", worker=worker)


def workers(db: Database) -> list[str]:
    """Who is alive, by name; nobody on a store that is not shared."""
    rows = db.run(
        f"SELECT worker FROM leases WHERE name = 'worker ' || worker AND until_s >= {db.clock} ORDER BY worker"
    )
    return [row["worker"] for row in rows]


def _alive(worker: str) -> str:
    return f"worker {worker}"
