"""Bounds on the ids of accesses, derived from bounds on their times.

PostgreSQL's partitions of the access log are months of the id. So a query by time reads
only the partitions of that time if it bounds the id as well.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement

from app.audit.cursors import decode_cursor
from app.audit.schemas import LogQuery
from app.core.db.ids import lowest_id

# The id is created when the request ends, `at` is the time when it began.
MARGIN = timedelta(days=1)


def id_bounds(id: ColumnElement[Any], query: LogQuery) -> Iterator[ColumnElement[bool]]:
    if query.since:
        yield id >= lowest_id(query.since, -MARGIN)
    if query.until:
        yield id < lowest_id(query.until, MARGIN)
    if query.cursor:
        at, _ = decode_cursor(query.cursor)
        yield id < lowest_id(at, MARGIN)
