"""Keys in a database of PostgreSQL, and settings that would keep them in a backup."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy.util import greenlet_spawn

from app.audit.personal.keys import keys_at
from app.audit.personal.marks import UnerasableError, check_personal
from app.audit.personal.postgresql_store import close_engines
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.personal.key_urls import key_url
from app.modules.customers.models import Customer
from app.modules.products.models import Product
from tests.audit.erasure.conftest import ADA, Commands, history
from tests.databases import Template, make_settings

KEYS = "sqlite:////tmp/keys.db"


@pytest.fixture
def settings(url: str, template: Template, tmp_path: Path) -> Iterator[Settings]:
    if not url.startswith("postgresql"):
        pytest.skip("Keys of a database of SQLite are in a file")
    with template.empty() as keys:
        asyncio.run(create(keys))
        seals = str(tmp_path / "seals.txt")
        yield make_settings(url, PERSONAL_KEYS_URL=keys, AUDIT_SEAL_FILE=seals)


async def erased_persons(database: Database) -> set[UUID]:
    store = keys_at(key_url(database.engine.url)).store
    return await greenlet_spawn(store.all_erased)


async def create(url: str) -> None:
    await greenlet_spawn(keys_at(url).store.create)
    await close_engines()


def test_keys_are_in_another_database(
    client: TestClient, commands: Commands, ada: str
) -> None:
    assert history(client, ada)[0]["new"]["name"] == "Ada King"
    items = [
        {"op": "create", "data": ADA | {"email": f"{number}@example.com"}}
        for number in range(3)
    ]
    client.post("customers/bulk", json={"items": items}).raise_for_status()
    assert commands.erase(ada).keys == 1
    assert history(client, ada)[1]["new"]["name"] == "[erased]"
    assert commands.run(erased_persons) == {UUID(ada)}
    (change, *_) = client.get("audit/changes?entity=Customer&action=INSERT").json()[
        "items"
    ]
    assert change["new"]["name"] == ADA["name"]
    assert commands.findings() == []


@pytest.mark.heavy
@pytest.mark.threads
def test_concurrent_changes_of_one_person(client: TestClient, ada: str) -> None:
    def rename(number: int) -> int:
        body = {"notes": f"Note {number}"}
        return client.patch(f"customers/{ada}", json=body).status_code

    with ThreadPoolExecutor() as threads:
        assert {*threads.map(rename, range(6))} == {200}
    shown = [it["new"].get("notes", "") for it in history(client, ada)]
    assert {it for it in shown if it.startswith("Note")} == {
        f"Note {number}" for number in range(6)
    }


@pytest.mark.parametrize(
    ("database", "keys"),
    [
        ("sqlite:///app.db", "sqlite:///keys.db"),
        ("sqlite:////tmp/keys.db", KEYS),
        ("sqlite:///app.db", "postgresql://localhost/keys"),
        ("postgresql://localhost/app", "postgres://localhost/app"),
        ("postgresql://localhost:5432/app", "postgresql://localhost/app"),
        ("postgresql://localhost/app", "mysql://localhost/keys"),
    ],
)
def test_keys_in_a_backup_are_refused(database: str, keys: str) -> None:
    with pytest.raises(ValidationError, match="PERSONAL_KEYS_URL"):
        make_settings(database, PERSONAL_KEYS_URL=keys)


@pytest.mark.parametrize(
    ("model", "personal"),
    [
        (Customer, {"address": None}),
        (Customer, {"is_active": None}),
        (Customer, {"name": None}),
        (Customer, {"email_key": ""}),
        (Product, {"price": "0"}),
    ],
)
def test_a_column_that_cannot_be_erased_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, model: type[Customer], personal: dict[str, None]
) -> None:
    monkeypatch.setattr(model, "personal", personal)
    with pytest.raises(UnerasableError):
        check_personal(model)
