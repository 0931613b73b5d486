"""Fixtures: a streaming replica of the server, and an application that uses it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from app.core.config import Settings
from app.core.db.replica import replica
from app.core.db.replica.replica import State
from tests.accounts import root_header
from tests.core.db.replica.stale import StaleClient
from tests.databases import PATIENCE, PostgresTemplate, Template, make_settings
from tests.processes.standby import Standby, standby_of


@pytest.fixture
def standby(template: Template, url: str) -> Iterator[Standby]:
    if not isinstance(template, PostgresTemplate):
        pytest.skip("SQLite has no replica")
    with standby_of(template.server, str(make_url(url).database)) as standby:
        yield standby


@pytest.fixture
def settings(url: str, standby: Standby, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with which a busy machine is not taken for a replica that lags."""
    monkeypatch.setattr(replica, "PATIENCE", PATIENCE)
    lag = {"DATABASE_REPLICA_MAX_LAG": PATIENCE}
    return make_settings(url, DATABASE_REPLICA_URL=standby.url, **lag)


@pytest.fixture
def stale(app: FastAPI, settings: Settings) -> Iterator[StaleClient]:
    """A client of an application that has found its replica."""
    with StaleClient(app, "http://test/api/v1/") as client:
        client.headers.update(root_header(settings))
        client.wait_for(State.OK)
        yield client
