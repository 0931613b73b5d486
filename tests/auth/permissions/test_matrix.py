"""Every operation, tried by everybody: the rows are in matrix.py."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.auth.permissions.registry import known_permissions
from app.core.db.ids import uuid7
from tests.auth.permissions.matrix import GUARDED, MATRIX, OPEN, PUBLIC, Row
from tests.conftest import Enter
from tests.contract import verdict
from tests.slices import SLICES

# What somebody may do whose password was given to her by another.
BEFORE_A_CHANGE = {
    "GET /api/v1/auth/me",
    "PATCH /api/v1/auth/me",
    "POST /api/v1/auth/password",
    "POST /api/v1/auth/logout",
}

Header = dict[str, str]
SessionRef = Callable[..., Header]


@pytest.fixture
def seat(enter: Enter) -> SessionRef:
    """Enter once for each set of permissions."""
    return cache(lambda *permissions: enter(*permissions).header)


def split(operation: str) -> tuple[str, str]:
    """Return the method and the whole address: half of them are not below /api/v1."""
    method, path = operation.split()
    return method, f"http://test{path}"


def absent(url: str) -> str:
    return url.format(id=uuid7())


def resource(url: str) -> str:
    return url.split("/")[5]


def present(client: TestClient, url: str, header: Header) -> str:
    """Put the id of a record that is there into the address."""
    if "{" not in url:
        return url
    if "/requests/" in url:
        made = client.post("tasks", json=SLICES["tasks"].body(client))
        id = made.headers["x-request-id"]
    elif "/auth/sessions/" in url:
        id = client.get("auth/sessions", headers=header).json()[0]["id"]
    else:
        id = SLICES[resource(url)].make(client)
    return url.format(id=id)


def refusal(client: TestClient, operation: str, header: Header) -> tuple[Any, ...]:
    """Try this with an empty body, on a record that does not exist: neither shows."""
    method, url = split(operation)
    answer = client.request(method, absent(url), json={}, headers=header)
    return (*verdict(answer), answer.headers["www-authenticate"])


def attempt(client: TestClient, operation: str, row: Row, header: Header) -> int:
    """Try this on a record that exists, as one should."""
    method, url = split(operation)
    creates = row.answer == 201
    body = SLICES[resource(url)].body(client) if creates else row.body
    place = present(client, url, header)
    status: int = client.request(method, place, json=body, headers=header).status_code
    return status


def lacking(permission: str | None) -> tuple[int, str, str]:
    challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
    return 403, "permission_denied", challenge


def everything_but(permission: str) -> Iterator[str]:
    """Any permission on a module brings `read` along: without it there is none."""
    module, _, action = permission.partition(":")
    for each in sorted(known_permissions()):
        if each != permission and not (action == "read" and each.startswith(module)):
            yield each


def test_the_public_ones_answer_anybody(stranger: TestClient) -> None:
    for operation, status in PUBLIC.items():
        method, url = split(operation)
        assert stranger.request(method, url, json={}).status_code == status


def test_no_answer_about_a_session_is_kept(client: TestClient) -> None:
    about = [each for each in (*MATRIX, *PUBLIC) if "/auth/" in each]
    for operation in about:
        method, url = split(operation)
        for header in ({}, {"authorization": "Bearer nonsense"}):
            answer = client.request(method, absent(url), json={}, headers=header)
            assert answer.headers["cache-control"] == "no-store", operation


@pytest.mark.asvs("6.4.1")
def test_whoever_was_given_a_password_may_only_change_it_or_leave(
    client: TestClient, enter: Enter
) -> None:
    held_up = (403, "password_change_required")
    for operation in MATRIX.keys() - BEFORE_A_CHANGE:
        method, url = split(operation)
        newcomer = enter(is_superuser=True, must_change_password=True).header
        answer = client.request(method, absent(url), json={}, headers=newcomer)
        assert verdict(answer) == held_up, operation
    for operation in BEFORE_A_CHANGE:
        newcomer = enter(must_change_password=True).header
        row = OPEN[operation]
        assert attempt(client, operation, row, newcomer) == row.answer, operation


@pytest.mark.asvs("8.2.1")
def test_a_stranger_may_do_nothing(stranger: TestClient) -> None:
    found = {operation: refusal(stranger, operation, {}) for operation in MATRIX}
    assert found == dict.fromkeys(MATRIX, (401, "invalid_token", "Bearer"))


def test_whoever_has_no_permission_may_see_to_herself(
    client: TestClient, enter: Enter
) -> None:
    found = {each: attempt(client, each, OPEN[each], enter().header) for each in OPEN}
    assert found == {each: row.answer for each, row in OPEN.items()}


@pytest.mark.asvs("8.2.1")
def test_whoever_has_no_permission_may_do_no_more(
    stranger: TestClient, enter: Enter
) -> None:
    nobody = enter().header
    found = {operation: refusal(stranger, operation, nobody) for operation in GUARDED}
    assert found == {each: lacking(row.needs) for each, row in GUARDED.items()}


def test_whoever_may_read_everything_may_only_read(
    client: TestClient, enter: Enter
) -> None:
    reads = {row.needs for each, row in GUARDED.items() if each.startswith("GET")}
    reader = enter(*sorted(str(permission) for permission in reads)).header
    for operation, row in GUARDED.items():
        if row.needs in reads:
            assert attempt(client, operation, row, reader) == row.answer, operation
        else:
            assert refusal(client, operation, reader) == lacking(row.needs), operation


@pytest.mark.asvs("8.2.1")
def test_the_needed_permission_is_enough(client: TestClient, seat: SessionRef) -> None:
    found = {e: attempt(client, e, row, seat(row.needs)) for e, row in GUARDED.items()}
    assert found == {
        each: 403 if row.superusers_only else row.answer
        for each, row in GUARDED.items()
    }


@pytest.mark.asvs("8.2.1")
def test_nothing_else_stands_in_for_it(stranger: TestClient, seat: SessionRef) -> None:
    for operation, row in GUARDED.items():
        rest = seat(*everything_but(str(row.needs)))
        assert refusal(stranger, operation, rest) == lacking(row.needs), operation


def test_a_superuser_may_do_everything(client: TestClient, enter: Enter) -> None:
    root: Header = {}
    for operation, row in MATRIX.items():
        # Some of what she does to herself ends her session.
        header = root if row.needs else enter(is_superuser=True).header
        assert attempt(client, operation, row, header) == row.answer, operation


def test_even_for_a_superuser_there_is_no_more_than_there_is(
    client: TestClient,
) -> None:
    for operation, row in MATRIX.items():
        method, url = split(operation)
        if "{" in url:
            missing = client.request(method, absent(url), json=row.body)
            assert verdict(missing) == (404, "not_found"), operation
