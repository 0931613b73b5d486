"""Requests to sign in, refresh and read the account."""

from typing import Any

from fastapi.testclient import TestClient

from tests.accounts import PASSWORD

NEW_PASSWORD = "three slates under a copper roof"


def login(client: TestClient, email: str, password: str = PASSWORD) -> Any:
    form = {"username": email, "password": password}
    return client.post("auth/login", data=form, headers={"authorization": ""})


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = login(client, email, password)
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def bearer(pair: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {pair['access_token']}"}


def refresh(client: TestClient, pair: dict[str, Any]) -> Any:
    return client.post("auth/refresh", json={"refresh_token": pair["refresh_token"]})


def revoke(client: TestClient, pair: dict[str, Any]) -> int:
    body = {"refresh_token": pair["refresh_token"]}
    status: int = client.post("auth/revoke", json=body).status_code
    return status


def me(client: TestClient, pair: dict[str, Any]) -> int:
    status: int = client.get("auth/me", headers=bearer(pair)).status_code
    return status
