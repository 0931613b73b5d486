"""Actions: each route asks for one, and each declared one is asked for."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from app.auth.dependencies import check_permissions, guarded_router, permissions_of
from app.auth.permissions.actions import action
from app.auth.permissions.registry import CRUD, REGISTRY, known_permissions
from tests.conftest import Enter

Json = dict[str, str]


@pytest.fixture
def reports() -> Iterator[APIRouter]:
    """A module with an action of its own, which its router has to state."""
    yield guarded_router("reports", actions=("read", "export"))
    del REGISTRY["reports"]


async def export_reports() -> Json:
    return {"exported": "all"}


def test_the_routes_ask_for_exactly_what_is_declared(app: FastAPI) -> None:
    assert set(permissions_of(app.routes)) == known_permissions()


def test_a_declared_action_that_no_route_asks_for_stops_the_start(
    reports: APIRouter,
) -> None:
    reports.get("/export")(export_reports)
    message = "No route asks for reports:export: state it with @action"
    with pytest.raises(RuntimeError, match=message):
        check_permissions(reports.routes)


def test_an_action_that_is_not_declared_stops_the_start(reports: APIRouter) -> None:
    reports.get("/export")(action("exprot")(export_reports))
    with pytest.raises(RuntimeError, match="No guarded_router declares reports:exprot"):
        check_permissions(reports.routes)


@pytest.mark.parametrize("first", ["route", "action"])
def test_a_stated_action_is_asked_for(
    reports: APIRouter, app: FastAPI, stranger: TestClient, enter: Enter, first: str
) -> None:
    async def export() -> Json:
        return {"exported": "all"}

    async def list_reports() -> Json:
        return {}

    reports.get("")(list_reports)
    # The decorators may stand in either order.
    if first == "action":
        reports.get("/export")(action("export")(export))
    else:
        action("export")(reports.get("/export")(export))
    check_permissions(reports.routes)
    app.router.routes[:0] = reports.routes

    reader, exporter = enter("reports:read"), enter("reports:export")
    assert stranger.get("reports", headers=reader.header).status_code == 200
    refused = stranger.get("reports/export", headers=reader.header)
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].endswith('scope="reports:export"')
    answer = stranger.get("reports/export", headers=exporter.header)
    assert (answer.status_code, answer.json()) == (200, {"exported": "all"})


def test_a_module_cannot_declare_two_sets_of_actions(reports: APIRouter) -> None:
    with pytest.raises(RuntimeError, match="reports registers two different sets"):
        guarded_router("reports", actions=CRUD)
