"""Hostile times, cursors and callers of the past."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import LATE, PEN, body, make, now
from tests.conftest import MakeAccount
from tests.contract import NO_CREDENTIALS, status_and_code

EPOCH = "1970-01-01T00:00:00Z"
ODD_TIMES = (
    "",
    "now",
    "0",
    "null",
    "2026-11-23",
    "2026-11-23T10:00:00",
    "2026-11-23 10:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-23T24:00:01Z",
    "2026-11-23T10:00:00+99:99",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-23:59",
    "-2026-11-23T10:00:00Z",
    "\uff12026-11-23T10:00:00Z",
    "2026-11-23T10:00:00Z' OR '1'='1",
    "2026-11-23T10:00:00Z\x00",
)
TIMES = (
    "1900-01-01T00:00:00Z",
    "9998-12-31T23:59:59.999999999-00:00",
    "2026-01-01t00:00:00.123456789z",
    "2098-06-30T23:59:59+14:00",
)
CURSORS = (
    "",
    "1",
    "0." + "0" * 32,
    "9" * 17 + "." + "f" * 32,
    "1." + "G" * 32,
    "٣." * 9,
)


def times_of(path: str, time: str) -> dict[str, str]:
    return {"from": EPOCH, "to": time} if "diff" in path else {"as_of": time}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["products", "products/export", "audit/diff"])
def test_odd_times_are_rejected(client: TestClient, path: str) -> None:
    make(client, "products", PEN)
    for time in ODD_TIMES:
        refused = client.get(path, params=times_of(path, time))
        assert status_and_code(refused) == (422, "validation_failed"), time
    for time in TIMES:
        answer = client.get(path, params=times_of(path, time))
        code = 422 if "diff" in path and time < EPOCH else 200
        assert answer.status_code == code, time
    twice = {name: [time, time] for name, time in times_of(path, LATE).items()}
    assert client.get(path, params=twice).status_code == 422


def test_a_time_is_the_same_in_every_offset(client: TestClient) -> None:
    make(client, "products", PEN)
    then = now()
    make(client, "products", {**PEN, "sku": "PEN-2"})
    instant = datetime.fromisoformat(then)
    for minutes in (0, 845, -720, 1):
        zone = timezone(timedelta(minutes=minutes))
        spelling = instant.astimezone(zone).isoformat()
        assert body(client.get("products", params={"as_of": spelling}))["total"] == 1


@pytest.mark.parametrize("path", ["products/deleted", "audit/diff"])
def test_hostile_cursors_are_no_internal_errors(client: TestClient, path: str) -> None:
    client.delete(make(client, "products", PEN))
    forms = [*CURSORS, *(f"{'x' * n}.{'0' * 32}" for n in (0, 1, 100, 101))]
    forms += [
        "Product." + "0" * 32,
        "a.b." + "f" * 32,
        "\x00." + "0" * 32,
        "é." + "0" * 32,
    ]
    for cursor in forms:
        query = {
            **({} if "deleted" in path else times_of(path, LATE)),
            "cursor": cursor,
        }
        answer = client.get(path, params=query)
        assert answer.status_code in {200, 422}, cursor
    for name, value in (("limit", "0"), ("limit", "201"), ("limit", "1e2"), ("q", "x")):
        query = {**({} if "deleted" in path else times_of(path, LATE)), name: value}
        assert client.get(path, params=query).status_code == 422


def test_what_has_no_past_refuses_the_parameter(client: TestClient) -> None:
    pen = make(client, "products", PEN)
    item = {"op": "create", "data": {**PEN, "sku": "PEN-2"}}
    id = pen.removeprefix("products/")
    for method, path, json in (
        ("GET", f"products/batch?id={id}&as_of={LATE}", None),
        ("GET", f"products/stats?by=is_active&as_of={LATE}", None),
        ("GET", f"products/deleted?as_of={LATE}", None),
        ("GET", f"{pen}/history?as_of={LATE}", None),
        ("POST", f"products/bulk?as_of={LATE}", {"items": [item]}),
        ("POST", f"products?as_of={LATE}", item["data"]),
        ("PATCH", f"{pen}?as_of={LATE}", {"stock": 1}),
        ("DELETE", f"{pen}?as_of={LATE}", None),
    ):
        refused = client.request(method, path, json=json)
        (error,) = body(refused, 422)["errors"]
        assert error["loc"] == ["query", "as_of"], path
        assert error["msg"] == "Unknown query parameter: as_of"
    assert body(client.get("products"))["total"] == 1


@pytest.mark.slow
def test_the_past_needs_what_the_present_needs(
    client: TestClient, make_account: MakeAccount
) -> None:
    client.delete(make(client, "products", PEN))
    client.delete(make(client, "customers", {"name": "Ada", "email": "a@example.com"}))
    of_products = f"products?as_of={LATE}", "products/deleted"
    others = f"customers?as_of={LATE}", "customers/deleted", "users/deleted"
    diff = f"audit/diff?from={EPOCH}&to={LATE}"
    reader, auditor = make_account("products:read"), make_account("audit:read")
    expected: dict[Any, dict[bool, tuple[str, ...]]] = {
        reader: {True: of_products, False: (*others, diff)},
        auditor: {True: (diff,), False: (*of_products, *others)},
    }
    for account, paths in expected.items():
        for may, each in (
            (may, path) for may, those in paths.items() for path in those
        ):
            answer = client.get(each, headers=account.header)
            assert answer.status_code == (200 if may else 403), each
    for each in (*of_products, *others, diff):
        assert client.get(each, headers=NO_CREDENTIALS).status_code == 401
