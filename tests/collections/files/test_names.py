"""Names of related records in an export."""

import asyncio
import csv
import io
import json
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from app.auth.models import User
from app.collections.files.exports import repository
from app.collections.lists.related import related
from app.collections.lists.relations import Relation
from app.collections.lists.repository import RelatedRepository
from app.collections.lists.schemas import Related
from tests.clients import Client
from tests.collections.files.files import as_csv, report_of, send
from tests.collections.files.test_export import application
from tests.conftest import ClientWith, MakeAccount
from tests.contract import Json
from tests.hostile.api import HOST, Call, exchange

FORMULA = "=cmd|' /C calc'!A0"


def make_tasks(client: TestClient, count: int = 1) -> Json:
    customer = {"name": FORMULA, "email": "eva@example.com"}
    made: Json = client.post("customers", json=customer).json()
    for number in range(count):
        task = {"title": f"Call {number}", "customer_id": made["id"]}
        assert client.post("tasks", json=task).status_code == 201
    assert client.post("tasks", json={"title": "Tidy up"}).status_code == 201
    return made


def exported(client: TestClient, query: str = "") -> list[dict[str, str]]:
    text = client.get(f"tasks/export?{query}").text
    return [*csv.DictReader(io.StringIO(text, newline=""))]


def test_names_follow_the_fields_of_a_record(client: TestClient) -> None:
    make_tasks(client)
    fields = [*client.get("tasks").json()["items"][0]]
    rows = exported(client)
    assert [*rows[0]] == [*fields, "customer_name", "assignee_name"]
    assert [row["customer_name"] for row in rows] == ["", f"'{FORMULA}"]
    lines = client.get("tasks/export?format=jsonl&sort=created_at").text.splitlines()
    names = [
        (each["customer_name"], each["assignee_name"])
        for each in map(json.loads, lines)
    ]
    assert names == [(FORMULA, None), (None, None)]


def test_a_record_without_a_name_is_there(client: Client) -> None:
    """A collection may name its records by a field that can be null."""
    made = UUID(make_tasks(client)["id"])
    phone = Relation("customer_id", "customer", "phone", "customers:read")

    async def read() -> Any:
        async with application(client).state.health.database.reading() as session:
            return await RelatedRepository(session).names({phone: [made]})

    names = client.call(read)[phone]
    assert related(names, made) == Related(id=made, name="")


def test_an_import_leaves_names_out(client: TestClient) -> None:
    make_tasks(client)
    rows = exported(client)
    rows[1] |= {"customer_name": "Somebody else", "title": "Call again"}
    answer = send(client, as_csv(rows), path="tasks/import")
    assert report_of(answer) == {"updated": 1, "unchanged": 1}
    assert {"customer_name", "assignee_name"} < {*answer.json()["ignored"]}
    assert client.get("customers").json()["items"][0]["name"] == FORMULA


def test_names_that_the_reader_may_not_read_are_left_out(
    client: TestClient, client_with: ClientWith
) -> None:
    make_tasks(client)
    rows = exported(client_with("tasks:read", "users:read"))
    assert "customer_name" not in rows[0]
    assert "assignee_name" in rows[0]


def test_other_requests_take_their_turn_between_two_relations(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite answers without giving up control, for some milliseconds each time."""
    make_tasks(client)
    turns, seen, names = count(), list[int](), RelatedRepository.names

    async def noting(self: RelatedRepository, wanted: Any) -> Any:
        seen.extend(next(turns) for _ in wanted)
        return await names(self, wanted)

    async def take_turns() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0)

    async def export() -> None:
        others = asyncio.create_task(take_turns())
        authorization = client.headers["authorization"].encode()
        signed = (HOST, (b"authorization", authorization))
        await exchange(client.app, Call("GET", "/api/v1/tasks/export", b"", signed))
        others.cancel()

    monkeypatch.setattr(RelatedRepository, "names", noting)
    client.call(export)
    customers, assignees, *_ = seen
    assert assignees > customers + 1


def test_the_past_has_no_names_of_today(client: TestClient) -> None:
    made = make_tasks(client)
    then = client.get("tasks").json()["items"][0]["created_at"]
    assert client.delete(f"customers/{made['id']}").status_code == 409
    assert "customer_name" not in exported(client, f"as_of={then}")[0]


@pytest.mark.slow
def test_an_export_ends_when_its_reader_loses_the_names(
    client: Client, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that goes on without the column would look like one without customers."""
    monkeypatch.setattr(repository, "BATCH_ROWS", 2)
    make_tasks(client, 5)
    reader = make_account("tasks:read", "customers:read")
    read, batches = repository.Newest.read, count()

    async def revoke(self: repository.Newest, session: Any) -> Any:
        if next(batches) == 1:
            async with application(client).state.health.database.writing() as other:
                user = await other.get_one(User, reader.id)
                grants = user.links[0].role.grants
                grants.remove(next(it for it in grants if it.module == "customers"))
        return await read(self, session)

    monkeypatch.setattr(repository.Newest, "read", revoke)
    signed = (HOST, (b"authorization", reader.header["authorization"].encode()))
    call = Call("GET", "/api/v1/tasks/export", b"format=jsonl", signed)
    start, *parts = client.call(exchange, client.app, call)
    assert start["status"] == 200
    assert b"".join(part["body"] for part in parts).count(b"\n") == 4
