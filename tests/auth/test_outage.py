"""Database outages: requests are answered 503, not 401."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.main import create_app
from tests.accounts import Account, add_account
from tests.auth.signing import NEW_PASSWORD, login
from tests.databases import make_settings
from tests.modules.test_products import PEN
from tests.processes.servers import free_port, serving

pytestmark = pytest.mark.slow


def requests(client: Any, user: Account) -> Iterator[Any]:
    """Send requests that need the database."""
    header, pair = user.header, {"refresh_token": user.refresh_token}
    change = {"current_password": NEW_PASSWORD, "new_password": NEW_PASSWORD}
    yield login(client, user.email)
    yield login(client, "unknown@example.com")
    yield client.post("auth/refresh", json=pair)
    yield client.post("auth/revoke", json=pair)
    yield client.get("auth/me", headers=header)
    yield client.get("auth/sessions", headers=header)
    yield client.post("auth/password", json=change, headers=header)
    yield client.post("auth/logout", headers=header)
    yield client.post("auth/logout-all", headers=header)
    yield client.get("products", headers=header)
    yield client.post("products", json=PEN, headers=header)
    yield client.delete(f"users/{user.id}", headers=header)


def check_unavailable(answers: Iterator[Any]) -> None:
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0


@pytest.fixture
def user(settings: Settings) -> Account:
    return add_account(settings, is_superuser=True)


@pytest.mark.asvs("16.5.2")
def test_requests_are_503_while_the_database_is_unreachable(
    tmp_path: Path, user: Account
) -> None:
    away = f"postgresql://user:secret@127.0.0.1:{free_port()}/app"
    with serving(away, tmp_path) as server, server.client() as client:
        check_unavailable(requests(client, user))
        assert client.get(f"{server.base_url}/livez").status_code == 200


@pytest.mark.asvs("16.5.2")
def test_requests_are_503_until_a_stopped_database_returns(postgresql: Any) -> None:
    settings = make_settings(postgresql.get_uri("template"))
    user = add_account(settings, is_superuser=True)
    with TestClient(
        create_app(settings), "http://test/api/v1/", raise_server_exceptions=False
    ) as client:
        assert client.get("auth/me", headers=user.header).status_code == 200
        postgresql.stop()
        check_unavailable(requests(client, user))
        check_unavailable(iter([client.get("http://test/readyz")]))
        postgresql.ensure_postgres_running()
        assert client.get("http://test/readyz").status_code == 200
        assert client.get("auth/me", headers=user.header).status_code == 200
        assert login(client, user.email).status_code == 200
