"""Every operation as every kind of caller. The rows are in matrix.py."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.auth.permissions.registry import known_permissions
from app.core.db.ids import uuid7
from tests.auth.keys.keys import make_key, with_key
from tests.auth.permissions.matrix import GUARDED, MATRIX, OPEN, PUBLIC, Row
from tests.conftest import MakeAccount
from tests.contract import status_and_code
from tests.slices import SLICES

pytestmark = [pytest.mark.either, pytest.mark.slow]

# Operations permitted while the initial password must be changed.
BEFORE_A_CHANGE = {
    "GET /api/v1/auth/me",
    "PATCH /api/v1/auth/me",
    "POST /api/v1/auth/password",
    "POST /api/v1/auth/logout",
}

# Guarded operations that no API key may do; none may call /auth but GET /auth/me.
FOR_PEOPLE = {
    "POST /api/v1/users",
    "POST /api/v1/users/{id}/keys",
    "POST /api/v1/users/{id}/password-link",
    "PUT /api/v1/users/{id}/superuser",
}

Header = dict[str, str]
HeaderWith = Callable[..., Header]


@pytest.fixture
def header_with(make_account: MakeAccount) -> HeaderWith:
    """Return the header of an account, cached by its permissions."""
    return cache(lambda *permissions: make_account(*permissions).header)


def split_operation(operation: str) -> tuple[str, str]:
    """Return the method and the absolute URL, as some are not below /api/v1."""
    method, path = operation.split()
    return method, f"http://test{path}"


def missing_url(url: str) -> str:
    return url.format(id=uuid7())


def resource(url: str) -> str:
    return url.split("/")[5]


def existing_url(client: TestClient, url: str, header: Header) -> str:
    """Insert the id of an existing record into the URL."""
    if url.endswith("/stream"):
        return f"{url}?entity="
    if "{" not in url:
        return url
    if "/requests/" in url:
        made = client.post("tasks", json=SLICES["tasks"].body(client))
        id = made.headers["x-request-id"]
    elif url.endswith("/proof"):
        id = client.get("audit/changes?limit=1").json()["items"][0]["id"]
    elif "/auth/sessions/" in url:
        id = client.get("auth/sessions", headers=header).json()[0]["id"]
    elif "/auth/keys/" in url:
        id = str(uuid7())
    else:
        id = SLICES[resource(url)].make(client)
    return url.format(id=id)


def request_missing(
    client: TestClient, operation: str, header: Header
) -> tuple[Any, ...]:
    """Send an empty body to a missing record; authorization is checked first."""
    method, url = split_operation(operation)
    answer = client.request(method, missing_url(url), json={}, headers=header)
    return (*status_and_code(answer), answer.headers["www-authenticate"])


def request_existing(
    client: TestClient, operation: str, row: Row, header: Header
) -> int:
    """Send a valid request for an existing record; return the status."""
    method, url = split_operation(operation)
    creates = row.status == 201
    body = SLICES[resource(url)].body(client) if creates else row.body
    place = existing_url(client, url, header)
    if row.file is not None:
        csv = header | {"content-type": "text/csv"}
        return client.post(place, content=row.file, headers=csv).status_code
    status: int = client.request(method, place, json=body, headers=header).status_code
    return status


def insufficient_scope(permission: str | None) -> tuple[int, str, str]:
    challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
    return 403, "permission_denied", challenge


def all_permissions_except(permission: str) -> Iterator[str]:
    """Yield all other permissions, except those that include the given one."""
    module, _, action = permission.partition(":")
    for each in sorted(known_permissions()):
        if each != permission and not (action == "read" and each.startswith(module)):
            yield each


def test_public_operations_need_no_credentials(anonymous: TestClient) -> None:
    for operation, status in PUBLIC.items():
        method, url = split_operation(operation)
        assert anonymous.request(method, url, json={}).status_code == status


def test_responses_about_sessions_are_not_cached(client: TestClient) -> None:
    about = [each for each in (*MATRIX, *PUBLIC) if "/auth/" in each]
    for operation in about:
        method, url = split_operation(operation)
        for header in ({}, {"authorization": "Bearer nonsense"}):
            answer = client.request(method, missing_url(url), json={}, headers=header)
            assert answer.headers["cache-control"] == "no-store", operation


@pytest.mark.asvs("6.4.1")
def test_an_initial_password_must_be_changed_before_other_requests(
    client: TestClient, make_account: MakeAccount
) -> None:
    denied = (403, "password_change_required")
    for operation in MATRIX.keys() - BEFORE_A_CHANGE:
        method, url = split_operation(operation)
        newcomer = make_account(is_superuser=True, must_change_password=True).header
        answer = client.request(method, missing_url(url), json={}, headers=newcomer)
        assert status_and_code(answer) == denied, operation
    for operation in BEFORE_A_CHANGE:
        newcomer = make_account(must_change_password=True).header
        row = OPEN[operation]
        assert request_existing(client, operation, row, newcomer) == row.status, (
            operation
        )


@pytest.mark.asvs("8.2.1")
def test_anonymous_requests_are_rejected(anonymous: TestClient) -> None:
    found = {
        operation: request_missing(anonymous, operation, {}) for operation in MATRIX
    }
    assert found == dict.fromkeys(MATRIX, (401, "invalid_token", "Bearer"))


def test_a_user_without_permissions_may_manage_their_account(
    client: TestClient, make_account: MakeAccount
) -> None:
    found = {
        each: request_existing(client, each, OPEN[each], make_account().header)
        for each in OPEN
    }
    assert found == {each: row.status for each, row in OPEN.items()}


@pytest.mark.asvs("8.2.1")
def test_a_user_without_permissions_is_denied_guarded_operations(
    anonymous: TestClient, make_account: MakeAccount
) -> None:
    user = make_account().header
    found = {
        operation: request_missing(anonymous, operation, user) for operation in GUARDED
    }
    assert found == {
        each: insufficient_scope(row.needs) for each, row in GUARDED.items()
    }


def test_a_reader_of_everything_may_only_read(
    client: TestClient, make_account: MakeAccount
) -> None:
    reads = {row.needs for each, row in GUARDED.items() if each.startswith("GET")}
    reader = make_account(*sorted(str(permission) for permission in reads)).header
    for operation, row in GUARDED.items():
        if row.needs in reads:
            assert request_existing(client, operation, row, reader) == row.status, (
                operation
            )
        else:
            assert request_missing(client, operation, reader) == insufficient_scope(
                row.needs
            ), operation


@pytest.mark.asvs("8.2.1")
def test_the_required_permission_is_sufficient(
    client: TestClient, header_with: HeaderWith
) -> None:
    found = {
        e: request_existing(client, e, row, header_with(row.needs, *row.also))
        for e, row in GUARDED.items()
    }
    assert found == {
        each: 403 if row.superusers_only else row.status
        for each, row in GUARDED.items()
    }


@pytest.mark.asvs("8.2.1")
def test_all_other_permissions_are_insufficient(
    anonymous: TestClient, header_with: HeaderWith
) -> None:
    for operation, row in GUARDED.items():
        rest = header_with(*all_permissions_except(str(row.needs)))
        assert request_missing(anonymous, operation, rest) == insufficient_scope(
            row.needs
        ), operation


@pytest.mark.asvs("8.2.1")
def test_a_key_may_do_what_its_scopes_say(
    client: TestClient, make_account: MakeAccount
) -> None:
    """As a superuser's, whose permissions do not matter."""
    whole = known_permissions()

    @cache
    def header(*scopes: str) -> Header:
        owner = make_account(is_superuser=True)
        return with_key(make_key(client, owner, *sorted(scopes)))

    for operation, row in GUARDED.items():
        allowed = header(*{str(row.needs), *row.also})
        status = 403 if operation in FOR_PEOPLE else row.status
        assert request_existing(client, operation, row, allowed) == status, operation
        for scope in (str(row.needs), *row.also):
            denied = request_missing(client, operation, header(*whole - {scope}))
            assert denied == insufficient_scope(scope), operation


def test_a_superuser_may_do_everything(
    client: TestClient, make_account: MakeAccount
) -> None:
    root: Header = {}
    for operation, row in MATRIX.items():
        # Some operations on the own account end the session.
        header = root if row.needs else make_account(is_superuser=True).header
        assert request_existing(client, operation, row, header) == row.status, operation


def test_a_missing_record_is_404_for_a_superuser(
    client: TestClient,
) -> None:
    for operation, row in MATRIX.items():
        method, url = split_operation(operation)
        if "{" in url:
            missing = client.request(method, missing_url(url), json=row.body)
            assert status_and_code(missing) == (404, "not_found"), operation
