"""Addresses of users in the logs, hidden from some readers, and ids of clients."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.audit.models import AuditAccess
from app.audit.repository import MAX_REQUEST_ROWS
from app.audit.visibility import HIDDEN
from app.core.clock import now
from app.core.config import Settings
from app.main import open_database
from tests.accounts import ROOT, Account
from tests.audit.history.test_history import PEN, Json, body, make
from tests.conftest import MakeAccount

ROOT_EMAIL = "root@example.com"
CHOSEN = {"X-Request-ID": "r-1"}


def access(user_id: UUID | None, method: str, seconds: int) -> AuditAccess:
    return AuditAccess(
        at=now() + timedelta(seconds=seconds),
        request_id="r-1",
        user_id=user_id,
        user_label=ROOT_EMAIL,
        user_name="Root",
        ip="192.0.2.1",
        method=method,
        path="/",
        status=200,
        duration_ms=1,
        bytes=0,
        outcome="answered",
        request_id_source="client",
    )


async def add_accesses(settings: Settings, *rows: AuditAccess) -> None:
    async with open_database(settings) as database, database.writing() as session:
        session.add_all(rows)


def read_as(client: TestClient, account: Account, path: str) -> Json:
    return body(client.get(path, headers=account.header))


LOGS = [
    ("products/{id}/history", "products:read"),
    ("audit/changes?entity=Product", "audit:read"),
    ("audit/requests/r-1", "audit:read"),
]


@pytest.mark.parametrize(("path", "permission"), LOGS)
def test_addresses_of_users_need_a_permission(
    client: TestClient, make_account: MakeAccount, path: str, permission: str
) -> None:
    url = client.post("products", json=PEN, headers=CHOSEN).json()["id"]
    for permissions, label in (([], None), (["users:read"], ROOT_EMAIL)):
        reader = make_account(permission, *permissions)
        page = read_as(client, reader, path.format(id=url))
        (change,) = page.get("items") or page["changes"]
        assert (change["actor_id"], change["actor_name"]) == (str(ROOT.user_id), "Test")
        assert change["actor_label"] == label
        assert change["request_id_source"] == "client"


def test_images_of_users_hide_addresses(
    client: TestClient, make_account: MakeAccount
) -> None:
    reader = make_account("audit:read")
    user = {
        "email": "eva@example.com",
        "full_name": "Eva",
        "password": "oak of brass 12",
    }
    url = make(client, "users", user)
    client.patch(url, json={"email": "new@example.com"})
    page = read_as(client, reader, "audit/changes?entity=User")
    updated, inserted = page["items"][:2]
    assert updated["old"]["email"] == updated["new"]["email_key"] == HIDDEN
    assert (inserted["new"]["email"], inserted["new"]["full_name"]) == (HIDDEN, "Eva")
    assert "example.com" not in str(page)
    assert body(client.get("audit/changes?entity=User"))["items"][1]["new"].items() >= {
        ("email", "eva@example.com")
    }


def test_accesses_hide_addresses(
    client: TestClient, make_account: MakeAccount, settings: Settings
) -> None:
    asyncio.run(add_accesses(settings, access(ROOT.user_id, "GET", 0)))
    for path in ("audit/accesses?request_id=r-1", "audit/requests/r-1"):
        page = read_as(client, make_account("audit:read"), path)
        (row,) = page.get("items") or page["accesses"]
        assert (row["user_label"], row["user_name"]) == (None, "Root")
        assert row["request_id_source"] == "client"


def test_a_generated_id_has_no_source(client: TestClient) -> None:
    make(client, "products", PEN)
    (change,) = body(client.get("audit/changes?entity=Product"))["items"]
    assert change["request_id_source"] is None


@pytest.mark.slow
def test_a_flood_of_accesses_does_not_hide_the_one_that_changed_something(
    client: TestClient, settings: Settings
) -> None:
    client.post("products", json=PEN, headers=CHOSEN)
    stranger = UUID(int=1)
    flood: list[Any] = [
        access((stranger, None)[number % 2], ("POST", "GET")[number % 2], number + 1)
        for number in range(MAX_REQUEST_ROWS)
    ]
    own = access(ROOT.user_id, "POST", 0)
    asyncio.run(add_accesses(settings, own))
    assert body(client.get("audit/requests/r-1"))["has_more"] is False
    asyncio.run(add_accesses(settings, *flood))
    page = body(client.get("audit/requests/r-1"))
    assert page["has_more"] is True
    assert len(page["accesses"]) == MAX_REQUEST_ROWS
    assert page["accesses"][-1]["user_id"] == str(ROOT.user_id)
    times = [row["at"] for row in page["accesses"]]
    assert times == sorted(times, reverse=True)
