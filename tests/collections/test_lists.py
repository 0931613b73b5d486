"""Lists of tasks, which refer to customers and users."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.auth.tokens.test_access_tokens import record_statements
from tests.collections.test_every_collection import body, is_refused
from tests.conftest import MakeAccount
from tests.contract import Json
from tests.modules.test_customers import TestCrud as Customers
from tests.modules.test_tasks import make_task, move


@pytest.fixture
def people(client: TestClient, make_account: MakeAccount) -> Json:
    """Make three tasks: for a customer and a user, for a customer, for neither."""
    customer = Customers.make(client)
    user = str(make_account("tasks:read", full_name="Ada L.").id)
    make_task(client, title="c")
    make_task(client, title="b", customer_id=customer)
    make_task(client, title="a", customer_id=customer, assignee_id=user)
    name = client.get(f"customers/{customer}").json()["name"]
    return {
        "customer": {"id": customer, "name": name},
        "assignee": {"id": user, "name": "Ada L."},
    }


def test_related_records_are_included(client: TestClient, people: Json) -> None:
    plain = body(client.get("tasks"))
    customer, assignee = people.values()
    page = body(client.get("tasks?include=customer,assignee"))
    added = [(customer, assignee), (customer, None), (None, None)]
    expected = [
        item | dict(zip(people, records, strict=True))
        for item, records in zip(plain["items"], added, strict=True)
    ]
    assert page == plain | {"items": expected}
    one = body(client.get("tasks?include=assignee"))
    assert [item["assignee"] for item in one["items"]] == [assignee, None, None]
    assert all("customer" not in item for item in one["items"])
    assert body(client.get("tasks?include=customer&limit=1&offset=9"))["items"] == []


def test_some_fields_are_shown_with_related_records(
    client: TestClient, people: Json
) -> None:
    page = body(client.get("tasks?fields=title&include=customer&limit=1"))
    (item,) = page["items"]
    id = item.pop("id")
    assert item == {"title": "a", "customer": people["customer"]}
    assert (page["fields"], len(id)) == (["title"], 36)


@pytest.mark.slow
def test_a_record_that_the_caller_may_not_read_is_left_out(
    client: TestClient, make_account: MakeAccount, people: Json
) -> None:
    """Null would say that the task has no customer."""

    def shown(*permissions: str) -> list[set[str]]:
        header = make_account("tasks:read", *permissions).header
        page = client.get("tasks?include=assignee,customer", headers=header)
        return [item.keys() & people.keys() for item in body(page)["items"]]

    assert shown() == [set()] * 3
    assert shown("customers:read") == [{"customer"}] * 3
    assert shown("users:read", "products:read") == [{"assignee"}] * 3
    assert shown("users:read", "customers:read") == [{"assignee", "customer"}] * 3


def test_a_revoked_permission_hides_the_next_answer(
    client: TestClient, make_account: MakeAccount, people: Json
) -> None:
    reader = make_account("tasks:read", "customers:read")
    before = client.get("tasks?include=customer", headers=reader.header)
    (role,) = client.get(f"users/{reader.id}").json()["roles"]
    tasks_only: Json = {"modules": {"tasks": []}}
    assert client.patch(f"roles/{role['id']}", json=tasks_only).status_code == 200
    held = reader.header | {"if-none-match": before.headers["etag"]}
    after = body(client.get("tasks?include=customer", headers=held))
    assert all("customer" not in item for item in after["items"])


@pytest.mark.parametrize(
    "names", ["", ",", "customer,", "customer,customer", "customer_id", "roles", "user"]
)
def test_other_relations_are_refused(client: TestClient, names: str) -> None:
    assert is_refused(client.get("tasks", params={"include": names}), "include")
    assert is_refused(client.get("customers?include=customer"), "include")


@pytest.fixture
def count(app: FastAPI, client: TestClient) -> Callable[[str], int]:
    """Return a function that counts the statements of a list, besides the caller's."""
    statements = record_statements(app)

    def count(url: str) -> int:
        statements.clear()
        assert client.get(url).status_code == 200
        return len(statements) - 1

    return count


def test_related_records_take_one_statement(
    count: Callable[[str], int], people: Json
) -> None:
    assert count("tasks?count=false") == 1
    assert count("tasks?count=false&include=customer") == 2
    assert count("tasks?count=false&include=customer,assignee") == 2
    # No task, or none with an assignee: there is nothing to ask for.
    assert count("tasks?count=false&include=customer&status=done") == 1
    assert count("tasks?count=false&include=assignee&assignee_id=null") == 1
    ids = "&".join(f"id={each['id']}" for each in people.values())
    assert count(f"tasks/batch?{ids}") == 1
    assert count("tasks/stats?by=status") == 1
    assert count("customers/stats?by=is_active&is_active=true") == 1


def test_a_reader_without_the_right_costs_no_statement(
    app: FastAPI, client: TestClient, make_account: MakeAccount, people: Json
) -> None:
    header = make_account("tasks:read").header
    statements = record_statements(app)
    client.get("tasks?include=customer&count=false", headers=header)
    assert len(statements) == 2


def titles(answer: Any) -> str:
    return "".join(item["title"] for item in body(answer)["items"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("due_at=null", "dc"),
        ("completed_at=null", "cba"),
        ("assignee_id=null&due_at=null", "dc"),
        ("customer_id=null&status=done", "d"),
        ("sort=priority,-due_at", "adbc"),
        ("sort=-priority,due_at", "bcda"),
        ("sort=due_at,-priority", "abcd"),
        ("sort=due_at,priority", "abdc"),
        ("sort=priority&sort=-due_at", "adbc"),
        ("sort=-priority,due_at&limit=2&offset=1", "cd"),
    ],
)
def test_a_list_is_filtered_by_null_and_sorted_by_two_fields(
    client: TestClient, query: str, found: str
) -> None:
    make_task(client, title="a", priority="low", due_at="2020-01-01T00:00:00Z")
    make_task(client, title="b", priority="high", due_at="2021-01-01T00:00:00Z")
    make_task(client, title="c", priority="high")
    move(client, make_task(client, title="d"), "done")
    assert titles(client.get(f"tasks?{query}")) == found


@pytest.mark.slow
def test_statistics_have_the_filters_of_the_list(
    client: TestClient, people: Json
) -> None:
    make_task(client, title="d", priority="urgent")
    stats = body(client.get("tasks/stats?by=status"))
    zero = {"in_progress": 0, "done": 0, "cancelled": 0}
    assert stats == {"by": "status", "counts": {"todo": 4, **zero}, "total": 4}
    customer = people["customer"]["id"]
    for query, total in {
        f"customer_id={customer}": 2,
        "customer_id=null": 2,
        "priority=urgent&priority=low": 1,
        "q=d": 1,
        "overdue=true": 0,
        "status=done": 0,
        f"customer_id={customer}&assignee_id=null": 1,
    }.items():
        found = body(client.get(f"tasks/stats?by=priority&{query}"))
        assert found["total"] == total, query
        assert [*found["counts"]] == ["low", "medium", "high", "urgent"]


def test_null_is_a_text_where_the_column_is_one(client: TestClient) -> None:
    client.post("customers", json=Customers.body(client) | {"company": "null"})
    Customers.make(client)
    found = body(client.get("customers?company=null"))
    assert [item["company"] for item in found["items"]] == ["null"]
