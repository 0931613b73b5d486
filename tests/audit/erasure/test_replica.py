"""A replica of the database, which has the log encrypted like the primary."""

from pathlib import Path

import pytest

from app.audit.personal.keys import keys_at
from app.core.config import Settings
from tests.audit.erasure.conftest import ADA, Commands
from tests.core.db.replica.conftest import stale, standby  # noqa: F401  fixtures
from tests.core.db.replica.stale import StaleClient
from tests.databases import make_settings
from tests.processes.servers import wait_until
from tests.processes.standby import Standby

pytestmark = pytest.mark.heavy


@pytest.fixture
def settings(url: str, standby: Standby, tmp_path: Path) -> Settings:  # noqa: F811
    keys = f"sqlite:///{tmp_path}/keys.db"
    keys_at(keys).store.create()
    return make_settings(
        url,
        DATABASE_REPLICA_URL=standby.url,
        PERSONAL_KEYS_URL=keys,
        AUDIT_SEAL_FILE=str(tmp_path / "seals.txt"),
    )


def test_an_erasure_is_in_force_on_the_replica_at_once(
    stale: StaleClient,  # noqa: F811
    commands: Commands,
) -> None:
    def names(path: str, **query: str) -> list[str]:
        page, is_stale = stale.get_stale(path, params=query)
        assert is_stale or "as_of" in query  # not of the recent past
        return [(it.get("new") or it)["name"] for it in page["items"]]

    id = stale.post("customers", json=ADA).json()["id"]
    (created,) = stale.get(f"customers/{id}/history").json()["items"]
    changes, then = "audit/changes", {"as_of": created["at"], "q": "lovelace"}
    wait_until(lambda: names("customers") == [ADA["name"]], "The replica has no record")
    assert names(changes, entity="Customer") == [ADA["name"]]
    stale.patch(f"customers/{id}", json={"name": "Ada"}).raise_for_status()
    wait_until(lambda: names("customers") == ["Ada"], "The replica has no change")
    assert names("customers", **then) == [ADA["name"]]
    commands.erase(id)
    assert names(changes, entity="Customer", action="INSERT") == ["[erased]"]
    assert names("customers", **then) == []
    wait_until(lambda: names("customers") == [f"Erased {id}"], "Nothing is erased")
