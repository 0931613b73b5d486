"""Statements on the requests that all processes have reported."""

import time
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, case, cast, extract, func, literal

from app.auth.limits.models import RateLimitUse
from app.core.db.session import DatabaseSession
from app.core.db.upsert import upsert

TABLE: Any = RateLimitUse.__table__  # type: ignore[attr-defined]  # SQLModel's types


class Reported(NamedTuple):
    """Requests of all processes in the window, and the seconds until it ends."""

    used: int
    seconds: float


async def report(
    session: DatabaseSession, subject: str, window: int, count: int
) -> Reported:
    """Add requests to a window, which begins with them if another one has ended.

    Windows are aligned, by the clock of the database: those of hosts may differ.
    """
    instant = clock_of(session)
    end = cast((func.floor(instant / window) + 1) * window, BigInteger)
    statement = upsert(session, RateLimitUse)
    values = statement.values(subject=subject, ends_at=end, used=count)
    new = values.excluded
    goes_on = TABLE.c.ends_at == new.ends_at
    used = case((goes_on, TABLE.c.used + new.used), else_=new.used)
    changed = values.on_conflict_do_update(
        index_elements=["subject"], set_={"ends_at": new.ends_at, "used": used}
    )
    left = (TABLE.c.ends_at - instant).label("seconds")
    (row,) = await session.rows(changed.returning(TABLE.c.used, left))
    return Reported(row["used"], float(row["seconds"]))


def clock_of(session: DatabaseSession) -> ColumnElement[Any]:
    """Return the time of the database: with SQLite, that of its only host."""
    if session.dialect.name == "sqlite":
        return literal(time.time())
    return extract("epoch", func.clock_timestamp())
