"""Files to import, and what is answered."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.testclient import TestClient

from tests.contract import Json

CSV, JSONL = "text/csv", "application/jsonl"
PEN: Json = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}


def make_products(client: TestClient, *changes: Json) -> list[Json]:
    """Create products; return them as the list does, newest first."""
    for number, change in enumerate(changes):
        made = client.post("products", json=PEN | {"sku": f"PEN-{number}"} | change)
        assert made.status_code == 201, made.text
    items: list[Json] = client.get("products").json()["items"]
    return items


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def send(
    client: TestClient,
    file: bytes,
    query: str = "",
    kind: str = CSV,
    path: str = "products/import",
) -> Any:
    return client.post(f"{path}?{query}", content=file, headers={"content-type": kind})


def report_of(answer: Any) -> Json:
    """Return the numbers of a successful import that are not 0."""
    assert answer.status_code == 200, answer.text
    report: Json = answer.json()
    assert report["errors"] == []
    return {k: v for k, v in report.items() if v and isinstance(v, int)}
