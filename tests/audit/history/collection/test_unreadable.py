"""No row that was written past the application makes a read of the past fail."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.audit.archive.logs import CHANGES
from app.core.clock import now
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.history.test_history import PEN, body
from tests.audit.test_unreadable_rows import pages, plant

pytestmark = pytest.mark.slow

LISTS = (
    "",
    "sort=name",
    "sort=-price",
    "q=pen",
    "in_stock=true",
    "min_price=1",
    "q=pen&sort=stock",
)


def test_lists_of_the_past_are_answered(client: TestClient, url: str) -> None:
    before = now().isoformat().replace("+00:00", "Z")
    id = body(client.post("products", json=PEN), 201)["id"]
    plant(Target(url, Path()), CHANGES, id)
    for at in (before, "2020-01-01T00:00:00Z"):
        for query in LISTS:
            path = f"products?as_of={at}&{query}"
            answer = client.get(path)
            assert answer.status_code in (200, 409), (path, answer.text)
        answer = client.get(f"products/export?as_of={at}")
        assert answer.status_code in (200, 409), answer.text
        span = f"from={at}&to=2100-01-01T00:00:00Z"
        for query in (span, f"{span}&entity=Product"):
            answer = client.get(f"audit/diff?{query}")
            assert answer.status_code == 200, answer.text
        # A page may have only records that no cursor can name.
        answer = client.get(f"audit/diff?{span}&limit=1")
        assert answer.status_code in (200, 409), answer.text


def test_deletions_are_shown(client: TestClient, url: str) -> None:
    id = body(client.post("products", json=PEN), 201)["id"]
    assert client.delete(f"products/{id}").status_code == 204
    target = Target(url, Path())
    plant(target, CHANGES, id)
    deleted = "action = 'DELETE', entity_id = id"
    target.execute(text(f"UPDATE audit_change SET {deleted} WHERE request_id = 'r-1'"))  # noqa: S608
    shown = list(pages(client, "products/deleted", 200))
    assert len(shown) > 15
    for limit in (1, 7):
        assert len(list(pages(client, "products/deleted", limit))) > len(shown) / 2
