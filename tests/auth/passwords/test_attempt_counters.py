"""Tests of the order in which attempts lock their counters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.auth.passwords.attempt_counters import AttemptCounters
from app.auth.passwords.attempts import Attempt, Limit
from app.core.db.database import Database

# As many as no order by chance has.
LIMITS = [Limit(f"limit {n}", 9, timedelta(hours=1), n % 3 == 0) for n in range(12)]
ATTEMPT = Attempt.of(b"key", dict.fromkeys(reversed(LIMITS), "subject"))


@pytest.fixture
def locked(database: Database) -> Iterator[list[str]]:
    """Return the keys of the counters, in the order in which they are written."""
    keys: list[str] = []

    def note(_: Any, __: Any, ___: str, values: Any, *rest: Any) -> None:
        row = values.values() if isinstance(values, dict) else values
        keys.extend(value for value in row if value in ATTEMPT.keys.values())

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield keys
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.anyio
@pytest.mark.parametrize("ending", ["succeed", "fail", "release"])
async def test_counters_are_locked_in_the_order_of_the_limits(
    database: Database, locked: list[str], ending: str
) -> None:
    async with database.writing() as session:
        reservation = await AttemptCounters(session).reserve(ATTEMPT)
    async with database.writing() as session:
        await getattr(AttemptCounters(session), ending)(reservation)
    assert locked == [*ATTEMPT.keys.values()] * 2
