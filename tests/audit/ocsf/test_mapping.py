"""Entries of the logs as OCSF events: valid, complete, and as the guide says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.audit.ocsf.accesses import MAPPINGS as ACCESS_MAPPINGS
from app.audit.ocsf.changes import MAPPINGS as CHANGE_MAPPINGS
from app.audit.ocsf.render import render
from app.audit.schemas import AccessRead, ChangeRead
from app.audit.shown.rows import shown_row
from tests.accounts import PASSWORD
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import OLD, make_access, make_change
from tests.audit.ocsf.validation import SCHEMA, faults
from tests.audit.test_unreadable_rows import plant
from tests.auth.signing import login
from tests.databases import ROOT

ID = "018f3c1e-7a2b-7c3d-8e4f-0123456789ab"
USER = {"entity": "User", "action": "UPDATE"}
ROLE = {"user_id": ID, "role_id": ID}
CHANGES_OF: dict[str, tuple[dict[str, Any], int]] = {
    "INSERT": ({"action": "INSERT", "old": None}, 300401),
    "UPDATE": ({"action": "UPDATE"}, 300403),
    "DELETE": ({"action": "DELETE", "new": None}, 300404),
    "UNAUDITED": ({"action": "UNAUDITED", "entity_id": None, "version": None}, 300499),
    "new user": ({**USER, "action": "INSERT", "new": {"email": "a@b.de"}}, 300101),
    "user": ({**USER, "new": {"full_name": "Ada"}}, 300199),
    "enabled": ({**USER, "new": {"is_active": True}}, 300102),
    "disabled": ({**USER, "new": {"is_active": False}}, 300105),
    "password": ({**USER, "new": {"password_hash": "hmac:"}}, 300103),
    "gone user": ({**USER, "action": "DELETE", "new": None}, 300106),
    "role": ({"entity": "UserRole", "action": "INSERT", "new": ROLE}, 300107),
    "lost role": (
        {"entity": "UserRole", "action": "DELETE", "old": ROLE, "new": None},
        300108,
    ),
    "odd role": ({"entity": "UserRole", "action": "INSERT", "new": {"x": 1}}, 300401),
    "script": ({"actor_id": None, "key_id": None, "actor_label": "root"}, 300403),
    "nobody": ({"actor_id": None, "key_id": None, "actor_label": None}, 300403),
}
NOBODY = {"user_id": None, "user_label": None, "key_id": None}
ACCESSES_OF: dict[str, tuple[dict[str, Any], int, int]] = {
    "GET": ({}, 600302, 1),
    "POST": ({"method": "POST", "status": 201}, 600301, 1),
    "PATCH": ({"method": "PATCH", "status": 412}, 600303, 2),
    "DELETE": ({"method": "DELETE", "status": 204}, 600304, 1),
    "OPTIONS": ({"method": "OPTIONS", "status": 405, **NOBODY}, 600399, 2),
    "odd method": ({"method": "BREW", "route": None, "status": 405}, 600399, 2),
    "none": ({"status": None, "ip": "unknown", **NOBODY}, 600302, 0),
    "login": ({"method": "POST", "route": "/api/v1/auth/login"}, 300201, 1),
    "failed login": (
        {"method": "POST", "route": "/api/v1/auth/login", "status": 401, **NOBODY},
        300201,
        2,
    ),
    "logout": ({"method": "POST", "route": "/x/api/v1/auth/logout"}, 300202, 1),
    "revoke": ({"method": "POST", "route": "/x/api/v1/auth/revoke"}, 300202, 1),
}


def event_of(log: Log, row: dict[str, Any]) -> dict[str, Any]:
    model: Any = ChangeRead if log is CHANGES else AccessRead
    row = dict.fromkeys(model.model_fields.keys() - {"unreadable"}) | row
    event: dict[str, Any] = json.loads(render(shown_row(model, row)))
    return event


@pytest.mark.parametrize("name", CHANGES_OF)
def test_a_change_is_a_valid_event(name: str) -> None:
    values, type_uid = CHANGES_OF[name]
    event = event_of(CHANGES, make_change(OLD, 3, **values))
    assert faults(event) == []
    assert event["type_uid"] == type_uid
    assert event["time"] == OLD.timestamp() * 1000


@pytest.mark.parametrize("name", ACCESSES_OF)
def test_a_request_is_a_valid_event(name: str) -> None:
    values, type_uid, status = ACCESSES_OF[name]
    event = event_of(ACCESSES, make_access(OLD, 3, **values))
    assert faults(event) == []
    assert (event["type_uid"], event["status_id"]) == (type_uid, status)


def test_the_validation_finds_faults() -> None:
    event = event_of(ACCESSES, make_access(OLD, 3))
    del event["api"]["operation"]
    event["actor"] = {}
    event["surprise"] = 1
    event["http_response"]["code"] = "200"
    event["severity_id"] = 7
    assert len(faults(event)) == 5


def test_values_before_and_after_are_kept() -> None:
    row = make_change(OLD, 3, reason="a reason")
    event = event_of(CHANGES, row)
    assert event["entity"]["data"] == row["old"]
    assert event["entity_result"]["data"] == row["new"]
    assert event["comment"] == "a reason"
    user = event["actor"]["user"]
    assert user["email_addr"] == "ben@example.com"
    assert user["programmatic_credentials"] == [
        {"type": "API key", "uid": str(row["key_id"])}
    ]


@pytest.mark.parametrize("class_uid", [*CHANGE_MAPPINGS, *ACCESS_MAPPINGS])
def test_every_field_of_a_log_is_mapped(class_uid: int) -> None:
    is_change = class_uid in CHANGE_MAPPINGS
    mapping = {**CHANGE_MAPPINGS, **ACCESS_MAPPINGS}[class_uid]
    named = {it for each in mapping for it in re.findall(r"`(\w+)`", each.source)}
    model = ChangeRead if is_change else AccessRead
    assert named >= model.model_fields.keys()


@pytest.mark.parametrize(
    ("password", "status", "name"),
    [(PASSWORD, 200, "root@example.com"), ("wrong", 401, "unknown")],
)
def test_a_login_through_the_api_is_an_authentication(
    client: TestClient, password: str, status: int, name: str
) -> None:
    assert login(client, "root@example.com", password).status_code == status
    client.call(client.app.state.access_log.loader.load)  # type: ignore[attr-defined]
    (item,) = client.get(f"audit/accesses?status={status}").json()["items"]
    event = json.loads(render(AccessRead.model_validate(item)))
    assert (event["type_uid"], event["user"]["name"]) == (300201, name)


@pytest.mark.slow
@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name.value)
def test_rows_that_cannot_be_read_are_valid_events(
    client: TestClient, url: str, log: Log
) -> None:
    plant(Target(url, Path()), log, ID)
    model: Any = ChangeRead if log is CHANGES else AccessRead
    items = client.get(f"audit/{log.name.value}?limit=200").json()["items"]
    assert len(items) > 3
    for item in items:
        event = json.loads(render(model.model_validate(item)))
        assert faults(event) == []


def test_the_guide_is_of_the_version_of_the_schema() -> None:
    guide = (ROOT / "docs/operations/OCSF.md").read_text(encoding="utf-8")
    assert f"OCSF {SCHEMA['version']}" in guide
