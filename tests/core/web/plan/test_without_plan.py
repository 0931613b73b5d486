"""Requests that FastAPI serves itself: overrides, spans, and what is not planned."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Form, Path, Request, Security
from fastapi.security import SecurityScopes
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.auth.bearer import get_principal
from app.core.exceptions import ConflictException
from app.core.handlers import install_handlers
from app.core.web.routing import Route, api_router
from tests.clients import Client
from tests.contract import status_and_code

BASE = "http://test/api/v1/"


async def get_number(request: Request) -> int:
    return 1


Number = Annotated[int, Depends(get_number)]


async def get_pair(number: Number) -> tuple[int, int]:
    return number, 2


async def read_pair(pair: Annotated[tuple[int, int], Depends(get_pair)]) -> Any:
    return pair


def app_with(endpoint: Callable[..., Any], **options: Any) -> FastAPI:
    router = api_router("")
    router.get("/x")(endpoint)
    app = FastAPI(**options)
    install_handlers(app)
    app.router.routes.extend(router.routes)
    return app


def test_an_override_applies_from_the_next_request_until_it_is_removed() -> None:
    app = app_with(read_pair)
    app.dependency_overrides[get_number] = lambda: 3
    with Client(app, base_url=BASE) as client:
        assert client.get("x").json() == [3, 2]
        app.dependency_overrides.clear()
        assert client.get("x").json() == [1, 2]
        app.dependency_overrides = {get_pair: lambda: (5, 6)}
        assert client.get("x").json() == [5, 6]


def test_an_override_is_one_application_s() -> None:
    router = api_router("")
    router.get("/x")(read_pair)
    for numbers in ([3, 2], [1, 2]):
        app = FastAPI()
        app.router.routes.extend(router.routes)
        if numbers == [3, 2]:
            app.dependency_overrides[get_number] = lambda: 3
        with Client(app, base_url=BASE) as client:
            assert client.get("x").json() == numbers


def test_a_dependency_of_the_application_can_be_overridden(
    app: FastAPI, client: TestClient
) -> None:
    async def refuse() -> None:
        raise ConflictException("Overridden")

    app.dependency_overrides[get_principal] = refuse
    assert status_and_code(client.get("products")) == (409, "conflict")
    app.dependency_overrides.clear()
    assert client.get("products").status_code == 200


def test_spans_are_those_of_fastapi() -> None:
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = app_with(read_pair, telemetry={"tracer_provider": provider})
    with Client(app, base_url=BASE) as client:
        assert client.get("x").json() == [1, 2]
        operations = ["dependencies", "endpoint", "serialization"]
        assert [it.name for it in exporter.get_finished_spans()] == [
            *(f"fastapi.{name}" for name in operations),
            "GET /api/v1/x",
        ]
        exporter.clear()
        app._telemetry["exclude"] = lambda scope: True
        assert client.get("x").json() == [1, 2]
        assert exporter.get_finished_spans() == ()


def get_sync() -> int:
    return 1


async def get_scopes(scopes: SecurityScopes) -> list[str]:
    return scopes.scopes


async def read_sync(it: Annotated[int, Depends(get_sync)]) -> Any:
    return it


async def read_twice(
    one: Number, two: Annotated[int, Depends(get_number, use_cache=False)]
) -> Any:
    return [one, two]


async def read_scopes(
    it: Annotated[list[str], Security(get_scopes, scopes=["a"])],
) -> Any:
    return it


async def read_form(name: Annotated[str, Form()] = "none") -> Any:
    return name


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [(read_sync, 1), (read_twice, [1, 1]), (read_scopes, ["a"]), (read_form, "none")],
)
def test_fastapi_serves_what_cannot_be_planned(
    endpoint: Callable[..., Any], expected: Any
) -> None:
    app = app_with(endpoint)
    route = app.routes[-1]
    assert isinstance(route, Route)
    assert route.planned is None
    with Client(app, base_url=BASE) as client:
        assert client.get("x").json() == expected


async def read_missing(missing: Annotated[int, Path()]) -> None: ...


def test_fastapi_reports_a_parameter_that_is_not_in_the_path() -> None:
    app = app_with(read_missing)
    with Client(app, base_url=BASE) as client:
        (error,) = client.get("x").json()["errors"]
    assert error["loc"] == ["path", "missing"]
