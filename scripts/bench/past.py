"""Lists of many records as of a time, and the delay of the event loop meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter

from app.audit.history.collection.service import PastService
from app.audit.history.diff.repository import DiffRepository
from app.audit.history.diff.schemas import DiffQuery
from app.core.db.database import Database
from app.core.db.session import DatabaseSession
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductQuery
from scripts.bench.archive.records import VERSIONS
from scripts.bench.archive.rows import first_day

TIMES = 3  # that each list is read
TICK = 0.001  # seconds
LISTS = {
    "newest": ProductQuery(),
    "newest, no count": ProductQuery(count=False),
    "in_stock, by stock": ProductQuery(in_stock=True, sort=("-stock",)),
    "q, by name": ProductQuery(q="product 7", sort=("name",)),
}


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a read, and the longest delay of another task meanwhile."""

    database: str
    what: str
    changes: str
    median: float
    delay: float
    total: int | None = None


class Delay:
    """The longest time that the event loop did not run a task."""

    longest = 0.0

    async def watch(self) -> None:
        while True:
            began = perf_counter()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, perf_counter() - began - TICK)


@asynccontextmanager
async def watched() -> AsyncIterator[Delay]:
    delay = Delay()
    task = asyncio.create_task(delay.watch())
    try:
        yield delay
    finally:
        task.cancel()


async def measure(database: Database, records: int) -> list[Cost]:
    """Read each list as of times before most changes, half of them, and none."""
    first = first_day(0)
    last = first + timedelta(seconds=records)
    times = {
        "most": last,
        "a third": last + timedelta(days=VERSIONS - 2),
        "none": last + timedelta(days=VERSIONS),
    }
    costs = [
        await list_cost(database, name, changes, then)
        for changes, then in times.items()
        for name in LISTS
    ]
    return [*costs, await diff_cost(database, first, last + timedelta(days=VERSIONS))]


async def list_cost(
    database: Database, name: str, changes: str, then: datetime
) -> Cost:
    async def read(session: DatabaseSession) -> int | None:
        repository = ProductRepository(session)
        page = await PastService(repository, then).page(LISTS[name])
        return page.total

    return await cost_of(read, database, name, changes)


async def diff_cost(database: Database, start: datetime, end: datetime) -> Cost:
    times = {"from": start, "to": end}
    query = DiffQuery.model_validate({**times, "entity": Product.__name__})

    async def read(session: DatabaseSession) -> None:
        repository = DiffRepository(session)
        records = await repository.changed_records(query)
        await repository.differences(query, records[: query.limit])

    return await cost_of(read, database, "diff", "all")


async def cost_of(
    read: Callable[[DatabaseSession], Awaitable[int | None]],
    database: Database,
    what: str,
    changes: str,
) -> Cost:
    took, total = [], None
    async with watched() as delay:
        for _ in range(TIMES):
            began = perf_counter()
            async with database.reading() as session:
                total = await read(session)
            took.append((perf_counter() - began) * 1000)
    dialect = database.engine.dialect.name
    return Cost(dialect, what, changes, median(took), delay.longest * 1000, total)
