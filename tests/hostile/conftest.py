"""Fixtures: one application per file, for all of its attacks."""

from asyncio import Runner
from collections.abc import Iterator

import pytest

from app.main import create_app
from tests.accounts import root_header
from tests.databases import Template, make_settings
from tests.hostile.api import Api
from tests.servers import Server, serving


@pytest.fixture(scope="module")
def api(template: Template) -> Iterator[Api]:
    """What is refused leaves no trace, so that many attacks may share a database."""
    with template.copy() as url, Runner() as runner:
        settings = make_settings(url, LOG_LEVEL="ERROR")
        app = create_app(settings)
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield Api(app, runner, root_header(settings)["authorization"])
        runner.run(lifespan.__aexit__(None, None, None))


@pytest.fixture(scope="package")
def server(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The application behind a real socket, with a parser of HTTP before it."""
    with (
        template.copy() as url,
        serving(url, tmp_path_factory.mktemp("server"), LOG_LEVEL="ERROR") as server,
    ):
        yield server
