"""API keys of accounts, made through the API, and requests with them."""

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from app.core.clock import now
from tests.accounts import Account


def expiry(**duration: float) -> str:
    at = now() + timedelta(**duration or {"days": 30})
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"


def key_body(*scopes: str, **values: Any) -> dict[str, Any]:
    body = {"name": "import", "scopes": scopes, "expires_at": expiry()}
    return body | values


def make_key(
    client: TestClient, account: Account, *scopes: str, **values: Any
) -> dict[str, Any]:
    """Make a key as this user; return the response's body."""
    body = key_body(*scopes, **values)
    made = client.post("auth/keys", json=body, headers=account.header)
    assert made.status_code == 201, made.text
    key: dict[str, Any] = made.json()
    return key


def with_key(key: dict[str, Any] | str) -> dict[str, str]:
    text = key if isinstance(key, str) else key["key"]
    return {"authorization": f"Bearer {text}"}


def me(client: TestClient, key: dict[str, Any] | str) -> int:
    status: int = client.get("auth/me", headers=with_key(key)).status_code
    return status
