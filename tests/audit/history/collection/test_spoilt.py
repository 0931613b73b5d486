"""Changes that were written past the application: what depends on them is unknown."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.audit.archive.attacks.acts.target import Target
from tests.audit.history.test_history import LATE, PEN, body, make, now
from tests.contract import status_and_code

pytestmark = pytest.mark.slow

EPOCH = "1970-01-01T00:00:00Z"
DOCUMENTS = [
    "[1, 2]",
    '"text"',
    "1",
    "null",
    "{}",
    '{"name": 1, "stock": "many", "price": "x", "created_at": [], "updated_at": {}}',
    '{"stock": 99999999999999999999, "price": -1e400}',
    '{"name": "\\ud800", "is_active": "maybe", "created_at": "yesterday"}',
    '{"name": null, "price": null, "stock": null, "updated_at": null, "sku": null}',
]
NO_JSON = ['{"stock": NaN}', "{", "", "[" * 5_000]
LISTS = ["", "sort=name", "sort=-price", "sort=created_at", "q=pen", "in_stock=true"]
LISTS += ["min_price=1.00", "is_active=true", "updated_since=2020-01-01T00:00:00Z"]


def spoil(target: Target, action: str, column: str, document: str) -> None:
    is_sqlite = "sqlite" in target.url
    value = ":document" if is_sqlite else "CAST(:document AS json)"
    query = (
        f"UPDATE audit_change SET {column} = {value} "  # noqa: S608
        "WHERE action = :action AND entity = 'Product'"
    )
    target.execute(text(query).bindparams(document=document, action=action))


def urls(then: str) -> Iterator[str]:
    for query in LISTS:
        yield f"products?{query}&as_of={then}"
        if "sort" not in query:
            yield f"products/export?{query}&as_of={then}"
    for start in (EPOCH, then):
        yield f"audit/diff?from={start}&to={LATE}"
    yield "products/deleted"
    yield "audit/changes"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("is_first_spoilt", [False, True])
@pytest.mark.parametrize("document", DOCUMENTS + NO_JSON, ids=lambda text: text[:12])
def test_no_spoilt_change_is_an_internal_error(
    client: TestClient, url: str, tmp_path: Path, document: str, is_first_spoilt: bool
) -> None:
    target = Target(url, tmp_path)
    pen, gone = (
        make(client, "products", {**PEN, "sku": sku}) for sku in ("P-1", "P-2")
    )
    then = quote(now())
    client.patch(pen, json={"name": "Zebra", "price": "2.00", "stock": 0})
    client.delete(gone)
    if document in NO_JSON and "sqlite" not in url:
        with pytest.raises(DBAPIError):
            spoil(target, "UPDATE", "old", document)
        return
    spoil(target, "UPDATE", "old", document)
    spoil(target, "DELETE", "old", document)
    if is_first_spoilt:
        spoil(target, "INSERT", "new", document)
    for path in urls(then):
        answer = client.get(path)
        if answer.status_code != 200:
            assert status_and_code(answer) == (409, "state_unknown"), path
    assert body(client.get(pen))["name"] == "Zebra"
    assert client.get(f"{pen}?as_of={then}").status_code in {200, 409}
