"""INSERTs of many rows on SQLite, in statements of many rows each.

At the end of a statement, FTS5 writes the new rows to the search index, and merges them
with others from time to time. Row by row, that takes five times as long as the rest.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

PARAMETERS = 1_000  # of a statement; its text is kept to be executed again
VALUES = " VALUES "

Rows = Sequence[Sequence[Any]]


def inserts(sql: str, rows: Rows) -> Iterator[tuple[str, list[Any]]]:
    """Yield statements, and their parameters, that insert the rows.

    Args:
        sql: the INSERT of one row.
    """
    insert, _, row = sql.rpartition(VALUES)
    size = max(PARAMETERS // len(rows[0]), 1)
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        several = ", ".join([row] * len(some))
        yield f"{insert}{VALUES}{several}", [*chain.from_iterable(some)]
