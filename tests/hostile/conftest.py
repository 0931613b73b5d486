"""Fixtures: one application per test file, and one server."""

from asyncio import Runner
from collections.abc import Iterator

import pytest

from app.core.logging import configure_logging
from app.main import create_app
from tests.accounts import root_header
from tests.databases import Template, make_settings
from tests.hostile.api import Api
from tests.processes.servers import Server, serving


@pytest.fixture(scope="module")
def api(template: Template) -> Iterator[Api]:
    """One database for a whole file, since rejected requests change nothing."""
    with template.copy() as url, Runner() as runner:
        settings = make_settings(url, LOG_LEVEL="ERROR")
        app = create_app(settings)
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield Api(app, runner, root_header(settings)["authorization"])
        runner.run(lifespan.__aexit__(None, None, None))
    configure_logging(make_settings(url))  # for the tests that read what is logged


@pytest.fixture(scope="package")
def server(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The application behind a socket and an HTTP parser."""
    with (
        template.copy() as url,
        serving(url, tmp_path_factory.mktemp("server"), LOG_LEVEL="ERROR") as server,
    ):
        yield server
