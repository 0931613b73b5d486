"""Pages of a log, newest first, also of rows whose time or id cannot be read.

Those are where the database sorts them. No cursor can name one.
"""

from datetime import datetime
from uuid import UUID

from app.audit.archive.rows.reading import read_log
from app.audit.cursors import encode_cursor
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Query
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsTime, IsUuid

LAST_ID = 2**128 - 1


async def read_page(
    session: DatabaseSession, query: Query, limit: int
) -> tuple[list[Row], str | None]:
    """Return the first rows, and the cursor of the next page if there are more."""
    # One row beyond the limit shows whether there is another page.
    rows = await read_log(session, query.limit(limit + 1))
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    while shown and not is_readable(shown[-1]):
        shown.pop()  # the next page begins with it
    if shown:
        return shown, encode_cursor(shown[-1]["at"], shown[-1]["id"])
    return rows[:limit], await next_readable(session, query)


async def next_readable(session: DatabaseSession, query: Query) -> str | None:
    """Return the cursor of a page that begins with the next readable row."""
    columns = query.selected_columns
    readable = query.where(IsTime(columns.at), IsUuid(columns.id)).limit(1)
    for row in await read_log(session, readable):
        return encode_cursor(row["at"], UUID(int=min(row["id"].int + 1, LAST_ID)))
    return None


def is_readable(row: Row) -> bool:
    at, id = row["at"], row["id"]
    # PostgreSQL's driver returns infinity as a time without a zone.
    return isinstance(at, datetime) and at.tzinfo is not None and isinstance(id, UUID)
