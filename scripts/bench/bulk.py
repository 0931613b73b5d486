"""Bulk requests compared with single ones: time and CPU time of an item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf
from statistics import median
from typing import Any

import httpx
import uvloop

from scripts.bench.drive import Load, drive
from scripts.bench.operations import message, product
from scripts.bench.servers import TIMEOUT, Server

SIZE = 500  # items of a bulk request
# One item in so many conflicts with a record.
FAILING = 50
Item = dict[str, Any]
BULK = "/bulk"


@dataclass(frozen=True)
class Ratio:
    """Median of the rounds: what a single request costs, in items of a bulk request."""

    database: str
    operation: str
    single_cpu: float  # microseconds of an item
    bulk_cpu: float
    by_cpu: float
    by_time: float


@dataclass(frozen=True)
class Cost:
    cpu: float  # microseconds of an item
    time: float


class BulkBench:
    def __init__(self, server: Server, database: str) -> None:
        self.server, self.database = server, database
        self.numbers = count()
        self.taken = product(next(self.numbers))
        self.send([message(self.server.api, "POST", self.path, self.taken)], 201)

    @property
    def path(self) -> str:
        return self.server.api.path

    def ratios(self, rounds: int) -> list[Ratio]:
        ways = {
            "create": (self.creation, True),
            "update": (self.update, True),
            "delete": (self.deletion, True),
            "create, 207": (self.creation, False),
            "update, 207": (self.update, False),
            "create, 207, 2 % fail": (self.failing_creation, False),
        }
        return [self.ratio(name, *way, rounds) for name, way in ways.items()]

    def ratio(
        self, name: str, items: Callable[[], list[Item]], atomic: bool, rounds: int
    ) -> Ratio:
        self.single(items()), self.bulk(items(), atomic)  # to warm up
        pairs = [
            (self.single(items()), self.bulk(items(), atomic)) for _ in range(rounds)
        ]
        return Ratio(
            self.database,
            name,
            median(single.cpu for single, _ in pairs),
            median(bulk.cpu for _, bulk in pairs),
            median(single.cpu / bulk.cpu for single, bulk in pairs),
            median(single.time / bulk.time for single, bulk in pairs),
        )

    def creation(self) -> list[Item]:
        return [
            {"op": "create", "data": product(next(self.numbers))} for _ in range(SIZE)
        ]

    def failing_creation(self) -> list[Item]:
        items = self.creation()
        for place in range(FAILING // 2, SIZE, FAILING):
            items[place]["data"] = self.taken
        return items

    def update(self) -> list[Item]:
        data = {"stock": next(self.numbers)}
        return [{"op": "update", "id": id, "data": data} for id in self.new_ids()]

    def deletion(self) -> list[Item]:
        return [{"op": "delete", "id": id} for id in self.new_ids()]

    def new_ids(self) -> list[str]:
        answer = httpx.post(
            f"http://127.0.0.1:{self.server.port}{self.path}{BULK}",
            json={"items": self.creation()},
            headers={"Authorization": self.server.api.token},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        return [item["id"] for item in answer.json()["items"]]

    def single(self, items: list[Item]) -> Cost:
        """Send requests of one item each, over several connections."""
        valid = [item for item in items if item.get("data") is not self.taken]
        status = {"create": 201, "update": 200, "delete": 204}[items[0]["op"]]
        return self.send([self.message_of(item) for item in valid], status, len(valid))

    def message_of(self, item: Item) -> bytes:
        api, id = self.server.api, item.get("id")
        match item["op"]:
            case "create":
                return message(api, "POST", self.path, item["data"])
            case "update":
                return message(api, "PATCH", f"{self.path}/{id}", item["data"])
        return message(api, "DELETE", f"{self.path}/{id}")

    def bulk(self, items: list[Item], atomic: bool) -> Cost:
        body = {"atomic": atomic, "items": items}
        request = message(self.server.api, "POST", self.path + BULK, body)
        return self.send([request], 200 if atomic else 207, len(items))

    def send(self, requests: Sequence[bytes], status: int, items: int = 1) -> Cost:
        connections = min(16, len(requests))
        before = self.server.cpu_seconds()
        load = Load(iter(requests), status, inf, connections)
        outcome = uvloop.run(drive(self.server.address, load))
        spent = self.server.cpu_since(before)
        return Cost(spent / items * 1e6, outcome.seconds / items * 1e6)
