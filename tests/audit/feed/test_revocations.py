"""Revocations of another process, which end streams long before their next check."""

from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.audit.feed.dependencies import FeedResponse
from tests.accounts import Account
from tests.audit.feed.conftest import Header, in_thread
from tests.audit.feed.following import Stream, opened
from tests.auth.keys.keys import key_body, with_key
from tests.conftest import MakeAccount

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def auditor(make_account: MakeAccount) -> Account:
    account: Account = await in_thread(make_account, "audit:read")
    return account


async def first_check(stream: Stream) -> None:
    """Wait for the check of what was revoked while the stream opened."""
    stream.skip()
    await stream.next("heartbeat")


async def log_out(api: httpx2.AsyncClient, auditor: Account) -> None:
    await api.delete(f"users/{auditor.id}/sessions")


async def sign_out(api: httpx2.AsyncClient, auditor: Account) -> None:
    """Revoke the session only, which is no change of the log."""
    await api.post("auth/logout", headers=auditor.header)


async def deactivate(api: httpx2.AsyncClient, auditor: Account) -> None:
    await api.patch(f"users/{auditor.id}", json={"is_active": False})


async def take_roles(api: httpx2.AsyncClient, auditor: Account) -> None:
    await api.patch(f"users/{auditor.id}", json={"role_ids": []})


async def take_grant(api: httpx2.AsyncClient, auditor: Account) -> None:
    role = (await api.get(f"users/{auditor.id}")).json()["roles"][0]["id"]
    await api.patch(f"roles/{role}", json={"modules": {}})


@pytest.mark.parametrize(
    "deed", [sign_out, log_out, deactivate, take_roles, take_grant]
)
async def test_revocation_ends_it(
    running: FastAPI,
    api: httpx2.AsyncClient,
    auditor: Account,
    other: FastAPI,
    deed: Any,
) -> None:
    async with opened(other, auditor.header) as stream:
        await first_check(stream)
        await deed(api, auditor)
        await stream.end()
    assert stream.messages[-1].get("more_body", False) is False
    again = Stream(running, auditor.header)
    await again.end()
    assert again.status in (401, 403)


@pytest.mark.parametrize("is_read", [False, True])
async def test_a_revocation_while_it_opens_ends_it(
    other: FastAPI,
    api: httpx2.AsyncClient,
    auditor: Account,
    monkeypatch: pytest.MonkeyPatch,
    is_read: bool,
) -> None:
    """Its change is behind the position at which the reader begins, or has gone on."""
    call = FeedResponse.__call__

    async def revoke_first(response: FeedResponse, *rest: Any) -> None:
        monkeypatch.setattr(FeedResponse, "__call__", call)
        await deactivate(api, auditor)
        if is_read:
            await owner.next()
        await call(response, *rest)

    async with AsyncExitStack() as stack:
        if is_read:
            root = {"authorization": api.headers["authorization"]}
            owner = await stack.enter_async_context(opened(other, root, "entity=User"))
        monkeypatch.setattr(FeedResponse, "__call__", revoke_first)
        async with opened(other, auditor.header) as stream:
            await stream.end()


@pytest.fixture
async def key(api: httpx2.AsyncClient) -> Any:
    body = key_body("audit:read")
    return (await api.post("auth/keys", json=body)).raise_for_status().json()


async def test_a_deleted_key_ends_it(
    other: FastAPI, api: httpx2.AsyncClient, root: Header, key: Any
) -> None:
    async with opened(other, with_key(key)) as stream, opened(other, root) as owner:
        await first_check(stream)
        (await api.delete(f"auth/keys/{key['id']}")).raise_for_status()
        await stream.end()
        assert not owner.task.done()


async def test_changes_of_others_and_new_rights_end_nothing(
    other: FastAPI, api: httpx2.AsyncClient, auditor: Account, make_account: MakeAccount
) -> None:
    colleague: Account = await in_thread(make_account, "audit:read")
    feed = other.state.feed
    async with opened(other, auditor.header, "entity=User") as stream:
        await first_check(stream)
        await deactivate(api, colleague)
        assert (await stream.next()).data["entity_id"] == str(colleague.id)
        (permit,) = feed.streams.permits
        assert permit.seconds_until_due() > 1_000
        assert not stream.task.done()
