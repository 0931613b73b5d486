"""Tests of the order of a collection's routes."""

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from app.core.web.collections.order import put_records_last
from app.core.web.routing import api_router


async def answer() -> None:
    """Answer nothing."""


def router_of(*paths: str) -> APIRouter:
    router = api_router("/gizmos")
    for number, path in enumerate(paths):
        router.get(path, name=f"route_{number}")(answer)
    return router


def test_a_record_is_tried_last() -> None:
    router = router_of("", "/{gizmo_id}", "/{gizmo_id}/history", "/stats")
    put_records_last(router)
    paths = [getattr(route, "path", "") for route in router.routes]
    ends = [path.removeprefix("/api/v1/gizmos") for path in paths]
    assert ends == ["", "/stats", "/{gizmo_id}", "/{gizmo_id}/history"]


def test_a_route_that_exists_twice_is_refused() -> None:
    with pytest.raises(RuntimeError, match="GET /api/v1/gizmos/stats"):
        put_records_last(router_of("/stats", "/{gizmo_id}", "/stats"))


def test_a_method_that_only_a_record_has_is_405(client: TestClient) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.request(method, "products/bulk", json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.get("products/bulk/history").status_code == 404
    assert client.get("products/bulky").status_code == 422
