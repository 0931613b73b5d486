"""Many files at once: few of them are read and written, and others are answered."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.collections.files.exports import repository
from app.collections.files.exports.repository import Newest
from app.collections.files.imports import received
from app.collections.files.imports.planning.planner import Planner
from app.core.db.locks.batch_turns import BATCHES
from tests.collections.files.files import PEN, as_csv, make_products, send
from tests.core.db.test_concurrency import at_once
from tests.processes.servers import TIMEOUT

pytestmark = [pytest.mark.threads, pytest.mark.slow]

FILES = 4 * BATCHES


class Count:
    """Count of the calls of a method that run at once.

    Each waits until enough of them have begun, and then for others that should not.
    """

    def __init__(self) -> None:
        self.running = self.most = 0

    async def wait(self) -> None:
        async with asyncio.timeout(TIMEOUT):
            while self.most < BATCHES:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    def of(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*values: Any) -> Any:
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                await self.wait()
                return await method(*values)
            finally:
                self.running -= 1

        return counted


def test_few_exports_are_read_at_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, count, first = make_products(client, {}, {}, {}), Count(), Newest.read
    further = count.of(first)

    def read(self: Newest, session: Any) -> Any:
        # The first batch is read in the session of the request.
        return (further if self.query.after else first)(self, session)

    monkeypatch.setattr(repository, "BATCH_ROWS", 1)
    monkeypatch.setattr(Newest, "read", read)
    files = at_once(FILES, lambda _: client.get("products/export").text)
    assert {file.count("PEN-") for file in files} == {len(items)}
    assert count.most == BATCHES


def test_few_batches_are_imported_at_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Count()
    monkeypatch.setattr(received, "BATCH_ROWS", 1)
    monkeypatch.setattr(Planner, "plan", count.of(Planner.plan))

    def load(number: int) -> int:
        rows = [PEN | {"sku": f"PEN-{number}-{row}"} for row in range(3)]
        status: int = send(client, as_csv(rows), "atomic=false&key=sku").status_code
        return status

    assert at_once(FILES, load) == [200] * FILES
    assert client.get("products").json()["total"] == 3 * FILES
    assert BATCHES <= count.most <= 2 * BATCHES  # some are read, others written
