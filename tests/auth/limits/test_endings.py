"""Operations that end access, when the limit is used up."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from tests.accounts import PASSWORD, Account, add_account
from tests.databases import make_settings


@pytest.fixture
def settings(url: str) -> Settings:
    return make_settings(url, RATE_LIMIT_USER="2/86400")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("auth/logout", None, 204),
        ("auth/logout-all", None, 204),
        (
            "auth/password",
            {"current_password": PASSWORD, "new_password": "b" * 20},
            200,
        ),
    ],
)
def test_no_limit_keeps_users_from_ending_a_stolen_session(
    anonymous: TestClient, settings: Settings, path: str, body: Any, status: int
) -> None:
    ada: Account = add_account(settings, "products:read")
    found = [anonymous.get("auth/me", headers=ada.header) for _ in range(3)]
    assert [each.status_code for each in found] == [200, 200, 429]
    ended = anonymous.post(path, json=body, headers=ada.header)
    assert ended.status_code == status, ended.text
    assert anonymous.get("auth/me", headers=ada.header).status_code == 401
