"""
Leases: which of several workers on a shared store watches which inbox, and which one does the rounds.

A lease ends by the store's own clock unless its worker renews it. All durations are seconds.
"""

from collections.abc import Collection

from ackbot.store.database import Database

ROUNDS = "rounds"  # name of the lease that allows a worker to do the rounds
_LONGEST_S = 60.0  # no lease is given for longer
_FORGOTTEN_S = 60.0  # an ended lease is deleted after this time


def of_inbox(inbox: str) -> str:
    """Name of the lease that allows a worker to watch this inbox."""
    return f"inbox {inbox}"


def running(db: Database) -> str:
    """
    An SQL condition: the lease has not ended.

    A lease that ends later than the longest possible one was written before the store's clock was set back. It counts as
    ended, or its inbox would stay unwatched until the clock catches up.
    """
    return f"until_s BETWEEN {db.clock} AND {db.clock} + {_LONGEST_S}"


def renew(db: Database, worker: str, seconds: float) -> frozenset[str]:
    """
    Extend all leases of this worker to `seconds` from now, and the lease that shows that the worker is alive.

    Returns:
        Names of all leases that the worker holds now; one that is missing was taken by another worker.
    """
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
        # Dead workers leave their leases behind, and every start of a worker has a new name.
        db.run(f"DELETE FROM leases WHERE until_s < {db.clock} - :seconds", seconds=_FORGOTTEN_S)
    return frozenset(row["name"] for row in rows)


def take(db: Database, name: str, worker: str, seconds: float) -> bool:
    """Give this worker a lease for `seconds`, if it is free, ended or already this worker's. Returns whether it got it."""
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
    """The leases among `names` that no worker holds now, in the given order."""
    taken = {row["name"] for row in db.run(f"SELECT name FROM leases WHERE {running(db)}")}
    return [name for name in names if name not in taken]


def give_back(db: Database, name: str, worker: str) -> None:
    """End one lease, so that another worker can take it at once. A lease that another worker has taken since is left alone."""
    db.run("DELETE FROM leases WHERE name = :name AND worker = :worker", name=name, worker=worker)


def give_all_back(db: Database, worker: str) -> None:
    """End all leases of a worker that stops."""
    db.run("DELETE FROM leases WHERE worker = :worker", worker=worker)


def workers(db: Database) -> list[str]:
    """Names of the workers that are alive, sorted. Empty on a store that is not shared."""
    rows = db.run(f"SELECT worker FROM leases WHERE name = 'worker ' || worker AND {running(db)} ORDER BY worker")
    return [row["worker"] for row in rows]


def _alive(worker: str) -> str:
    return f"worker {worker}"
