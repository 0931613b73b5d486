"""Fixtures: both databases, a fresh one per test, and a client.

`pytest --database sqlite` is the short run. Plain `pytest` needs no setting, no server
and no .env: PostgreSQL comes with the packages.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

os.environ.setdefault("SECRET_KEY", "test-only-" + "s" * 40)

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.database import Database
from app.main import create_app, open_database
from tests.databases import PostgresTemplate, SqliteTemplate, make_settings

# Copying a PostgreSQL database makes 300 files: 15 ms in memory, up to 250 on a disk.
MEMORY = Path("/dev/shm")  # noqa: S108

Template = SqliteTemplate | PostgresTemplate
TEMPLATES: dict[str, type[Template]] = {
    "sqlite": SqliteTemplate,
    "postgresql": PostgresTemplate,
}
MARKS = (
    "browser: drives a real Chromium",
    "client: generates a TypeScript client, with npm",
    "slow: takes several seconds",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=TEMPLATES, help="test on this one only")


def pytest_configure(config: pytest.Config) -> None:
    config.option.strict_markers = True
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    config.addinivalue_line("filterwarnings", "error")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "template" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("database")
        engines = [chosen] if chosen else list(TEMPLATES)
        metafunc.parametrize("template", engines, indirect=True, scope="session")


def pytest_report_header(config: pytest.Config) -> str:
    chosen = config.getoption("database")
    return f"databases: {chosen or ', '.join(TEMPLATES)}"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest) -> Iterator[Template]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        template = TEMPLATES[request.param](Path(folder) / request.param)
        yield template
        template.close()


@pytest.fixture
def url(template: Template) -> Iterator[str]:
    with template.copy() as url:
        yield url


@pytest.fixture
def empty_url(template: Template) -> Iterator[str]:
    """Address a database that no migration has seen yet."""
    with template.empty() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(make_settings(url)) as database:
        yield database


@pytest.fixture
def app(url: str) -> FastAPI:
    return create_app(make_settings(url))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(
        app, base_url="http://test/api/v1/", raise_server_exceptions=False
    ) as client:
        yield client
