"""Concurrent requests to one application, and to two processes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.modules.test_products import PEN, make_product
from tests.processes.servers import serving

pytestmark = [pytest.mark.threads, pytest.mark.slow]


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(count)

    def start(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


def mixed(client: Any, url: str, name: str = "X") -> Callable[[int], int]:
    """Return a function that creates, updates, reads and lists in turn."""

    def work(number: int) -> int:
        calls = (
            lambda: client.post("products", json=PEN | {"sku": f"{name}-{number}"}),
            lambda: client.patch(url, json={"name": f"{name} {number}"}),
            lambda: client.get(url),
            lambda: client.get("products"),
        )
        status: int = calls[number % 4]().status_code
        return status

    return work


def test_two_hundred_mixed_requests_succeed(client: TestClient) -> None:
    url = make_product(client)
    statuses = at_once(200, mixed(client, url))
    assert Counter(statuses) == {200: 150, 201: 50}
    assert client.get("products").json()["total"] == 51
    # The last write wins, and each update has incremented the version.
    assert client.get(url).headers["etag"] == '"51"'


def test_of_two_updates_of_the_same_version_one_succeeds(client: TestClient) -> None:
    url = make_product(client)
    for version in range(1, 11):
        seen = {"if-match": f'"{version}"'}

        def rename(number: int, seen: dict[str, str] = seen) -> int:
            name = {"name": f"{seen} {number}"}
            return client.patch(url, json=name, headers=seen).status_code

        assert sorted(at_once(2, rename)) == [200, 412]


def test_of_five_inserts_with_the_same_key_one_succeeds(client: TestClient) -> None:
    made = at_once(5, lambda _: client.post("products", json=PEN).status_code)
    assert sorted(made) == [201, 409, 409, 409, 409]


def test_concurrent_stock_changes_add_up(client: TestClient) -> None:
    stock = f"{make_product(client, stock=30)}/stock"
    taken = at_once(40, lambda _: client.post(stock, json={"delta": -1}).status_code)
    assert Counter(taken) == {200: 30, 409: 10}


def test_a_row_is_either_referenced_or_deleted(client: TestClient) -> None:
    for number in range(5):
        person = {"name": "Ada", "email": f"ada-{number}@example.com"}
        customer = client.post("customers", json=person).json()["id"]
        task = {"title": "Call", "customer_id": customer}

        def race(turn: int, customer: str = customer, task: Any = task) -> int:
            if turn:
                return client.post("tasks", json=task).status_code
            return client.delete(f"customers/{customer}").status_code

        assert at_once(2, race) in ([204, 422], [409, 201])


def test_two_processes_share_one_database(url: str, tmp_path: Path) -> None:
    with (
        serving(url, tmp_path) as one,
        serving(url, tmp_path) as other,
        one.client() as first,
        other.client() as second,
    ):
        product = f"products/{first.post('products', json=PEN).json()['id']}"
        works = (mixed(first, product, "ONE"), mixed(second, product, "OTHER"))
        statuses = at_once(80, lambda number: works[number % 2](number // 2))
        assert Counter(statuses) == {200: 60, 201: 20}
        assert first.get(product).json() == second.get(product).json()
        assert second.get(product).headers["etag"] == '"21"'
        assert first.get("products").json()["total"] == 21
