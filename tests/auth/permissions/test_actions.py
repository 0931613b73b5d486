"""Actions: each route requires one, and each declared one is required."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from app.auth.dependencies import check_permissions, guarded_router, permissions_of
from app.auth.permissions.actions import action
from app.auth.permissions.registry import CRUD, REGISTRY, known_permissions
from tests.conftest import MakeAccount

Json = dict[str, str]


@pytest.fixture
def reports() -> Iterator[APIRouter]:
    """A module with a custom action, which a route has to state."""
    yield guarded_router("reports", actions=("read", "export"))
    del REGISTRY["reports"]


async def export_reports() -> Json:
    return {"exported": "all"}


def test_the_routes_require_exactly_the_declared_actions(app: FastAPI) -> None:
    assert set(permissions_of(app.routes)) == known_permissions()


def test_an_unused_action_stops_the_start(
    reports: APIRouter,
) -> None:
    reports.get("/export")(export_reports)
    message = "No route asks for reports:export: state it with @action"
    with pytest.raises(RuntimeError, match=message):
        check_permissions(reports.routes)


def test_an_undeclared_action_stops_the_start(reports: APIRouter) -> None:
    reports.get("/export")(action("exprot")(export_reports))
    with pytest.raises(RuntimeError, match="No guarded_router declares reports:exprot"):
        check_permissions(reports.routes)


@pytest.mark.parametrize("first", ["route", "action"])
def test_a_stated_action_is_required(
    reports: APIRouter,
    app: FastAPI,
    anonymous: TestClient,
    make_account: MakeAccount,
    first: str,
) -> None:
    async def export() -> Json:
        return {"exported": "all"}

    async def list_reports() -> Json:
        return {}

    reports.get("")(list_reports)
    # The decorators may be applied in either order.
    if first == "action":
        reports.get("/export")(action("export")(export))
    else:
        action("export")(reports.get("/export")(export))
    check_permissions(reports.routes)
    app.router.routes[:0] = reports.routes

    reader, exporter = make_account("reports:read"), make_account("reports:export")
    assert anonymous.get("reports", headers=reader.header).status_code == 200
    rejected = anonymous.get("reports/export", headers=reader.header)
    assert rejected.status_code == 403
    assert rejected.headers["www-authenticate"].endswith('scope="reports:export"')
    answer = anonymous.get("reports/export", headers=exporter.header)
    assert (answer.status_code, answer.json()) == (200, {"exported": "all"})


def test_a_module_cannot_declare_two_sets_of_actions(reports: APIRouter) -> None:
    with pytest.raises(RuntimeError, match="reports registers two different sets"):
        guarded_router("reports", actions=CRUD)
