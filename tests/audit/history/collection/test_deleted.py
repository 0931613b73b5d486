"""Deleted records of a collection: the newest first, and who deleted them."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.modules.products.models import Product
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.history.test_history import PEN, Json, body, make
from tests.audit.history.test_renamed import Earlier, earlier, without
from tests.conftest import MakeAccount

__all__ = ["earlier"]


def deleted(client: TestClient, **query: Any) -> Json:
    return body(client.get("products/deleted", params=query))


def test_deleted_records_are_listed_once_with_their_last_values(
    client: TestClient,
) -> None:
    urls = [make(client, "products", {**PEN, "sku": f"PEN-{n}"}) for n in range(4)]
    for url in urls:
        client.delete(url)
    client.post(f"{urls[1]}/restore")
    client.patch(urls[1], json={"stock": 8})
    client.delete(urls[1])
    client.post(f"{urls[2]}/restore")
    ids, cursor = list[str](), None
    while page := deleted(client, limit=2, **({"cursor": cursor} if cursor else {})):
        ids += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert [f"products/{id}" for id in ids] == [urls[1], urls[3], urls[0]]
    newest = deleted(client)["items"][0]
    assert newest["record"]["stock"] == 8
    assert newest["record"]["version"] == 4


@pytest.mark.slow
def test_who_deleted_is_shown_as_in_the_log(
    client: TestClient, make_account: MakeAccount
) -> None:
    client.delete(make(client, "products", PEN))
    for grants, label in (
        (["products:read"], None),
        (["products:read", "users:read"], "root@example.com"),
    ):
        reader = make_account(*grants).header
        page = body(client.get("products/deleted", headers=reader))
        (item,) = page["items"]
        assert item["actor"]["label"] == label
        assert item["actor"]["id"] == client.get("auth/me").json()["id"]


def test_a_record_that_cannot_be_shown_hides_no_other(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, without("price")):
        client.delete(make(client, "products", PEN))
    client.delete(make(client, "products", {**PEN, "sku": "PEN-2"}))
    shown, unknown = deleted(client)["items"]
    assert shown["record"]["sku"] == "PEN-2"
    assert unknown["record"] is None


def test_a_record_that_exists_is_not_listed(
    client: TestClient, url: str, tmp_path: Path
) -> None:
    """It was inserted again past the application, so the log ends with its deletion."""
    pen, target = make(client, "products", PEN), Target(url, tmp_path)
    target.execute(text("CREATE TABLE copy AS SELECT * FROM product"))
    client.delete(pen)
    assert len(deleted(client)["items"]) == 1
    target.execute(text("INSERT INTO product SELECT * FROM copy"))
    assert deleted(client)["items"] == []


def test_an_invalid_cursor_is_rejected(client: TestClient) -> None:
    for wrong in ("1", "x", "1." + "g" * 32, "9" * 19 + "." + "0" * 32):
        assert client.get("products/deleted", params={"cursor": wrong}).is_client_error
