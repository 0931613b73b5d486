"""Imports whose user loses their permissions before the end."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlmodel import col

from app.audit.models import AuditChange
from app.auth.models import User
from app.auth.permissions import before_commit
from app.collections.files.imports import received
from app.collections.files.imports.service import ImportService
from tests.collections.files.files import as_csv, send
from tests.conftest import MakeAccount, Read
from tests.contract import status_and_code

ROWS = [{"sku": f"PEN-{n}", "name": "Pen", "price": "1.50"} for n in range(6)]
CHANGES = select(func.count()).where(col(AuditChange.entity) == "Product")
Deactivate = Callable[[], Awaitable[None]]


@pytest.fixture
def deactivate(
    app: FastAPI, anonymous: TestClient, make_account: MakeAccount
) -> Deactivate:
    """Sign the client in; return a function that deactivates its user."""
    account = make_account("products:create", "products:update")
    anonymous.headers.update(account.header)

    async def deactivate() -> None:
        async with app.state.health.database.writing() as session:
            (await session.get(User, account.id)).is_active = False

    return deactivate


def test_an_import_of_all_or_none_writes_nothing(
    anonymous: TestClient,
    deactivate: Deactivate,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(before_commit, "LONGEST_UNCHECKED", 0)
    validate = ImportService.validate

    async def then_revoke(self: ImportService, *given: Any, **named: Any) -> Any:
        report = await validate(self, *given, **named)
        await deactivate()
        return report

    monkeypatch.setattr(ImportService, "validate", then_revoke)
    refused = send(anonymous, as_csv(ROWS))
    assert status_and_code(refused) == (401, "invalid_token")
    assert read(CHANGES) == [0]


def test_an_import_in_batches_ends_at_the_next_one(
    anonymous: TestClient,
    deactivate: Deactivate,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(received, "BATCH_ROWS", 2)
    write = ImportService.write_batch

    async def then_revoke(self: ImportService, *given: Any) -> Any:
        report = await write(self, *given)
        await deactivate()
        return report

    monkeypatch.setattr(ImportService, "write_batch", then_revoke)
    refused = send(anonymous, as_csv(ROWS), "atomic=false&key=sku")
    assert status_and_code(refused) == (401, "invalid_token")
    assert read(CHANGES) == [2]
