"""A planned route answers as FastAPI does, byte for byte and call for call."""

from collections.abc import Iterator
from json import dumps
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.core.web.routing import Route, api_router
from tests.core.web.plan.client import client_of
from tests.core.web.plan.routes import add_routes, calls

ID = UUID(int=7)
EMPTY = object()  # a body of no bytes
PEN = {"name": "Pen", "size": 2}
USER = {"authorization": "Bearer x"}
WRONG = {"name": 1, "size": "large"}

Request = tuple[str, str, dict[str, Any]]


def get(path: str, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return "GET", path, {"headers": named}


def post(path: str, body: Any, **headers: str) -> Request:
    content = b"" if body is EMPTY else dumps(body)
    json = {"content-type": "application/json"}
    return "POST", path, {"content": content, "headers": headers | json}


PARAMETERS = f"parameters/{ID}/7"
GUARDED = f"guarded/{ID}"
CASES = [
    get(PARAMETERS, x_size="3"),
    get(PARAMETERS, x_size="3", x_names="a", cookie="code=abc"),
    get(PARAMETERS, x_size="", cookie="code=a"),
    get("parameters/1/0", x_size="large", cookie="code=a"),
    get("shared", trace="1"),
    get("shared", trace="1", cookie="token=5"),
    get("shared"),
    get("shared", trace="x", cookie="token=x"),
    post(GUARDED, PEN, **USER, trace="1"),
    post(GUARDED, PEN),
    post(GUARDED, WRONG),
    post(GUARDED, WRONG, **USER),
    post("guarded/1", WRONG, **USER, trace="x"),
    post(GUARDED, [], **USER, trace="1"),
    post(GUARDED, None, **USER, trace="1"),
    post(GUARDED, EMPTY, **USER, trace="1"),
    post("two", {"pen": PEN, "other": PEN}),
    post("two", {"pen": PEN, "other": WRONG, "note": 1}),
    post("two", PEN),
    post("two", [PEN]),
    post("embedded", {"pen": PEN}),
    post("embedded", PEN),
    post("optional", PEN),
    post("optional", None),
    post("optional", EMPTY),
    post("two", EMPTY),
    get("generators"),
    *(get("generators", fail=it) for it in ("endpoint", "session", "lock", "outer")),
    get("generators", fail="crash"),
    *(
        get("generators", fail="endpoint", suppress=name)
        for name in ("lock", "session", "outer")
    ),
    post("session", PEN),
    post("session", WRONG),
    post("name", PEN),
    post("name", WRONG),
    post("both", {"pen": PEN, "note": PEN}),
    post("both", {"pen": WRONG, "note": WRONG}),
    post("accepted", EMPTY),
    *(get("later", own=it) for it in ("0", "1")),
    *(get("status", status=it) for it in ("200", "204", "304", "404", "503", "x")),
    ("DELETE", "nothing", {}),
    ("DELETE", "nothing", {"headers": USER}),
    get("wrong"),
    get("text/a/b"),
    get("accepted"),
    get("unset"),
    ("PUT", "shared", {}),
]


@pytest.fixture(scope="module")
def plain() -> Iterator[TestClient]:
    with client_of(add_routes(APIRouter(prefix="/api/v1"))) as client:
        yield client


@pytest.fixture(scope="module")
def planned() -> Iterator[TestClient]:
    with client_of(add_routes(api_router(""))) as client:
        yield client


def answer(client: TestClient, request: Request) -> tuple[Response, list[str]]:
    calls.clear()
    method, path, options = request
    return client.request(method, path, **options), list(calls)


@pytest.mark.parametrize("request_", CASES, ids=str)
def test_a_plan_answers_as_fastapi_does(
    plain: TestClient, planned: TestClient, request_: Request
) -> None:
    expected, made = answer(plain, request_)
    given, called = answer(planned, request_)
    assert called == made
    assert (given.status_code, given.content) == (
        expected.status_code,
        expected.content,
    )
    # FastAPI sends a type all the same.
    if expected.status_code == 204 and request_[1] == "nothing":
        del expected.headers["content-type"]
    assert given.headers.multi_items() == expected.headers.multi_items()


def test_the_cases_cover_all_kinds_of_answers(plain: TestClient) -> None:
    statuses = {answer(plain, it)[0].status_code for it in CASES}
    assert statuses >= {200, 201, 202, 204, 304, 401, 404, 405, 409, 422, 500, 503}


def test_every_route_has_a_plan() -> None:
    for route in add_routes(api_router("")).routes:
        assert isinstance(route, Route)
        assert route.planned is not None, route.path


def test_every_route_of_the_api_but_the_form_has_a_plan(app: FastAPI) -> None:
    routes = [route for route in app.routes if isinstance(route, Route)]
    unplanned = {route.name for route in routes if route.planned is None}
    assert (len(routes) > 50, unplanned) == (True, {"login"})
