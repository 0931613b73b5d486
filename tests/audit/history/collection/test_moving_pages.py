"""Pages of the past, with writes in between: they stay at their moment."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import PEN, Json, body, make, now


def make_pens(client: TestClient, count: int) -> list[str]:
    pens = [
        {**PEN, "sku": f"PEN-{n}", "name": f"Pen {n}", "stock": n} for n in range(count)
    ]
    return [make(client, "products", each) for each in pens]


def ids(items: list[Json]) -> list[str]:
    return [f"products/{each['id']}" for each in items]


@pytest.mark.slow
def test_pages_of_a_list_stay_at_their_time(client: TestClient) -> None:
    urls = make_pens(client, 6)
    orders: list[dict[str, Any]] = [{}, {"sort": "stock"}, {"sort": "-name"}]
    wholes = [body(client.get("products", params=order)) for order in orders]
    then = now()
    for order, whole in zip(orders, wholes, strict=True):
        window, found = {"as_of": then, "limit": 2, **order}, list[Json]()
        for offset in range(0, 6, 2):
            page = body(client.get("products", params={**window, "offset": offset}))
            assert page["total"] == 6
            found += page["items"]
            moved = {"stock": 99 - offset, "name": f"A{offset}"}
            client.patch(urls[offset], json=moved).raise_for_status()
            new = {**PEN, "sku": f"N-{len(found)}-{orders.index(order)}"}
            make(client, "products", new)
        assert found == whole["items"]


def test_pages_of_deleted_records_move_with_restores_only(client: TestClient) -> None:
    urls = make_pens(client, 6)
    for url in urls:
        client.delete(url)
    first = body(client.get("products/deleted?limit=2"))
    client.post(f"{urls[2]}/restore")
    client.post(f"{urls[1]}/restore")
    client.delete(urls[1])
    client.delete(make(client, "products", {**PEN, "sku": "NEW"}))
    rest = body(client.get(f"products/deleted?limit=9&cursor={first['next']}"))
    assert ids(first["items"]) == [urls[5], urls[4]]
    assert ids(rest["items"]) == [urls[3], urls[0]]


def test_pages_of_a_difference_stay_between_their_times(client: TestClient) -> None:
    urls = make_pens(client, 5)
    start = now()
    for url in urls:
        client.patch(url, json={"stock": 50})
    times: dict[str, Any] = {"from": start, "to": now(), "entity": "Product"}
    whole = body(client.get("audit/diff", params=times))["items"]
    found, query = list[Json](), {**times, "limit": 2}
    while page := body(client.get("audit/diff", params=query)):
        found += page["items"]
        client.patch(urls[-1], json={"stock": 60 + len(found)})
        client.delete(urls[0])
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == whole
    assert ids(found) == urls
