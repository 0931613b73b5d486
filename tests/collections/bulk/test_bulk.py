"""Many writes in one request: in order, by the rules of single ones, recorded."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.db.ids import uuid7
from tests.collections.bulk.requests import (
    create,
    delete,
    done,
    log,
    made,
    pen,
    send,
    steps,
    update,
)
from tests.contract import status_and_code

EACH_WAY = pytest.mark.parametrize("atomic", [True, False])


@EACH_WAY
def test_items_are_done_in_their_order(client: TestClient, atomic: bool) -> None:
    one, two = made(client, "PEN-1", "PEN-2")
    outcomes = done(
        client,
        update(one, "1", sku="PEN-3"),
        pen("PEN-1"),
        delete(two, '"1"'),
        pen("PEN-2"),
        update(one, 'W/"2"', name="Pencil"),
        atomic=atomic,
    )
    assert [it["status"] for it in outcomes] == [200, 201, 204, 201, 200]
    assert [it["etag"] for it in outcomes] == ['"2"', '"1"', None, '"1"', '"3"']
    assert [it["id"] for it in outcomes if it["status"] != 201] == [one, two, one]
    names = [it["record"] and it["record"]["name"] for it in outcomes]
    assert names == ["Pen", "Pen", None, "Pen", "Pencil"]
    assert client.get(f"products/{one}").json() == outcomes[-1]["record"]
    assert client.get(f"products/{two}").status_code == 404


def test_all_changes_are_of_one_request_and_one_time(client: TestClient) -> None:
    one, two = made(client, "PEN-1", "PEN-2")
    before = len(log(client))
    more = [pen(f"PEN-{n}") for n in range(10, 70)]
    answer = send(client, update(one, name="A"), *more, update(one, name="B"))
    changes = log(client)[before:]
    assert len(changes) == 62
    ids = {change["request_id"] for change in changes}
    assert ids == {answer.headers["x-request-id"]}
    times = {change["at"] for change in changes}
    assert len(times) == 1
    records = [it["record"] for it in answer.json()["items"][1:-1]]
    assert {record["created_at"] for record in records} == times
    history = client.get(f"products/{one}/history").json()["items"]
    assert [change["version"] for change in history] == [3, 2, 1]
    assert client.get(f"products/{two}/history").json()["items"][0]["version"] == 1


def test_changes_before_and_after_a_failed_item_have_one_time(
    client: TestClient,
) -> None:
    (one,) = made(client, "PEN-1")
    items = update(one, name="A"), update(one, "1", name="B"), delete(one)
    answer = send(client, *items, atomic=False).json()
    assert [item["status"] for item in answer["items"]] == [200, 412, 204]
    _, *times = [change["at"] for change in log(client)]
    assert len(times) == 2
    assert len(set(times)) == 1
    # No reader has seen the record with the first change and without the second.
    assert client.get(f"products/{one}?as_of={times[0]}").status_code == 404


def test_nothing_is_done_if_an_item_fails(client: TestClient) -> None:
    one, two, frozen = (
        *made(client, "PEN-1", "PEN-2"),
        done(client, pen("PEN-3", is_active=False))[0]["id"],
    )
    before, pens = steps(client), client.get("products").json()
    missing = str(uuid7())
    rejected = send(
        client,
        pen("PEN-4"),
        update(one, "2", name="A"),
        pen("PEN-2"),
        create(sku="x"),
        update(frozen, price="9.00"),
        delete(missing),
        delete(two),
        {"op": "upsert", "id": one},
        7,
    )
    assert status_and_code(rejected) == (412, "bulk_failed")
    assert rejected.headers["content-type"] == "application/problem+json"
    assert rejected.json()["detail"] == "7 of 9 items failed: nothing was changed"
    found = [(error["loc"], error["type"]) for error in rejected.json()["errors"]]
    at = ["body", "items"]
    assert found == [
        ([*at, 1], "precondition_failed"),
        ([*at, 2, "data", "sku"], "conflict"),
        ([*at, 3, "data", "sku"], "string_pattern_mismatch"),
        ([*at, 3, "data", "name"], "missing"),
        ([*at, 3, "data", "price"], "missing"),
        ([*at, 4, "data", "price"], "conflict"),
        ([*at, 5], "not_found"),
        ([*at, 7, "op"], "literal_error"),
        ([*at, 8, "op"], "literal_error"),
    ]
    assert steps(client) == before
    assert client.get("products").json() == pens


def test_the_others_are_done_if_the_request_is_not_atomic(client: TestClient) -> None:
    one, two = made(client, "PEN-1", "PEN-2")
    before = len(log(client))
    answer = send(
        client,
        pen("PEN-3"),
        pen("PEN-1"),
        pen("PEN-4"),
        update(one, "9", name="A"),
        update(two, "1", name="B"),
        update(two, "1", name="C"),
        create(sku="x"),
        atomic=False,
    )
    body = answer.json()
    assert (answer.status_code, body["failed"]) == (207, 4)
    found = [it["status"] for it in body["items"]]
    assert found == [201, 409, 201, 412, 200, 412, 422]
    problem = body["items"][1]["problem"]
    assert (problem["status"], problem["code"]) == (409, "conflict")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["instance"] == "/api/v1/products/bulk"
    assert [each["loc"] for each in problem["errors"]] == [
        ["body", "items", 1, "data", "sku"]
    ]
    changes = [(it["action"], it["version"]) for it in log(client)[before:]]
    assert sorted(changes) == [("INSERT", 1), ("INSERT", 1), ("UPDATE", 2)]
    assert client.get("products").json()["total"] == 4
    assert client.get(f"products/{two}").json()["name"] == "B"


@EACH_WAY
def test_a_unique_value_may_move_from_one_record_to_another(
    client: TestClient, atomic: bool
) -> None:
    one, two = made(client, "PEN-1", "PEN-2")
    for first, second in ((one, two), (two, one)):
        free = update(first, sku="PEN-9"), update(second, sku="PEN-8")
        done(client, *free, update(first, sku="PEN-7"), atomic=atomic)
    # In the order of the ids, the second update would come first.
    done(client, update(two, sku="PEN-1"), update(one, sku="PEN-8"), atomic=atomic)
    skus = [client.get(f"products/{id}").json()["sku"] for id in (one, two)]
    assert skus == ["PEN-8", "PEN-1"]


def test_a_unique_value_is_taken_until_a_later_item_frees_it(
    client: TestClient,
) -> None:
    """Also if the later one would come first in the order of the ids."""
    one, two = made(client, "PEN-1", "PEN-2")
    for first, second, sku in ((two, one, "PEN-1"), (one, two, "PEN-2")):
        items = update(first, sku=sku), update(second, sku="PEN-3")
        rejected = send(client, *items)
        assert status_and_code(rejected) == (409, "bulk_failed")
        (error,) = rejected.json()["errors"]
        assert error["loc"] == ["body", "items", 0, "data", "sku"]
        partly = send(client, *items, atomic=False).json()["items"]
        assert [it["status"] for it in partly] == [409, 200]
        done(client, update(second, sku=sku))


def test_a_missing_reference_is_named(client: TestClient) -> None:
    ada = client.post("customers", json={"name": "Ada", "email": "a@example.com"})
    tasks = [
        create(title="A", customer_id=ada.json()["id"]),
        create(title="B", customer_id=str(uuid7())),
        create(title="C"),
    ]
    rejected = send(client, *tasks, resource="tasks")
    assert status_and_code(rejected) == (422, "bulk_failed")
    (error,) = rejected.json()["errors"]
    assert error["loc"] == ["body", "items", 1, "data", "customer_id"]
    partly = send(client, *tasks, resource="tasks", atomic=False).json()["items"]
    assert [it["status"] for it in partly] == [201, 422, 201]
    deleted = send(client, delete(ada.json()["id"]), resource="customers")
    assert status_and_code(deleted) == (409, "bulk_failed")
    assert len(log(client, "Task")) == 2


def test_many_failures_are_all_named(client: TestClient) -> None:
    made(client, "PEN-1")
    rejected = send(client, *[pen("PEN-1")] * 120)
    places = [error["loc"][2] for error in rejected.json()["errors"]]
    assert places == [*range(120)]
    assert len(log(client)) == 1


@pytest.mark.parametrize("header", ["if-match", "if-none-match"])
def test_a_condition_belongs_to_an_item(client: TestClient, header: str) -> None:
    rejected = send(client, pen("PEN-1"), headers={header: '"1"'})
    assert status_and_code(rejected) == (400, "bad_request")
    assert client.get("products").json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [pen("PEN-1")] * 1001},
        {"items": {"0": pen("PEN-1")}},
        {"items": None},
        {},
        [],
        {"items": [pen("PEN-1")], "atomic": "false"},
        {"items": [pen("PEN-1")], "surprise": 1},
        {"items": [pen("PEN-1")]} | {f"k{n}": 1 for n in range(200)},
        {"items": [pen("PEN-1") | {"id": str(uuid7())}]},
        {"items": [pen("PEN-1") | {f"k{n}": 1 for n in range(200)}]},
        {"items": [update("1", name="A")]},
        {"items": [{"op": ["create"], "data": {}}]},
        {"items": [update(str(uuid7()), "one", name="A")]},
        {"items": [update(str(uuid7()), name="A\0")]},
    ],
)
def test_an_invalid_request_is_422(client: TestClient, body: Any) -> None:
    rejected = client.post("products/bulk", json=body)
    assert rejected.status_code == 422, rejected.text
    assert client.get("products").json()["total"] == 0


@pytest.mark.slow
def test_the_size_of_a_request_is_limited(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "x" * 2_000
    large = [pen(f"PEN-{n}", description=text) for n in range(550)]
    assert len(done(client, *large)) == 550
    limited = app.state.settings.model_copy(update={"MAX_BULK_BYTES": 2_000})
    monkeypatch.setattr(app.state, "settings", limited)
    rejected = send(client, pen("PEN-X", description=text))
    assert status_and_code(rejected) == (413, "content_too_large")
    chunks = client.post(
        "products/bulk",
        content=(b"[" for _ in range(2_001)),
        headers={"content-type": "application/json"},
    )
    assert status_and_code(chunks) == (413, "content_too_large")


def test_a_body_of_too_many_values_is_refused(client: TestClient) -> None:
    for values in (b"[]," * 600_000, b"{}," * 600_000, b"0," * 600_000):
        body = b'{"items": [' + values + b"0]}"
        answer = client.post(
            "products/bulk", content=body, headers={"content-type": "application/json"}
        )
        assert status_and_code(answer) == (400, "bad_request")


def test_a_repeated_request_is_done_once(client: TestClient) -> None:
    key = {"idempotency-key": "8e03978e"}
    items = pen("PEN-1"), pen("PEN-2"), pen("PEN-1")
    assert send(client, *items, headers=key).status_code == 409
    one, two = (send(client, *items, atomic=False, headers=key) for _ in range(2))
    assert (one.status_code, one.content) == (207, two.content)
    assert two.headers["idempotency-replayed"] == "true"
    assert len(log(client)) == 2
