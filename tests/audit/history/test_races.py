"""Concurrent restores of one record."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from app.audit.archive.run.lock import ARCHIVE, run_lock
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
