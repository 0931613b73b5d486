"""Concurrent restores of one record, and past lists while records change."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import CTE

from app.audit.archive.run.lock import ARCHIVE, run_lock
from app.audit.history.collection import repository
from app.audit.history.collection.derived_values import DerivedValues
from app.audit.history.collection.scope import Scope
from app.core.clock import now
from app.core.service import CrudService
from tests.audit.erasure.test_races import is_waiting, on_postgresql
from tests.audit.feed.conftest import api, make_pen, root, running

__all__ = ["api", "on_postgresql", "root", "running"]  # fixtures


@pytest.mark.anyio
@pytest.mark.usefixtures("on_postgresql", "root")
async def test_a_restore_waits_for_no_archive_run(
    running: FastAPI, api: httpx2.AsyncClient
) -> None:
    """Its id is the number of that lock."""
    async with run_lock(running.state.health.database):
        found = await api.post(f"products/{UUID(int=ARCHIVE.key)}/restore")
    assert found.status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("on_postgresql", "root")
async def test_a_restore_waits_for_another_one(
    running: FastAPI,
    api: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it uses the version of a record that was restored and deleted meanwhile."""
    path = f"products/{await make_pen(api)}"
    await api.delete(path)
    reached, go_on = asyncio.Event(), asyncio.Event()
    restore = CrudService.restore

    async def wait(service: Any, entity: Any) -> Any:
        monkeypatch.setattr(CrudService, "restore", restore)
        reached.set()
        await go_on.wait()
        return await restore(service, entity)

    monkeypatch.setattr(CrudService, "restore", wait)
    first = asyncio.create_task(api.post(f"{path}/restore"))
    await reached.wait()
    second = asyncio.create_task(api.post(f"{path}/restore"))
    while not (second.done() or await is_waiting(running.state.health.database)):
        await asyncio.sleep(0.01)
    if second.done():
        await api.delete(path)
    go_on.set()
    assert [(await each).status_code for each in (first, second)] == [200, 409]
    versions = (await api.get(f"{path}/history")).json()["items"]
    assert [each["version"] for each in versions] == [3, 2, 1]


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("path", ["products", "products/export"])
async def test_a_record_that_is_renamed_meanwhile_is_in_the_past_list(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The past of its name is not among the values that were read before."""
    pens = [await make_pen(api, number) for number in range(3)]
    query = {"q": "pen", "format": "jsonl"} if "/" in path else {"sort": "name"}
    whole = await api.get(path, params=query)
    then = (await api.get(f"products/{pens[-1]}")).json()["created_at"]
    read = DerivedValues.read

    async def read_too_early(values: DerivedValues, scope: Scope) -> CTE:
        table = await read(values, scope)
        if pens:
            await api.patch(f"products/{pens.pop()}", json={"name": "Ink"})
        return table

    monkeypatch.setattr(DerivedValues, "read", read_too_early)
    past = await api.get(path, params=query | {"as_of": then})
    assert (past.status_code, past.text) == (200, whole.text)
    assert not pens


@pytest.mark.anyio
async def test_a_past_list_that_changes_each_time_is_busy(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pens = [await make_pen(api, number) for number in range(repository.TRIES)]
    query = {"sort": "name", "as_of": now().isoformat()}
    read = DerivedValues.read

    async def read_too_early(values: DerivedValues, scope: Scope) -> CTE:
        table = await read(values, scope)
        await api.patch(f"products/{pens.pop()}", json={"name": "Ink"})
        return table

    monkeypatch.setattr(DerivedValues, "read", read_too_early)
    busy = await api.get("products", params=query)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
