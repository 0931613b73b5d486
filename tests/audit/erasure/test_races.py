"""Requests that would bring values back while their erasure is about to commit."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.person import Person
from app.audit.erasure.repository import ErasureRepository
from app.auth.models import User
from app.core.db.database import Database
from app.modules.customers.models import Customer
from tests.accounts import ROOT, make_user
from tests.audit.erasure.conftest import ADA, Commands
from tests.audit.feed.conftest import api, root, running  # noqa: F401  fixtures

WAIT = 1.0  # seconds, for the other one to reach the same place
WAITING = text("""
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
""")


@pytest.fixture
def on_postgresql(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")


@pytest.mark.anyio
@pytest.mark.usefixtures("on_postgresql", "root")
@pytest.mark.parametrize(
    ("action", "code"), [("restore", "erased"), ("revert", "conflict")]
)
async def test_no_value_returns_while_it_is_erased(  # noqa: PLR0913, PLR0917  fixtures
    running: FastAPI,  # noqa: F811
    api: httpx2.AsyncClient,  # noqa: F811
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    code: str,
) -> None:
    database: Database = running.state.health.database
    reached, commit = asyncio.Event(), asyncio.Event()
    forget = ErasureRepository.forget_answers

    async def wait(found: ErasureRepository, person: Person) -> int:
        reached.set()
        await commit.wait()
        return await forget(found, person)

    monkeypatch.setattr(ErasureRepository, "forget_answers", wait)
    created = (await api.post("customers", json=ADA)).json()
    path = f"customers/{created['id']}"
    await api.patch(path, json={"name": "Ada"})
    if action == "restore":
        await api.delete(path)
    person = Person(Customer, UUID(created["id"]))
    erase = partial(Eraser(database, commands.ledger).erase, person, "Request 7", "Eve")
    erasing = asyncio.create_task(erase())
    await reached.wait()
    returning = asyncio.create_task(
        api.post(f"{path}/{action}", json={"to_version": 1})
    )
    while not (returning.done() or await is_waiting(database)):
        await asyncio.sleep(0.01)
    commit.set()
    await erasing
    answer = await returning
    assert (answer.status_code, answer.json().get("code")) == (409, code)
    shown: dict[str, Any] = (await api.get(path)).json()
    assert shown.get("name") != ADA["name"]


@pytest.mark.anyio
@pytest.mark.usefixtures("on_postgresql")
async def test_two_superusers_are_not_erased_at_once(
    database: Database, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them would be the other's reason that it is not the last one."""
    async with database.writing() as session:
        ada = make_user({"email": "ada@example.com", "is_superuser": True})
        session.add(ada)
    anonymise = ErasureRepository.anonymise

    async def wait(found: ErasureRepository, *given: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                while not await is_waiting(database):
                    await asyncio.sleep(0.01)
        await anonymise(found, *given)

    monkeypatch.setattr(ErasureRepository, "anonymise", wait)
    eraser = Eraser(database, commands.ledger)
    erasing = [
        eraser.erase(Person(User, id), "Request 7", "Eve")
        for id in (ROOT.user_id, ada.id)
    ]
    done = await asyncio.gather(*erasing, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Erased", "UsageException"]


async def is_waiting(database: Database) -> bool:
    async with database.reading() as session:
        return bool(await session.scalar(WAITING))
