"""Requests that go on from what the primary has answered: nothing may be missed."""

import pytest

from tests.core.db.replica.stale import APPLIED, PREFER, StaleClient
from tests.core.db.replica.test_reads import PENCIL, add
from tests.processes.servers import wait_until
from tests.processes.standby import Standby

pytestmark = pytest.mark.heavy


@pytest.fixture
def behind(stale: StaleClient, standby: Standby) -> StaleClient:
    """A client of an application whose replica has a pen, and no pencil yet."""
    add(stale)
    wait_until(lambda: stale.names() == ({"Pen"}, True), "The replica has no pen")
    standby.pause()
    add(stale, **PENCIL)
    assert stale.names() == ({"Pen"}, True)
    return stale


def test_changes_are_polled_after_a_position_that_the_replica_lacks(
    behind: StaleClient,
) -> None:
    position = behind.get("audit/changes").json()["complete_until"]
    add(behind, sku="EASEL-1", name="Easel")
    page, _ = behind.get_stale(f"audit/changes?after={position}")
    assert [each["new"]["name"] for each in page["items"]] == ["Easel"]


@pytest.mark.parametrize("path", ["products", "audit/changes?entity=Product"])
def test_no_page_is_older_than_the_one_before(behind: StaleClient, path: str) -> None:
    add(behind, sku="EASEL-1", name="Easel")
    first = behind.get(path, params={"limit": 1}).json()
    going_on = {"after": first["items"][0]["id"], "offset": 1}
    if "next" in first:
        going_on = {"cursor": first["next"]}
    for name, value in going_on.items():
        params = {"limit": 1, name: value}
        page = behind.get(path, params=params).json()["items"]
        assert behind.get(path, params=params, headers=PREFER).json()["items"] == page


def test_the_past_is_that_of_the_primary(behind: StaleClient) -> None:
    then = behind.get("products").json()["items"][0]["created_at"]
    page, applied = behind.get_stale("products", params={"as_of": then})
    assert ({each["name"] for each in page["items"]}, applied) == (
        {"Pen", "Pencil"},
        False,
    )
    old = {"as_of": "2026-01-01T00:00:00Z"}
    assert APPLIED in behind.get("products", params=old, headers=PREFER).headers
