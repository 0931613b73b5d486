"""Fixtures: the application in the event loop of the test."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from app.core.config import Settings
from tests.accounts import root_header


@pytest.fixture
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def root(settings: Settings) -> dict[str, str]:
    return root_header(settings)


@pytest.fixture
async def api(
    running: FastAPI, root: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the superuser."""
    transport = httpx2.ASGITransport(running)
    url = "http://test/api/v1/"
    async with httpx2.AsyncClient(
        transport=transport, base_url=url, headers=root
    ) as api:
        yield api
