"""The seeds: linked, in every state, and the same however often they are sown."""

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.databases import ROOT
from tests.servers import environment

COLLECTIONS = ("products", "customers", "tasks", "users", "roles")


def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "seeds/seed_create_app.py", *words),
        cwd=ROOT,
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )


def seed(url: str, *words: str) -> str:
    done = run(url, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def everything(client: TestClient) -> dict[str, list[dict[str, object]]]:
    pages = {name: client.get(f"{name}?limit=200").json() for name in COLLECTIONS}
    return {name: page["items"] for name, page in pages.items()}


def test_twice_changes_nothing(url: str, client: TestClient) -> None:
    first_time = seed(url)
    assert first_time.count(" with password ") == 4
    first = everything(client)
    again = ["Sign in as admin@example.com", "There is data: the shop stays."]
    assert seed(url).splitlines() == again
    assert everything(client) == first
    assert all(len(first[name]) >= 30 for name in COLLECTIONS[:3])
    assert [role["name"] for role in first["roles"]] == ["manager", "sales", "viewer"]
    assert len(first["users"]) == 5
    statuses = {task["status"] for task in first["tasks"]}
    assert statuses == {"todo", "in_progress", "done", "cancelled"}
    customers = {customer["id"] for customer in first["customers"]}
    assert {task["customer_id"] for task in first["tasks"]} == customers


def test_rows_by_the_number(url: str, client: TestClient) -> None:
    seed(url, "--rows", "7")
    seed(url, "--rows", "1200")
    seed(url, "--rows", "1200")
    for name, shop in (("products", 30), ("customers", 40), ("tasks", 40)):
        assert client.get(f"{name}?limit=1").json()["total"] == shop + 1200
    assert client.get("products?q=row-1200").json()["total"] == 1


@pytest.mark.parametrize("rows", ["-1", "many"])
def test_a_strange_number_is_refused(tmp_path: Path, rows: str) -> None:
    assert run(f"sqlite:///{tmp_path}/shop.db", "--rows", rows).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_without_a_schema_it_says_what_to_do(empty_url: str) -> None:
    done = run(empty_url)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("run `alembic upgrade head`")
