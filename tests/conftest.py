"""Fixtures: both databases, a fresh one per test, and clients.

`pytest --database sqlite` is the short run. Plain `pytest` needs no settings, server
or .env: PostgreSQL is a Python package. It shows that each mechanism works: what is
marked `either` runs on SQLite alone, of what is marked `sampled` only the first
parameters run, and what is marked `client`, `golang` or `heavy` is skipped. With
`--whole`, as in CI, all of it runs, on both databases.
"""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.processes.environment import DEFAULTS

# Before the application reads them.
os.environ |= DEFAULTS | {"SECRET_KEY": "test-only-" + "s" * 40}

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Select

from app.auth.passwords import hashing
from app.core.config import Settings
from app.core.db.database import Database
from app.main import create_app, open_database
from tests.accounts import FAST_CONTEXT, Account, add_account, root_header
from tests.caches import shared_work
from tests.clients import Client, ThreadClient
from tests.databases import (
    Engine,
    PostgresTemplate,
    Template,
    make_settings,
    template_on,
)

ENGINES = [engine.value for engine in Engine]
MARKS = (
    "browser: drives a real Chromium",
    "client: generates a TypeScript client, with npm; runs with --whole",
    "either: the same on either database; runs on both with --whole",
    "golang: compares with Go's implementation; runs with --whole",
    "heavy: takes long and varies what another test shows; runs with --whole",
    "sampled(number=1, on=None): only with its first parameters, on these databases; "
    "runs with all of them with --whole",
    "slow: takes a tenth of a second or more; not in the quick run",
    "threads: sends concurrent requests from several threads",
    "asvs(number): covers a requirement of OWASP ASVS 5.0",
)
WHOLE = ("client", "golang", "heavy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=ENGINES, help="test on this database only")
    more = "run the full checks of .ci/run"
    parser.addoption("--whole", action="store_true", help=more)


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(open_caches().close)
    config.option.strict_markers = True
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    config.addinivalue_line("filterwarnings", "error")


def open_caches() -> ExitStack:
    """Share work from now on: on import, files of tests read the OpenAPI document."""
    stack = ExitStack()
    stack.enter_context(shared_work())
    return stack


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "template" in metafunc.fixturenames:
        engines = engines_for(metafunc.definition)
        metafunc.parametrize("template", engines, indirect=True, scope="session")


def engines_for(test: pytest.Item) -> list[str]:
    if chosen := test.config.getoption("database"):
        return [chosen]
    either = test.get_closest_marker("either") and not test.config.getoption("whole")
    return [Engine.SQLITE.value] if either else ENGINES


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Run the slow tests first, so that all workers finish together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not config.getoption("whole"):
        skip = pytest.mark.skip(reason="Runs with --whole")
        for item in find_whole(items):
            item.add_marker(skip)


def find_whole(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests that run with --whole alone."""
    samples = Counter[tuple[str, Any]]()
    for item in items:
        if any(map(item.get_closest_marker, WHOLE)) or is_beyond(item, samples):
            yield item


def is_beyond(item: pytest.Item, samples: Counter[tuple[str, Any]]) -> bool:
    """Count a test that is marked `sampled`; return whether there were enough."""
    sampled = item.get_closest_marker("sampled")
    if not sampled or not isinstance(item, pytest.Function):
        return False
    engine = item.callspec.params.get("template")
    test = item.nodeid.partition("[")[0], engine
    samples[test] += 1
    is_counted = engine in sampled.kwargs.get("on", [engine])
    return is_counted and samples[test] > (sampled.args or (1,))[0]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage: what is imported, and all tests, live until exit."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_report_header(config: pytest.Config) -> str:
    chosen = config.getoption("database")
    return f"databases: {chosen or ', '.join(ENGINES)}"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "password_context", FAST_CONTEXT)


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest) -> Iterator[Template]:
    with template_on(Engine(request.param)) as template:
        yield template


@pytest.fixture
def url(template: Template) -> Iterator[str]:
    with template.copy() as url:
        yield url


@pytest.fixture
def empty_url(template: Template) -> Iterator[str]:
    """Return the URL of a database without tables."""
    with template.empty() as url:
        yield url


@pytest.fixture
def postgresql(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A PostgreSQL server for one test, which may stop and start it.

    Not in `tmp_path`: each pytest that starts takes the rights to that folder from the
    user that the server runs as.
    """
    if request.config.getoption("database") == "sqlite":
        pytest.skip("SQLite has no server")
    with TemporaryDirectory() as folder:
        template = PostgresTemplate(Path(folder) / "own")
        yield template.server
        template.close()


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings) as database:
        yield database


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def anonymous(app: FastAPI, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """A client without credentials."""
    make = ThreadClient if request.node.get_closest_marker("threads") else Client
    with make(app, base_url="http://test/api/v1/") as client:
        yield client


MakeAccount = Callable[..., Account]
ClientWith = Callable[..., TestClient]


@pytest.fixture
def make_account(settings: Settings) -> MakeAccount:
    """Return a function that adds an account with exactly the given permissions."""
    return partial(add_account, settings)


Read = Callable[[Select[Any]], list[Any]]


@pytest.fixture
def read(settings: Settings) -> Read:
    """Return a function that reads one column in a session of its own."""
    return partial(read_column, settings)


def read_column(settings: Settings, query: Select[Any]) -> list[Any]:
    async def ask() -> list[Any]:
        async with open_database(settings) as database, database.reading() as session:
            return list(await session.scalars(query))

    return asyncio.run(ask())


@pytest.fixture
def client_with(anonymous: TestClient, make_account: MakeAccount) -> ClientWith:
    """Return a function that signs the client in with exactly these permissions."""

    def client_with(*permissions: str, **values: object) -> TestClient:
        anonymous.headers.update(make_account(*permissions, **values).header)
        return anonymous

    return client_with


@pytest.fixture
def client(anonymous: TestClient, settings: Settings) -> TestClient:
    """A client signed in as the superuser."""
    anonymous.headers.update(root_header(settings))
    return anonymous
