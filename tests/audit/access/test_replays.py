"""The access log names the request whose response was sent again."""

from fastapi.testclient import TestClient

from tests.audit.access.conftest import Accesses
from tests.auth.idempotency.test_idempotency import PEN, post


def test_a_repeated_request_names_the_first(
    client: TestClient, accesses: Accesses
) -> None:
    first, second = post(client), post(client)
    reused = post(client, PEN | {"name": "Ink"})
    other = client.get("products")
    ids = [it.headers["x-request-id"] for it in (first, second, reused, other)]
    found = {access.request_id: access.replay_of for access in accesses()}
    assert found == dict.fromkeys(ids) | {ids[1]: ids[0]}
    shown = client.get(f"audit/requests/{ids[1]}").json()
    assert [access["replay_of"] for access in shown["accesses"]] == [ids[0]]
