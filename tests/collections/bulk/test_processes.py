"""Bulk requests to several processes, one of them killed."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from app.audit.models import AuditChange
from app.modules.products.models import Product
from tests.collections.bulk.requests import pen, update
from tests.conftest import Read
from tests.processes.servers import Server, serving
from tests.processes.standby import wait_for_backends

pytestmark = pytest.mark.slow
ITEMS, REQUESTS = 40, 4
COUNT = select(func.count()).select_from(Product)
VERSIONS = select(func.coalesce(func.sum(Product.version), 0))
CHANGES = select(func.count()).where(col(AuditChange.entity) == "Product")


def post(server: Server, items: list[Any], atomic: bool = True) -> int:
    body = {"atomic": atomic, "items": items}
    with server.client() as client:
        status: int = client.post("products/bulk", json=body).status_code
        return status


def orders(ids: list[str]) -> Iterator[list[Any]]:
    """Yield items that change the same records and make the same ones, both ways."""
    for number in count():
        items = [update(id, stock=number) for id in ids]
        items += [pen(f"NEW-{number // 2}-{place}") for place in range(ITEMS)]
        yield items if number % 2 else items[::-1]


def test_requests_in_opposite_orders_end(url: str, tmp_path: Path, read: Read) -> None:
    with (
        serving(url, tmp_path) as one,
        serving(url, tmp_path) as two,
        ThreadPoolExecutor(4) as threads,
    ):
        assert post(one, [pen(f"PEN-{n}") for n in range(ITEMS)]) == 200
        ids = [str(id) for id in read(select(col(Product.id)))]
        servers = [one, two] * REQUESTS
        ways = [True, True, False, False] * REQUESTS
        statuses = {*threads.map(post, servers, orders(ids), ways)}
        # 503 if it met several deadlocks in a row.
        assert statuses <= {200, 207, 409, 503}, statuses
    assert read(VERSIONS) == read(CHANGES)


@pytest.mark.either
def test_a_killed_process_has_done_all_or_nothing(
    url: str, tmp_path: Path, read: Read
) -> None:
    items = [pen(f"PEN-{n}") for n in range(1_000)]
    with serving(url, tmp_path) as server, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(post, server, items)
        time.sleep(0.2)  # it is in progress, or done: either is right
        server.process.kill()
        with suppress(httpx2.TransportError):
            sent.result()
    wait_for_backends(url)
    (found,) = read(COUNT)
    assert found in (0, 1_000)
    assert read(VERSIONS) == read(CHANGES) == [found]
