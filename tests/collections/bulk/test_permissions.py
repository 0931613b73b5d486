"""Permissions of bulk requests: one for each op, before anything is done."""

from threading import Timer

import pytest
from fastapi.testclient import TestClient

from tests.collections.bulk.requests import delete, made, pen, send, steps, update
from tests.conftest import MakeAccount
from tests.contract import status_and_code
from tests.processes.locks import locked

OPS = ("create", "update", "delete")
WAIT = 0.2  # seconds
LAST = "DELETE FROM role_permission WHERE action = '{action}'"


@pytest.mark.parametrize("lacking", OPS)
def test_each_op_needs_its_permission(
    client: TestClient, make_account: MakeAccount, lacking: str
) -> None:
    one, two = made(client, "PEN-1", "PEN-2")
    before = steps(client)
    granted = [f"products:{op}" for op in OPS if op != lacking]
    header = make_account(*granted).header
    items = {"create": pen("PEN-3"), "update": update(one, name="A")}
    items["delete"] = delete(two)
    for atomic in (True, False):
        rejected = send(client, *items.values(), atomic=atomic, headers=header)
        assert status_and_code(rejected) == (403, "permission_denied")
        scope = f'scope="products:{lacking}"'
        assert rejected.headers["www-authenticate"].endswith(scope)
    assert steps(client) == before
    rest = [item for op, item in items.items() if op != lacking]
    assert send(client, *rest, headers=header).status_code == 200


def test_an_invalid_item_needs_the_permission_of_its_op(
    client: TestClient, make_account: MakeAccount
) -> None:
    header = make_account("products:create").header
    for item in ({"op": "delete"}, {"op": "update", "data": 1}):
        assert send(client, item, headers=header).status_code == 403
    assert send(client, {"op": "create"}, headers=header).status_code == 422


@pytest.mark.slow
def test_a_permission_that_is_gone_at_the_end_is_missed(
    url: str, client: TestClient, make_account: MakeAccount
) -> None:
    header = make_account("products:create", "products:update").header
    (one,) = made(client, "PEN-1")
    with locked(url, "product", LAST.format(action="update")) as release:
        timer = Timer(WAIT, release.set)
        timer.start()
        items = pen("PEN-2"), update(one, name="A")
        assert send(client, *items, headers=header).status_code == 403
        assert release.is_set(), "The request has not waited"
    assert client.get("products").json()["total"] == 1
