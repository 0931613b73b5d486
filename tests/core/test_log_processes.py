"""Servers whose log output fails: requests still take effect, lost lines are shown."""

import sys
from pathlib import Path

import httpx2
import pytest

from tests.accounts import PASSWORD
from tests.modules.test_products import PEN
from tests.processes.servers import TIMEOUT, Server, serving

pytestmark = pytest.mark.either

NEW_PASSWORD = "another-Pass-word-9"
OUTPUTS = {
    "full disk": "> /dev/full 2>&1",
    "closed pipe": "> >(true) 2>&1",
    "closed": ">&- 2>&-",
}


def log_check(server: Server) -> str:
    ready = httpx2.get(f"{server.base_url}/readyz", timeout=TIMEOUT)
    checks: dict[str, str] = ready.json()["checks"]
    return checks["log"]


def login(server: Server, password: str) -> httpx2.Response:
    form = {"username": "root@example.com", "password": password}
    url = f"{server.base_url}/api/v1/auth/login"
    return httpx2.post(url, data=form, timeout=TIMEOUT)


def change_password(server: Server) -> httpx2.Response:
    token = login(server, PASSWORD).json()["access_token"]
    return httpx2.post(
        f"{server.base_url}/api/v1/auth/password",
        json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        headers={"authorization": f"Bearer {token}"},
        timeout=TIMEOUT,
    )


@pytest.mark.heavy
@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "environment"),
    [
        ("full disk", "production"),
        ("full disk", "development"),
        ("closed pipe", "production"),
        ("closed", "development"),
    ],
)
def test_requests_take_effect_without_a_log(
    url: str, tmp_path: Path, output: str, environment: str
) -> None:
    start = f'exec "{sys.executable}" -m app {OUTPUTS[output]}'
    command = ("bash", "-c", start)
    with serving(url, tmp_path, command, ENVIRONMENT=environment) as server:
        with server.client() as client:
            made = client.post("/products", json=PEN)
            assert made.status_code == 201
            path = f"/products/{made.json()['id']}"
            assert client.patch(path, json={"name": "New"}).status_code == 200
            assert client.get(path).json()["name"] == "New"
        assert login(server, "wrong").status_code == 401
        assert change_password(server).status_code in (200, 204)
        assert login(server, NEW_PASSWORD).status_code == 200
        assert login(server, PASSWORD).status_code == 401
        assert int(log_check(server).split(", ")[1].split()[0]) >= 7
        assert server.stop() == 0


@pytest.mark.slow
def test_an_intact_output_is_ok(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path) as server:
        assert log_check(server) == "ok"
