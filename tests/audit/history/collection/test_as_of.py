"""Lists as of a time: equal to the answers that were given at that time."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.audit.history.collection import derived_values, ranges
from tests.audit.history.test_history import Json, body, now

NAMES = ["Pen", "Öl", "pencil", "Ink", "ink bottle", "Zebra", "ämber"]
QUERIES = {
    "products": (
        "",
        "sort=name",
        "sort=-price&offset=1",
        "sort=stock&offset=2",
        "q=ink",
        "q=oel",
        "q=ol&sort=-name",
        "is_active=false",
        "min_price=2.00&max_price=5.50&sort=price",
        "in_stock=true&count=false",
        "offset=2&count=false",
        "sort=created_at&q=e",
    ),
    "tasks": (
        "",
        "status=todo&status=done&sort=-priority",
        "sort=due_at",
        "sort=-due_at&priority=low",
        "due_after=2026-06-01T00:00:00Z&sort=priority",
        "due_before=2027-01-01T00:00:00.5Z&count=false",
        "customer_id={customer}",
        "q=call",
    ),
}


class Writer:
    """Random writes of products and tasks."""

    def __init__(self, client: TestClient, seed: int) -> None:
        self.client, self.random = client, random.Random(seed)
        body = {"name": "Ada", "email": "ada@example.com"}
        self.customer = client.post("customers", json=body).json()["id"]
        self.number = 0

    def write(self) -> None:
        path = self.random.choice([*QUERIES])
        make: Any = {"products": self.product, "tasks": self.task}[path]
        items = self.client.get(f"{path}?limit=200").json()["items"]
        action = self.random.choice(["create", "update", "update", "delete", "restore"])
        if action == "create" or not items:
            self.client.post(path, json=make()).raise_for_status()
        elif action == "restore":
            self.restore(path)
        else:
            url = f"{path}/{self.random.choice(items)['id']}"
            if action == "delete":
                self.client.delete(url).raise_for_status()
            else:
                self.client.patch(url, json=self.some_of(make()))

    def restore(self, path: str) -> None:
        gone = self.client.get(f"{path}/deleted").json()["items"]
        if gone:
            id = self.random.choice(gone)["id"]
            self.client.post(f"{path}/{id}/restore").raise_for_status()

    def some_of(self, values: Json) -> Json:
        chosen = self.random.sample([*values], self.random.randint(1, len(values)))
        return {name: values[name] for name in chosen if name != "sku"}

    def product(self) -> Json:
        self.number += 1
        choose = self.random.choice
        return {
            "sku": f"SKU-{self.number}",
            "name": choose(NAMES),
            "description": choose(["", "Call me", *NAMES]),
            "price": choose(["0.10", "2.00", "5.50", "12.30"]),
            "stock": choose([0, 1, 20]),
            "is_active": choose([True, True, False]),
        }

    def task(self) -> Json:
        choose = self.random.choice
        times = ["2026-05-01T10:00:00Z", "2026-12-31T23:59:59.25Z", None]
        return {
            "title": choose(["Call", "Write", "call back"]),
            "priority": choose(["low", "medium", "high", "urgent"]),
            "due_at": choose(times),
            "customer_id": choose([None, self.customer]),
        }

    def urls(self) -> Iterator[str]:
        for path, queries in QUERIES.items():
            for query in queries:
                yield f"{path}?limit=9&{query}".format(customer=self.customer)


def as_of(client: TestClient, url: str, then: str) -> Json:
    """Return the answer as of then of a URL that has a query."""
    return body(client.get(f"{url}&as_of={quote(then)}"))


def check_answers(client: TestClient, seed: int, times: int) -> None:
    """Save the answers at several times, with writes in between; then compare."""
    writer, answers = Writer(client, seed), []
    for _ in range(times):
        for _ in range(6):
            writer.write()
        found = {url: body(client.get(url)) for url in writer.urls()}
        answers.append((now(), found))
    for then, found in answers:
        for url, answer in found.items():
            assert as_of(client, url, then) == answer, (url, then)


@pytest.mark.slow
def test_a_list_as_of_a_time_is_the_answer_of_that_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "RANGE", 2)
    monkeypatch.setattr(derived_values, "BATCH_CHANGES", 3)
    check_answers(client, seed=2, times=3)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(3, 9))
def test_many_lists_are_the_answers_of_their_times(
    client: TestClient, seed: int
) -> None:
    check_answers(client, seed, times=12)
