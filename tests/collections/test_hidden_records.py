"""Records that a repository hides from its callers: no route of a collection shows one.

A caller who may read the audit log reads all of it.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import ColumnElement
from sqlmodel import col

from app.auth.models import Role
from app.auth.roles.repository import RoleRepository
from app.collections.lists.relations import relations_of
from app.core.clock import now
from app.core.service import CrudService
from app.core.web.collections.resource import resource_of
from app.modules.customers.repository import CustomerRepository
from app.modules.customers.routers import router as customers
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.tasks.routers import router as tasks
from tests.conftest import ClientWith, MakeAccount
from tests.contract import Json

SECRET = "SECRET"
ALL = [f"products:{action}" for action in ("read", "create", "update", "delete")]
CSV = {"content-type": "text/csv"}
FILE = b"id,sku,stock\r\n%b,SECRET-1,7\r\n"
KEYED = b"sku,stock\r\nSECRET-1,7\r\n"
ATOMIC = "true", "false"


def active(_: ProductRepository) -> Iterable[ColumnElement[bool]]:
    return (col(Product.is_active).is_(True),)


def product(sku: str) -> Json:
    return {"sku": sku, "name": f"Product {sku}", "price": "1.00", "stock": 1}


@pytest.fixture
def client(client_with: ClientWith, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    client = client_with(*ALL)
    monkeypatch.setattr(ProductRepository, "visible", active)
    return client


@pytest.fixture
def ids(client: TestClient) -> list[str]:
    """Return the ids of a hidden record, a deleted hidden one, and a visible one."""
    skus = "SECRET-1", "SECRET-2", "PEN-1"
    made = [client.post("products", json=product(it)).json()["id"] for it in skus]
    assert client.delete(f"products/{made[1]}").status_code == 204
    hidden = client.patch(f"products/{made[0]}", json={"is_active": False})
    assert hidden.status_code == 200
    return made


def requests(ids: list[str]) -> dict[str, list[Json]]:
    """Return requests for the hidden records, by operation."""
    hidden, then = ids[0], {"as_of": now().isoformat()}
    change = {"op": "update", "id": hidden, "data": {"stock": 7}}
    queries: list[Json] = [
        {},
        {"q": "secret"},
        {"is_active": "false"},
        {"updated_since": "2026-01-01T00:00:00Z"},
        {"sort": "name"},
        then,
        then | {"q": "secret"},
    ]
    lists = [{"params": it} for it in queries]
    formats = [{"params": each | {"format": "jsonl"}} for each in queries]
    files = [
        {"content": content, "params": key | {"dry_run": dry, "atomic": atomic}}
        for dry in ("true", "false")
        for atomic in ATOMIC
        for content, key in ((FILE % hidden.encode(), {}), (KEYED, {"key": "sku"}))
    ]
    return {
        "get": lists,
        "get /batch": [{"params": {"id": ids}}],
        "get /stats": [{"params": {"by": "is_active"}}],
        "get /export": formats,
        "get /deleted": [{}],
        "post /bulk": [
            {"json": {"atomic": atomic, "items": [each]}}
            for atomic in (True, False)
            for each in (change, {"op": "delete", "id": hidden})
        ],
        "post /import": [each | {"headers": CSV} for each in files],
        "get /{product_id}": [{}, {"params": then}],
        "patch /{product_id}": [{"json": {"stock": 7}}, {"json": {}}],
        "delete /{product_id}": [{}],
        "post /{product_id}/stock": [{"json": {"delta": 1}}],
        "get /{product_id}/history": [{}],
        "post /{product_id}/revert": [
            {"json": {"to_version": 1}, "params": {"dry_run": dry}}
            for dry in ("true", "false")
        ],
        "post /{product_id}/restore": [{}],
    }


def operations(app: FastAPI) -> set[str]:
    paths = app.openapi()["paths"]
    prefix = "/api/v1/products"
    return {
        f"{method} {path.removeprefix(prefix)}".strip()
        for path, item in paths.items()
        if path.startswith(prefix)
        for method in item.keys() - {"parameters"}
    }


@pytest.mark.slow
def test_no_route_of_a_collection_shows_a_hidden_record(
    app: FastAPI, client: TestClient, ids: list[str]
) -> None:
    sent = requests(ids)
    # Creating one needs no record.
    assert operations(app) - {"post"} == sent.keys()
    for operation, several in sent.items():
        method, _, path = operation.partition(" ")
        for request in several:
            for id in ids[:2]:
                url = f"products{path.format(product_id=id)}"
                answer = client.request(method, url, **request)
                assert SECRET not in answer.text, (operation, request)
                if path.startswith("/{"):
                    assert answer.status_code in (403, 404), (operation, request)


def test_numbers_do_not_count_hidden_records(
    client: TestClient, ids: list[str]
) -> None:
    before = client.get("products").json()
    assert [it["id"] for it in before["items"]] == [ids[2]]
    assert before["total"] == 1
    stats = client.get("products/stats?by=is_active").json()
    assert (stats["counts"], stats["total"]) == ({"false": 0, "true": 1}, 1)
    past = client.get("products", params={"as_of": now().isoformat()}).json()
    assert past == before


def test_a_dry_run_does_not_compare_with_a_hidden_record(
    client: TestClient, ids: list[str]
) -> None:
    """Otherwise `unchanged` would say which values it has."""
    query = {"dry_run": "true"}
    for stock in b"1", b"2":
        file = b"id,stock\r\n%b,%b\r\n" % (ids[0].encode(), stock)
        answer = client.post("products/import", params=query, content=file, headers=CSV)
        report = answer.json()
        assert report["updated"] == report["unchanged"] == 0
        assert [error["code"] for error in report["errors"]] == ["not_found"]


def test_a_visible_record_has_all_routes(client: TestClient, ids: list[str]) -> None:
    url = f"products/{ids[2]}"
    assert client.patch(url, json={"stock": 2}).status_code == 200
    item = {"op": "update", "id": ids[2], "data": {"stock": 3}}
    assert client.post("products/bulk", json={"items": [item]}).status_code == 200
    file = client.get("products/export").content
    done = client.post("products/import", content=file, headers=CSV).json()
    assert (done["unchanged"], done["error_count"]) == (1, 0)
    assert len(client.get(f"{url}/history").json()["items"]) == 3
    assert client.post(f"{url}/revert", json={"to_version": 1}).json()["stock"] == 1


def test_a_reader_of_the_whole_log_may_restore_a_deleted_record(
    client: TestClient, ids: list[str], make_account: MakeAccount
) -> None:
    denied = client.get("products/deleted")
    assert denied.headers["www-authenticate"].endswith('scope="audit:read"')
    client.headers.update(make_account(*ALL, "audit:read").header)
    (gone,) = client.get("products/deleted").json()["items"]
    assert gone["id"] == ids[1]
    assert client.post(f"products/{ids[1]}/restore").status_code == 200


def test_a_collection_with_relationships_hides_records(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_with("roles:read", "roles:create")
    made = client.post("roles", json={"name": SECRET, "modules": {}}).json()["id"]
    hidden = [col(Role.name) != SECRET]
    monkeypatch.setattr(RoleRepository, "visible", lambda _: hidden)
    for path in ("", "/batch", "/export", f"/{made}", f"/{made}/history"):
        answer = client.get(
            f"roles{path}", params={"id": made} if "batch" in path else {}
        )
        assert SECRET not in answer.text, path


def test_names_of_a_collection_that_hides_records_are_not_included(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resources = [resource_of(router) for router in (tasks, customers)]
    assert "customer" in relations_of(resources[0], resources)
    monkeypatch.setattr(CustomerRepository, "visible", lambda _: ())
    assert "customer" not in relations_of(resources[0], resources)


def test_a_service_that_hides_records_itself_is_refused() -> None:
    """The past and files would not ask it."""
    with pytest.raises(TypeError, match="overrides get: to hide records"):

        class Service(CrudService[Any, Any, Any]):
            async def get(self, id: object) -> Any: ...
