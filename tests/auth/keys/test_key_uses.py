"""The last use of a key, which is written in the background."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import SQLModel, col

from app.audit.models import AuditChange
from app.auth.keys.key_uses import KeyUses
from app.auth.keys.models import ApiKey, ApiKeyUse
from app.auth.passwords.links import PasswordLink
from app.auth.sessions.purge import purge
from app.core.clock import now
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7
from app.main import open_database
from tests.accounts import ROOT, root_header
from tests.auth.keys.keys import make_key, me
from tests.clients import Client
from tests.conftest import MakeAccount, Read

LAST = select(col(ApiKeyUse.last_used_at))


def used_at(client: TestClient, user: Any) -> Any:
    (key,) = client.get(f"users/{user.id}/keys").json()
    return key["last_used_at"]


def test_a_use_is_shown_and_written_every_five_minutes(
    app: FastAPI, settings: Settings, make_account: MakeAccount
) -> None:
    begin, shown = now(), []
    with Client(app, "http://test/api/v1/") as client:
        client.headers.update(root_header(settings))
        ada = make_account("products:read")
        key = make_key(client, ada, "products:read")
        shown.append(used_at(client, ada))
        for minutes in (0, 4, 6):
            with time_machine.travel(begin + timedelta(minutes=minutes)):
                assert me(client, key) == 200
                client.call(app.state.auth.key_uses.write, app.state.health.database)
                shown.append(used_at(client, ada))
    assert shown[0] is None
    assert shown[1] == shown[2] != shown[3]


@pytest.mark.anyio
async def test_processes_write_a_use_once_in_five_minutes(
    database: Database,
) -> None:
    one, other, key, times = KeyUses(), KeyUses(), uuid7(), []
    begin = now()
    for minutes, uses in ((0, one), (1, other), (6, other), (7, one)):
        with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
            uses.record(key)
            await uses.write(database)
        async with database.reading() as session:
            times.append(await session.value(LAST))
    assert [at - begin for at in times] == [
        timedelta(minutes=each) for each in (0, 0, 6, 6)
    ]


@pytest.mark.anyio
async def test_a_use_that_could_not_be_written_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses = KeyUses()
    uses.record(uuid7())
    with monkeypatch.context() as patch:
        patch.setattr(database, "writers", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await uses.write(database)
    await uses.write(database)
    async with database.reading() as session:
        assert len(await session.rows(LAST)) == 1


@pytest.mark.anyio
async def test_a_first_use_while_others_are_written_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses = KeyUses()
    uses.record(uuid7())
    monkeypatch.setattr(database, "after_commit", lambda: uses.record(uuid7()))
    await uses.write(database)
    await uses.write(database)
    async with database.reading() as session:
        assert len(await session.rows(LAST)) == 2


def test_uses_are_written_at_the_end(
    app: FastAPI, make_account: MakeAccount, read: Read
) -> None:
    with Client(app, "http://test/api/v1/") as client:
        key = make_key(client, make_account("products:read"), "products:read")
        assert me(client, key) == 200
        assert read(LAST) == []
    assert len(read(LAST)) == 1


def stored_key(name: str, days: int) -> ApiKey:
    return ApiKey(
        user_id=ROOT.user_id,
        name=name,
        prefix=name[:8],
        key_hash=name,
        scopes="products:read",
        expires_at=now() + timedelta(days=days),
        created_by=ROOT.user_id,
    )


def test_the_purge_deletes_what_has_expired(settings: Settings, read: Read) -> None:
    old, older = stored_key("old", -31), stored_key("older", -32)
    recent = stored_key("recent", -29)
    rows: list[SQLModel] = [
        old,
        older,
        recent,
        ApiKeyUse(key_id=old.id),
        ApiKeyUse(key_id=recent.id),
        ApiKeyUse(key_id=uuid7()),
        PasswordLink(
            user_id=ROOT.user_id,
            token_hash="x",
            auth_version=1,
            created_by=ROOT.user_id,
            expires_at=now() - timedelta(seconds=1),
        ),
    ]

    async def run() -> list[int]:
        async with open_database(settings) as database:
            async with database.writing() as session:
                session.add_all(rows)
            async with database.writing() as session:
                first = await purge(session)
            async with database.writing() as session:
                return [first, await purge(session)]

    assert asyncio.run(run()) == [3, 0]
    assert read(select(col(ApiKey.name))) == ["recent"]
    assert read(select(col(ApiKeyUse.key_id))) == [recent.id]
    assert read(select(col(PasswordLink.user_id))) == []
    changes = read(select(AuditChange).where(col(AuditChange.action) == "DELETE"))
    assert {change.entity_id for change in changes} == {old.id, older.id}
    assert {(it.actor_label, it.reason) for it in changes} == {("purge", "expired")}
    assert len({change.request_id for change in changes}) == 1
