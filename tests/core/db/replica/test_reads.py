"""Lists and exports on a real streaming replica, as far as clients allow it."""

from functools import partial
from math import inf
from pathlib import Path

import pytest
from httpx2 import Client

from app.core.observability.metrics.names import PREFIX
from tests.conftest import MakeAccount
from tests.core.db.replica.stale import APPLIED, PREFER, StaleClient
from tests.core.observability.metrics.test_metrics import Scraped, serving_metrics
from tests.modules.test_products import PEN
from tests.processes.servers import wait_until
from tests.processes.standby import Standby

pytestmark = pytest.mark.heavy
PENCIL = PEN | {"sku": "PENCIL-1", "name": "Pencil"}
LISTS = (
    "products",
    "products?q=pen&sort=name&include=",
    "products/stats?by=is_active",
    "products?as_of=2026-01-01T00:00:00Z",
    "customers",
    "users",
    "roles",
    "audit/changes",
    "audit/accesses",
)


def add(client: StaleClient, **values: object) -> str:
    id: str = client.post("products", json=PEN | values).json()["id"]
    return id


def test_a_list_is_old_or_new_and_says_so(stale: StaleClient, standby: Standby) -> None:
    add(stale)
    wait_until(lambda: stale.names() == ({"Pen"}, True), "The replica has no pen")
    standby.pause()
    add(stale, **PENCIL)
    assert stale.names() == ({"Pen"}, True)
    fresh = stale.get("products")
    assert {each["name"] for each in fresh.json()["items"]} == {"Pen", "Pencil"}
    assert APPLIED not in fresh.headers
    standby.resume()
    wait_until(lambda: "Pencil" in stale.names()[0], "The replica has no pencil")


@pytest.mark.parametrize("path", LISTS)
def test_lists_of_all_kinds_are_read_from_the_replica(
    stale: StaleClient, path: str
) -> None:
    assert stale.get_stale(path.removesuffix("&include="))[1]
    assert stale.replica.reads


def test_a_list_that_the_client_has_is_marked_as_well(stale: StaleClient) -> None:
    tag = stale.get("products", headers=PREFER).headers["etag"]
    answer = stale.get("products", headers=PREFER | {"if-none-match": tag})
    assert (answer.status_code, answer.headers[APPLIED]) == (304, "stale-ok")


def test_single_reads_and_writes_stay_on_the_primary(
    stale: StaleClient, standby: Standby
) -> None:
    standby.pause()
    path = f"products/{add(stale)}"
    changed = stale.patch(path, json={"stock": 7}, headers=PREFER)
    found = stale.get(path, headers=PREFER)
    assert (changed.status_code, found.json()["stock"]) == (200, 7)
    batch = stale.get(f"products/batch?id={found.json()['id']}", headers=PREFER)
    assert len(batch.json()["items"]) == 1
    assert all(APPLIED not in each.headers for each in (changed, found, batch))
    assert stale.replica.reads == 0


def test_a_revoked_session_is_rejected_although_the_replica_has_it(
    stale: StaleClient, standby: Standby, make_account: MakeAccount
) -> None:
    account = make_account("products:read")
    stale.headers.update(account.header)
    wait_until(lambda: stale.get_stale("products")[1], "The replica is not read")
    standby.pause()
    assert stale.post("auth/logout-all").status_code == 204
    assert stale.get("products", headers=PREFER).status_code == 401
    assert stale.get("products/export", headers=PREFER).status_code == 401


def test_a_permission_that_was_taken_is_missing_at_once(
    stale: StaleClient, standby: Standby, make_account: MakeAccount
) -> None:
    account = make_account("products:read")
    root = dict(stale.headers)
    standby.pause()
    changed = stale.patch(f"users/{account.id}", json={"role_ids": []})
    assert changed.status_code == 200, changed.text
    answer = stale.get("products", headers=PREFER | account.header)
    assert (answer.status_code, root != account.header) == (403, True)
    assert stale.replica.reads == 0


def is_counted(client: Client, scraped: Scraped) -> bool:
    client.get("/products", headers=PREFER)
    return bool(scraped.value(f"{PREFIX}replica_reads_total"))


def test_the_replica_is_measured(url: str, standby: Standby, tmp_path: Path) -> None:
    replica = {"DATABASE_REPLICA_URL": standby.url}
    for server, scraped in serving_metrics(url, tmp_path, **replica):
        with server.client() as client:
            wait_until(partial(is_counted, client, scraped), "No read was counted")
        assert (scraped.value(f"{PREFIX}replica_lag_seconds") or inf) < 60


def test_a_request_is_recorded_as_any_other(stale: StaleClient) -> None:
    stale.get("products?limit=7", headers=PREFER | {"x-request-id": "stale-1"})

    def recorded() -> list[str]:
        found = stale.get("audit/accesses?request_id=stale-1").json()["items"]
        return [each["path"] for each in found]

    wait_until(lambda: recorded() == ["/api/v1/products"], "No access was recorded")
