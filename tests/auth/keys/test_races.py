"""Keys and links in two processes, and writes that wait while a key is revoked."""

from threading import Timer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.accounts import Account, add_account
from tests.auth.keys.keys import key_body, make_key, me, with_key
from tests.auth.permissions.test_recheck import WAIT
from tests.auth.sessions.test_races import Processes, processes, statuses
from tests.auth.signing import NEW_PASSWORD, login
from tests.conftest import MakeAccount
from tests.core.db.test_concurrency import at_once
from tests.modules.test_products import PEN
from tests.processes.locks import locked

__all__ = ["processes"]  # a fixture

pytestmark = pytest.mark.slow

SCOPES = ("products:read", "products:create", "products:update")
REVOKE = "DELETE FROM api_key"
NARROW = "UPDATE api_key SET scopes = 'products:read'"


@pytest.mark.asvs("7.4.1")
def test_a_revocation_in_one_process_ends_a_key_in_the_other(
    processes: Processes,
) -> None:
    here, there = processes.clients
    ada = add_account(processes.settings, *SCOPES)
    key = make_key(here, ada, "products:read")
    assert [me(there, key) for _ in range(3)] == [200] * 3
    path = f"auth/keys/{key['id']}"
    assert here.delete(path, headers=ada.header).status_code == 204
    assert me(there, key) == 401


@pytest.mark.asvs("15.4.2")
def test_of_concurrent_redemptions_in_two_processes_one_succeeds(
    processes: Processes,
) -> None:
    user = add_account(processes.settings)
    made = processes.clients[0].post(f"users/{user.id}/password-link").json()
    token = made["url"].partition("#")[2]

    def redeem(number: int) -> Any:
        body = {"token": token, "new_password": f"{NEW_PASSWORD} {number}"}
        client = processes.clients[number % 2]
        return client.post("auth/password-link/redeem", json=body)

    answers = at_once(6, redeem)
    assert statuses(answers) == {204: 1, 400: 5}
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 204]
    client = processes.clients[1]
    assert login(client, user.email, f"{NEW_PASSWORD} {winner}").status_code == 200


def test_concurrent_requests_keep_the_limit_of_keys(processes: Processes) -> None:
    ada = add_account(processes.settings, *SCOPES)
    for _ in range(18):
        make_key(processes.clients[0], ada, "products:read")

    def create(number: int) -> Any:
        client, body = processes.clients[number % 2], key_body("products:read")
        return client.post("auth/keys", json=body, headers=ada.header)

    assert statuses(at_once(6, create)) == {201: 2, 409: 4}


@pytest.fixture
def key(client: TestClient, make_account: MakeAccount) -> dict[str, Any]:
    ada: Account = make_account(*SCOPES)
    return make_key(client, ada, *SCOPES)


@pytest.mark.parametrize(("last", "status"), [(REVOKE, 401), (NARROW, 403)])
def test_a_write_that_waited_needs_the_key(
    url: str, client: TestClient, key: Any, last: str, status: int
) -> None:
    pen = client.post("products", json=PEN).json()
    body = PEN | {"sku": "INK-1"}
    with locked(url, "product", last) as release:
        Timer(WAIT, release.set).start()
        answer = client.post("products", json=body, headers=with_key(key))
        assert release.is_set(), "The request has not waited"
    assert answer.status_code == status
    assert client.get("products").json()["items"] == [pen]
