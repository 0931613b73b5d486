"""Fixtures: the application in the event loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.main import create_app
from tests.accounts import root_header
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT

Header = dict[str, str]


@pytest.fixture
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def root(settings: Settings) -> Header:
    return root_header(settings)


@pytest.fixture
async def api(running: FastAPI, root: Header) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the superuser, whose own changes are settled."""
    async with client_of(running, root) as api:
        async with asyncio.timeout(TIMEOUT):
            while await has_unsettled(api):
                await asyncio.sleep(0.01)
        yield api


@pytest.fixture
async def other(url: str) -> AsyncIterator[FastAPI]:
    """A second application on the database, with an engine of its own.

    It records no accesses: its own commits would wake its reader.
    """
    app = create_app(make_settings(url, AUDIT_ACCESS_MODE="off"))
    async with app.router.lifespan_context(app):
        yield app


async def has_unsettled(api: httpx2.AsyncClient) -> bool:
    complete = (await list_changes(api))["complete_until"]
    return bool((await list_changes(api, after=complete))["items"])


def client_of(app: FastAPI, header: Header) -> httpx2.AsyncClient:
    transport, url = httpx2.ASGITransport(app), "http://test/api/v1/"
    return httpx2.AsyncClient(transport=transport, base_url=url, headers=header)


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep heartbeats from waking a stream that missed a change, or a revocation."""
    monkeypatch.setattr("app.audit.feed.permit.INTERVAL", 3_600.0)


@pytest.fixture
def frequent_checks(no_checks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.feed.permit.INTERVAL", 0.05)


async def in_thread(function: Any, *values: Any) -> Any:
    """Call a function that runs an event loop of its own."""
    return await asyncio.to_thread(function, *values)


async def make_pen(api: httpx2.AsyncClient, number: int = 0) -> str:
    body = {"sku": f"PEN-{number:03}", "name": "Pen", "price": "1.50"}
    made = await api.post("products", json=body)
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    return id


async def list_changes(api: httpx2.AsyncClient, **query: Any) -> Any:
    return (await api.get("audit/changes", params=query)).json()
