"""
What PostgreSQL believes about the size of a new store's tables.

A statement's plan is made once for a connection, of what the server believes then. Of tables that nobody has analysed it
believes that they are nearly empty, so it plans to read all of them, which becomes slower with every letter. Its own analysis
comes a minute later, and by then a backlog of thousands of letters is worked off.
"""

from collections.abc import Iterable

LOOKED_AT = frozenset({50, 200, 800, 3_200})  # transactions of a process after which tables are looked at

# Those of which so little is known, and which are small, so that a look takes milliseconds.
UNKNOWN = """
SELECT quote_ident(relname) AS name FROM pg_class
WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace) AND reltuples < 1000
    AND pg_relation_size(oid) BETWEEN 1 AND 16000000 AND has_table_privilege(oid, 'INSERT')
ORDER BY relname
"""


def analyse(tables: Iterable[str]) -> str:
    """The statement that makes the server look at these tables; it waits for nobody who is looking already."""
    return f"ANALYZE (SKIP_LOCKED) {', '.join(tables)}"
