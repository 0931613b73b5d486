"""Fixtures: the application in the event loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from tests.accounts import root_header

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
    """A client of the superuser."""
    async with client_of(running, root) as api:
        yield api


def client_of(app: FastAPI, header: Header) -> httpx2.AsyncClient:
    transport, url = httpx2.ASGITransport(app), "http://test/api/v1/"
    return httpx2.AsyncClient(transport=transport, base_url=url, headers=header)


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep heartbeats from waking a stream that missed a change."""
    monkeypatch.setattr("app.audit.feed.stream.INTERVAL", 3_600.0)


@pytest.fixture
def frequent_checks(no_checks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.feed.stream.INTERVAL", 0.05)


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
