import json

import pytest
from fastapi.testclient import TestClient

from app.core.db.ids import uuid7
from tests.contract import CrudContract
from tests.modules.test_customers import make_customer


class TestCrud(CrudContract):
    resource = "tasks"
    payload = {"title": "Write"}
    change = {"title": "Rewrite", "priority": "high"}


def make_task(client: TestClient, **values: object) -> str:
    made = client.post("tasks", json={"title": "Write", **values})
    assert made.status_code == 201, made.text
    return f"tasks/{made.json()['id']}"


def move(client: TestClient, task: str, *path: str) -> int:
    """Move a task along these statuses; return what the last step answered."""
    steps = [client.patch(task, json={"status": status}) for status in path]
    return steps[-1].status_code


REACH: dict[str, tuple[str, ...]] = {
    "todo": (),
    "in_progress": ("in_progress",),
    "done": ("done",),
    "cancelled": ("cancelled",),
}
ALLOWED = {
    ("todo", "in_progress"),
    ("todo", "done"),
    ("todo", "cancelled"),
    ("in_progress", "todo"),
    ("in_progress", "done"),
    ("in_progress", "cancelled"),
    ("done", "todo"),
    ("cancelled", "todo"),
}


@pytest.mark.parametrize("start", REACH)
@pytest.mark.parametrize("end", REACH)
def test_only_these_status_transitions_are_allowed(
    client: TestClient, start: str, end: str
) -> None:
    task = make_task(client)
    expected = 200 if (start, end) in ALLOWED or start == end else 409
    assert move(client, task, *REACH[start], end) == expected
    body = client.get(task).json()
    assert body["status"] == (end if expected == 200 else start)
    assert (body["completed_at"] is not None) == (body["status"] == "done")


def test_a_rejected_transition_names_the_field(client: TestClient) -> None:
    task = make_task(client)
    move(client, task, "done")
    rejected = client.patch(task, json={"status": "cancelled"}).json()
    (error,) = rejected["errors"]
    assert error["loc"] == ["body", "status"]
    assert error["msg"] == rejected["detail"]


def test_a_new_task_is_todo(client: TestClient) -> None:
    assert client.get(make_task(client)).json()["status"] == "todo"
    rejected = client.post("tasks", json={"title": "Write", "status": "done"})
    assert rejected.status_code == 422


def test_a_reopened_task_has_no_completion_time(client: TestClient) -> None:
    task = make_task(client)
    assert move(client, task, "done") == 200
    done = client.get(task).json()["completed_at"]
    assert client.patch(task, json={"title": "x"}).json()["completed_at"] == done
    assert move(client, task, "todo") == 200
    assert client.get(task).json()["completed_at"] is None


def test_a_reference_must_exist(client: TestClient) -> None:
    missing = str(uuid7())
    task = make_task(client)
    for rejected in (
        client.post("tasks", json={"title": "Sell", "customer_id": missing}),
        client.patch(task, json={"customer_id": missing}),
    ):
        assert (rejected.status_code, rejected.json()["code"]) == (
            422,
            "validation_failed",
        )
        (error,) = rejected.json()["errors"]
        assert error["loc"] == ["body", "customer_id"]
        assert error["type"] == "missing_reference"
    assert client.get("tasks").json()["total"] == 1


def test_missing_references_are_named_in_the_order_of_the_fields(
    client: TestClient,
) -> None:
    named = ["customer_id", "assignee_id"]
    body = {"title": "Sell", **dict.fromkeys(named, str(uuid7()))}
    rejected = client.post("tasks", json=body).json()
    assert [error["loc"] for error in rejected["errors"]] == [
        ["body", name] for name in named
    ]
    kind = {"content-type": "application/jsonl"}
    rejected = client.post("tasks/import", content=json.dumps(body), headers=kind)
    assert [error["loc"] for error in rejected.json()["errors"]] == [
        ["body", 1, name] for name in named
    ]


def test_a_customer_with_tasks_cannot_be_deleted(client: TestClient) -> None:
    customer = make_customer(client)
    task = make_task(client, customer_id=customer.removeprefix("customers/"))
    used = client.delete(customer)
    assert (used.status_code, used.json()["code"]) == (409, "conflict")
    assert client.delete(task).status_code == 204
    assert client.delete(customer).status_code == 204


@pytest.fixture
def board(client: TestClient) -> TestClient:
    make_task(client, title="a", priority="low", due_at="2020-01-01T00:00:00Z")
    make_task(client, title="b", priority="urgent", due_at="2999-01-01T01:00:00+01:00")
    make_task(client, title="c", priority="high")
    late_but_done = make_task(client, title="d", due_at="2020-06-01T00:00:00Z")
    move(client, late_but_done, "done")
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "dcba"),
        ("status=done", "d"),
        ("status=done&status=todo", "dcba"),
        ("priority=low&priority=high", "ca"),
        ("overdue=true", "a"),
        ("overdue=false", "dcb"),
        ("due_before=2021-01-01T00:00:00Z", "da"),
        ("due_after=2020-03-01T00:00:00Z", "db"),
        ("sort=priority", "adcb"),
        ("sort=-priority", "bcda"),
        ("sort=due_at", "adbc"),
        ("sort=-due_at", "bdac"),
    ],
)
def test_a_list_is_filtered_and_sorted(
    board: TestClient, query: str, found: str
) -> None:
    page = board.get(f"tasks?{query}")
    assert page.status_code == 200, page.text
    assert "".join(item["title"] for item in page.json()["items"]) == found


def test_timestamps_are_returned_in_utc(board: TestClient) -> None:
    body = board.get("tasks?q=b").json()["items"][0]
    assert body["due_at"] == "2999-01-01T00:00:00Z"
