"""The bulk route of each domain, a generated one too, has the rules of single calls."""

import pytest
from fastapi.testclient import TestClient

from app.core.web.collections.resource import resource_of
from app.modules import ROUTERS
from tests.collections.bulk.requests import create, delete, done, send, update
from tests.contract import reject, service_of, status_and_code
from tests.slices import SLICES

DOMAINS = [resource_of(router).plural for router in ROUTERS]
each_domain = pytest.mark.parametrize("name", DOMAINS)


@each_domain
def test_records_are_created_changed_and_deleted(client: TestClient, name: str) -> None:
    contract = SLICES[name]
    bodies = [contract.body(client) for _ in range(3)]
    made = done(client, *(create(**body) for body in bodies), resource=name)
    for body, outcome in zip(bodies, made, strict=True):
        url = f"{name}/{outcome['id']}"
        assert client.get(url).json() == outcome["record"]
        assert outcome["record"].items() >= body.items()
    one, two, three = (outcome["id"] for outcome in made)
    items = update(one, made[0]["etag"], **contract.change), delete(two), delete(three)
    changed = done(client, *items, resource=name)
    assert changed[0]["record"].items() >= contract.change.items()
    history = client.get(f"{name}/{one}/history").json()["items"]
    assert [each["version"] for each in history] == [2, 1]
    gone = client.get(f"{name}/{three}/history").json()["items"]
    assert [each["action"] for each in gone] == ["DELETE", "INSERT"]


@each_domain
@pytest.mark.parametrize("atomic", [True, False])
def test_a_locked_record_cannot_be_changed(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str, atomic: bool
) -> None:
    contract = SLICES[name]
    id = contract.make(client)
    monkeypatch.setattr(service_of(name), "check_changeable", reject)
    items = update(id, **contract.change), delete(id), create(**contract.body(client))
    answer = send(client, *items, resource=name, atomic=atomic)
    if atomic:
        assert status_and_code(answer) == (409, "bulk_failed")
        assert len(answer.json()["errors"]) == 2
    else:
        assert [it["status"] for it in answer.json()["items"]] == [409, 409, 201]
    assert client.get(f"{name}/{id}").json()["version"] == 1
