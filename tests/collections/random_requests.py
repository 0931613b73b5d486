"""Random requests to the collections of the domains, from a seed.

A record is named by a number, such as @7@, and a moment by one such as #3#.
"""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from tests.contract import Json

TEXTS = (
    *("ada", "Ada Lovelace", "ÄDA", "straße", "STRASSE", "e\u0301mile", "Émile", "zoo"),
    *("Zebra", "apple", "100%", "a_b", "\\", "'", '"', "🦀", "ﬁne", "İstanbul"),
    *("ß", "ς", "Σ", "北京市", "カタカナ", "ｱ", "\u00a0n", "=1+1", "-5", "null", "12"),
)
TIMES = (None, "2026-01-01T00:00:00Z", "1999-12-31T23:59:59.000001Z")
SORTS = {
    "products": ("name", "price", "stock", "created_at"),
    "customers": ("name", "email", "created_at"),
    "tasks": ("due_at", "priority", "created_at"),
}
STATUSES = ("todo", "in_progress", "done", "cancelled")

UNKNOWN = "018f3c1e-7a2b-7c3d-8e4f-0123456789ab"

Query = dict[str, str]


class Call(NamedTuple):
    method: str
    path: str
    query: Query
    body: Any = None


class RandomRequests:
    """Requests that are mostly valid. `known` has the names of each collection."""

    def __init__(self, seed: int) -> None:
        self.random, self.number, self.moments = Random(seed), 0, 1
        self.known: dict[str, list[str]] = {name: [] for name in SORTS}

    def make(self) -> Call:
        self.number += 1
        collection = self.random.choice([*SORTS])
        kinds: list[Callable[[str], Call]] = [
            *([self.create] * 5 + [self.change] * 5 + [self.list] * 6),
            *(self.delete, self.restore, self.revert, self.show, self.history),
            *(self.deleted, self.stats, self.export, self.bulk, self.changes),
        ]
        return self.random.choice(kinds)(collection)

    def some(self, *values: Any) -> Any:
        return self.random.choice(values)

    def text(self) -> str:
        return " ".join(self.random.sample(TEXTS, self.random.choice((1, 1, 2))))

    def record(self, collection: str) -> str:
        return self.random.choice(self.known[collection] or [UNKNOWN])

    def moment(self) -> str:
        return f"#{self.random.randrange(self.moments)}#"

    def values(self, collection: str) -> Json:
        if collection == "products":
            price = self.some("1.00", "9.99", 2, "-1", "3.999")
            sku = f"PEN-{self.random.randrange(self.number + 1)}"
            own = {"sku": sku, "price": price, "stock": self.some(0, 1, 2**31 - 1)}
            return own | {"name": self.text(), "description": self.text()}
        if collection == "customers":
            email = f"U{self.random.randrange(self.number + 1)}@bücher.example"
            own = {"email": email, "company": self.some(None, self.text())}
            return own | {"name": self.text(), "notes": self.text()}
        customer = self.some(None, self.record("customers"))
        own = {"customer_id": customer, "due_at": self.some(*TIMES)}
        own |= {"priority": self.some("low", "high", "urgent")}
        return own | {"title": self.text(), "description": self.text()}

    def part(self, collection: str) -> Json:
        values = [*self.values(collection).items()]
        if collection == "tasks":
            values.append(("status", self.some(*STATUSES)))
        return dict(self.random.sample(values, self.some(1, 2)))

    def create(self, collection: str) -> Call:
        return Call("POST", collection, {}, self.values(collection))

    def change(self, collection: str) -> Call:
        path = f"{collection}/{self.record(collection)}"
        return Call("PATCH", path, {}, self.part(collection))

    def delete(self, collection: str) -> Call:
        return Call("DELETE", f"{collection}/{self.record(collection)}", {})

    def restore(self, collection: str) -> Call:
        return Call("POST", f"{collection}/{self.record(collection)}/restore", {})

    def revert(self, collection: str) -> Call:
        path = f"{collection}/{self.record(collection)}/revert"
        dry_run = {"dry_run": self.some("true", "false")}
        return Call("POST", path, dry_run, {"to_version": self.some(1, 2, 3)})

    def bulk(self, collection: str) -> Call:
        items: list[Json] = [{"op": "create", "data": self.values(collection)}]
        for _ in range(self.some(0, 1, 3)):
            id, data = self.record(collection), self.part(collection)
            item = {"op": "update", "id": id, "data": data}
            items.append(self.some(item, {"op": "delete", "id": id}))
        body = {"items": items, "atomic": self.some(True, False)}
        return Call("POST", f"{collection}/bulk", {}, body)

    def show(self, collection: str) -> Call:
        return Call("GET", f"{collection}/{self.record(collection)}", self.past())

    def history(self, collection: str) -> Call:
        return Call("GET", f"{collection}/{self.record(collection)}/history", {})

    def deleted(self, collection: str) -> Call:
        return Call("GET", f"{collection}/deleted", {"limit": self.some("1", "3")})

    def stats(self, collection: str) -> Call:
        by = "status" if collection == "tasks" else "is_active"
        return Call("GET", f"{collection}/stats", {"by": by} | self.search())

    def export(self, collection: str) -> Call:
        query = self.search() | self.order(collection) | self.past()
        return Call("GET", f"{collection}/export", query)

    def list(self, collection: str) -> Call:
        query = self.search() | self.order(collection) | self.past()
        return Call("GET", collection, query | self.some({}, {"limit": "2"}))

    def changes(self, _: str) -> Call:
        return Call("GET", "audit/changes", {"limit": "20"})

    def past(self) -> Query:
        query: Query = self.some({}, {}, {"as_of": self.moment()})
        return query

    def search(self) -> Query:
        query: Query = self.some({}, {}, {"q": self.text()})
        return query

    def order(self, collection: str) -> Query:
        by = self.some("", "-") + self.some(*SORTS[collection])
        query: Query = self.some({}, {"sort": by})
        return query
