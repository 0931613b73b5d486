"""The seed script: linked rows in every state; a second run changes nothing."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.conftest import MakeAccount
from tests.processes.forked import Done, command
from tests.processes.servers import environment

pytestmark = pytest.mark.slow

COLLECTIONS = ("products", "customers", "tasks", "users", "roles")


def run(url: str, *words: str) -> Done:
    return command(("seeds/seed_create_app.py", *words), environment(url))


def seed(url: str, *words: str) -> str:
    done = run(url, *words)
    assert done.code == 0, done.errors
    return done.output


def read_all(client: TestClient) -> dict[str, list[dict[str, object]]]:
    pages = {name: client.get(f"{name}?limit=200").json() for name in COLLECTIONS}
    return {name: page["items"] for name, page in pages.items()}


def test_a_second_run_changes_nothing(url: str, client: TestClient) -> None:
    first_time = seed(url)
    assert first_time.count(" with password ") == 4
    first = read_all(client)
    again = ["Sign in as admin@example.com", "Found data: added no examples."]
    assert seed(url).splitlines() == again
    assert read_all(client) == first
    assert all(len(first[name]) >= 30 for name in COLLECTIONS[:3])
    assert [role["name"] for role in first["roles"]] == ["manager", "sales", "viewer"]
    assert len(first["users"]) == 5
    statuses = {task["status"] for task in first["tasks"]}
    assert statuses == {"todo", "in_progress", "done", "cancelled"}
    customers = {customer["id"] for customer in first["customers"]}
    assert {task["customer_id"] for task in first["tasks"]} == customers


@pytest.mark.either
def test_an_emptied_database_is_filled_again_for_its_users(
    url: str, client: TestClient
) -> None:
    seed(url)
    first = read_all(client)
    for name in ("tasks", "customers", "products"):
        for item in first[name]:
            assert client.delete(f"{name}/{item['id']}").status_code == 204
    again = ["Sign in as admin@example.com", "Added example data."]
    assert seed(url).splitlines() == again
    second = read_all(client)
    assert [len(items) for items in second.values()] == [30, 40, 40, 5, 3]
    assert (second["users"], second["roles"]) == (first["users"], first["roles"])


def test_an_existing_role_or_user_is_unchanged(
    url: str, client: TestClient, make_account: MakeAccount
) -> None:
    role = client.post("roles", json={"name": "viewer", "modules": {"users": []}})
    make_account(email="Manager@EXAMPLE.com", full_name="Maria", is_active=False)
    made = [line for line in seed(url).splitlines() if " with password " in line]
    assert [line.split()[3] for line in made[1:]] == [
        "viewer@example.com",
        "sales@example.com",
    ]
    roles = {item["name"]: item for item in read_all(client)["roles"]}
    assert roles.keys() == {"manager", "sales", "viewer"}
    assert roles["viewer"] == role.json()
    (maria,) = client.get("users?q=maria").json()["items"]
    assert (maria["is_active"], maria["roles"], maria["version"]) == (False, [], 1)
    (viewer,) = client.get("users?q=viewer").json()["items"]
    assert [held["name"] for held in viewer["roles"]] == ["viewer"]


@pytest.mark.either
def test_rows_are_added_up_to_a_number(url: str, client: TestClient) -> None:
    seed(url, "--rows", "7")
    seed(url, "--rows", "1200")
    seed(url, "--rows", "1200")
    for name, shop in (("products", 30), ("customers", 40), ("tasks", 40)):
        assert client.get(f"{name}?limit=1").json()["total"] == shop + 1200
    assert client.get("products?q=row-1200").json()["total"] == 1


@pytest.mark.either
def test_rows_continue_after_the_highest_number(url: str, client: TestClient) -> None:
    seed(url, "--rows", "11")
    (row,) = client.get("products?q=ROW-3").json()["items"]
    assert client.delete(f"products/{row['id']}").status_code == 204
    for sku, name in (("TAPE-7", "Narrow-gauge tape"), ("ROW-99-A", "Not a number")):
        made = client.post("products", json={"sku": sku, "name": name, "price": "1"})
        assert made.status_code == 201, made.text
    ann = {"name": "Ann", "email": "ROW-13@Example.com", "notes": "row-99"}
    assert client.post("customers", json=ann).status_code == 201
    seed(url, "--rows", "15")
    found = client.get("products?q=ROW-").json()["items"]
    numbers = [int(item["sku"][4:]) for item in found if item["sku"][4:].isdigit()]
    assert sorted(numbers) == [1, 2, *range(4, 12), 14, 15]


@pytest.mark.parametrize("rows", ["-1", "many"])
def test_an_invalid_number_is_rejected(tmp_path: Path, rows: str) -> None:
    assert run(f"sqlite:///{tmp_path}/shop.db", "--rows", rows).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_missing_schema_is_reported(empty_url: str) -> None:
    done = run(empty_url)
    assert done.code == 1
    assert done.errors.strip().endswith("run `alembic upgrade head`")
