"""Keys that administrators make for others: no way to more permissions."""

import pytest
from fastapi.testclient import TestClient

from tests.accounts import ROOT, Account
from tests.auth.keys.keys import key_body, me, with_key
from tests.conftest import MakeAccount
from tests.contract import status_and_code

DENIED = (403, "permission_denied")


@pytest.fixture
def manager(make_account: MakeAccount) -> Account:
    return make_account("users:update", "users:read", "products:create")


def test_an_administrator_makes_a_key_for_a_service_account(
    client: TestClient, manager: Account, make_account: MakeAccount
) -> None:
    service = make_account("products:create", must_change_password=True)
    path = f"users/{service.id}/keys"
    made = client.post(path, json=key_body("products:read"), headers=manager.header)
    assert made.status_code == 201
    key = made.json()
    assert key["created_by"] == str(manager.id)
    assert made.headers["cache-control"] == "no-store"
    assert client.get("products", headers=with_key(key)).status_code == 200
    profile = client.get("auth/me", headers=with_key(key)).json()
    assert profile["id"] == str(service.id)
    listed = client.get(path, headers=manager.header)
    assert [each["id"] for each in listed.json()] == [key["id"]]
    assert key["key"] not in listed.text
    gone = client.delete(f"{path}/{key['id']}", headers=manager.header)
    assert gone.status_code == 204
    assert me(client, key) == 401


@pytest.mark.slow
def test_a_key_does_not_exceed_its_maker_or_its_user(
    client: TestClient, manager: Account, make_account: MakeAccount
) -> None:
    equal = make_account("users:update", "users:read", "products:create")
    weaker = make_account("products:read")
    stronger = make_account("products:create", "products:delete")
    for user, scope in (
        (weaker.id, "products:create"),  # the user lacks it
        (weaker.id, "tasks:read"),  # both do
        (equal.id, "tasks:read"),
        (stronger.id, "products:read"),  # who may do more
        (stronger.id, "products:delete"),
        (ROOT.user_id, "products:read"),
        (manager.id, "products:read"),  # as for one's own password
    ):
        path = f"users/{user}/keys"
        refused = client.post(path, json=key_body(scope), headers=manager.header)
        assert status_and_code(refused) == DENIED, (user, scope)
        assert client.get(path).json() == []
    own = client.post(
        "auth/keys", json=key_body("products:delete"), headers=manager.header
    )
    assert status_and_code(own) == DENIED


def test_a_superuser_gives_a_user_only_what_the_user_has(
    client: TestClient, make_account: MakeAccount
) -> None:
    user = make_account("products:read")
    path = f"users/{user.id}/keys"
    refused = client.post(path, json=key_body("products:create"))
    assert status_and_code(refused) == DENIED
    assert client.post(path, json=key_body("products:read")).status_code == 201


def test_a_key_of_a_stronger_user_is_not_revoked(
    client: TestClient, manager: Account, make_account: MakeAccount
) -> None:
    stronger = make_account("products:delete")
    body = key_body("products:read")
    made = client.post("auth/keys", json=body, headers=stronger.header).json()
    path = f"users/{stronger.id}/keys/{made['id']}"
    assert status_and_code(client.delete(path, headers=manager.header)) == DENIED
    assert me(client, made) == 200
