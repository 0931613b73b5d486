"""No row that was written past the application makes a read or a write fail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Uuid, bindparam, func, select, text

from app.audit.archive.canonical import Row
from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.core.db.ids import lowest_id
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import OLD, make_access, make_change
from tests.audit.history.test_history import PEN, Json, body

pytestmark = pytest.mark.slow

TEXT = ["CAST(x'ff' AS TEXT)", "x'ff'", "''", "CAST(x'6100' AS TEXT)"]
NUMBER = ["'x'", "x'ff'", "1.5", "9e999", "-9e999"]
TIME = ["''", "5", "'x'", "x'ff'", "'20000-01-01 00:00:00'", "substr(at, 1, 10)"]
DOCUMENT = ["'{'", "''", "x'ff'", "CAST(x'22ff22' AS TEXT)", "5", "'9e999'"]
SQLITE = {
    "id": ["'x'", "x'00'", "''", "5"],
    "at": [*TIME, "'2026-02-30 00:00:00.000000'", "at || '+05:00'"],
    "entity_id": ["'x'", "x'ff'"],
    "actor_id": ["'x'", "x'ff'"],
    "user_id": ["'x'", "x'ff'"],
    "session_id": ["'x'"],
    "version": NUMBER,
    "status": NUMBER,
    "duration_ms": NUMBER,
    "bytes": NUMBER,
    "transaction_id": ["'x'", "x'ff'"],
    "old": DOCUMENT,
    "new": DOCUMENT,
}
SQLITE |= dict.fromkeys(("request_id", "actor_label", "actor_name"), TEXT)
SQLITE |= dict.fromkeys(("action", "entity", "reason", "request_id_source"), TEXT)
SQLITE |= dict.fromkeys(("user_label", "ip", "method", "path", "route"), TEXT)
SQLITE |= dict.fromkeys(("query", "user_agent", "outcome", "user_name"), TEXT)
POSTGRESQL = {
    "at": ["'infinity'", "'-infinity'", "'20000-01-01'", "'0044-03-15 BC'"],
    "action": ["'MERGE'", "''"],
    "version": ["-5"],
    "duration_ms": ["'NaN'", "'Infinity'"],
}
DOCUMENTS = [
    "null",
    "[1, 2]",
    '"text"',
    "1",
    '{"stock": 99999999999999999999}',
    '{"stock": -1e400}',
    '{"name": "\\ud800"}',
    '{"\\udc00": 1}',
    '{"name": "\\u0000"}',
    '{"invalid_json": "{"}',
    '{"id": "x", "version": "y"}',
    '{"deep": ' + "[" * 240 + "]" * 240 + "}",
    '{"deep": ' + "[" * 600 + "]" * 600 + "}",
    '{"deep": ' + "[" * 5_000 + "]" * 5_000 + "}",
]
QUOTED = [f"'{each}'" for each in DOCUMENTS]
POSTGRESQL |= {"old": QUOTED, "new": QUOTED}
SQLITE |= {"old": DOCUMENT + QUOTED, "new": DOCUMENT + QUOTED}


def make_row(log: Log, number: int, id: str) -> Row:
    if log is ACCESSES:
        # Pages are bounded by id as well, which has the time of the request.
        own = UUID(int=lowest_id(OLD).int + number)
        return make_access(OLD, number, id=own, request_id="r-1")
    values = {"entity_id": UUID(id), "version": 10 + number, "request_id": "r-1"}
    return make_change(OLD, number, **values)


def plant(target: Target, log: Log, id: str) -> set[str]:
    """Insert a row for each value; return the names of the columns."""
    values = POSTGRESQL if target.url.startswith("postgresql") else SQLITE
    names = [name for name in values if name in log.live.c]
    pairs = [(name, each) for name in names for each in values[name]]
    rows = [make_row(log, number, id) for number in range(len(pairs))]
    target.add(log, *rows)
    spelled = zip(rows, pairs, strict=True)
    target.execute(*(spoil(target, log, row["id"], *pair) for row, pair in spelled))
    return {*names}


def spoil(target: Target, log: Log, id: UUID, column: str, value: str) -> Any:
    is_document = value in QUOTED and target.url.startswith("postgresql")
    stored = value.replace(":", r"\:") + (r"\:\:json" if is_document else "")
    update = f"UPDATE {log.live.name} SET {column} = {stored} WHERE id = :id"  # noqa: S608
    return text(update).bindparams(bindparam("id", id, Uuid))


def pages(client: TestClient, path: str, limit: int) -> Iterator[Json]:
    """Yield all items of a list, page by page."""
    cursor = None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = body(client.get(path, params=query))
        yield from page["items"]
        if not (cursor := page["next"]):
            return


@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name.value)
def test_every_row_is_shown(client: TestClient, url: str, log: Log) -> None:
    id = body(client.post("products", json=PEN), 201)["id"]
    target = Target(url, Path())
    names = plant(target, log, id)
    (stored,) = target.read(select(func.count().label("rows")).select_from(log.live))
    shown = list(pages(client, f"audit/{log.name.value}", 200))
    assert len(shown) >= stored["rows"]
    unreadable = {name for row in shown for name in row.get("unreadable", ())}
    # Documents name themselves, and a negative version is a number.
    on_postgresql = {"version"} if url.startswith("postgresql") else set()
    assert names - unreadable <= {"old", "new", "transaction_id"} | on_postgresql
    for limit in (1, 7):
        found = list(pages(client, f"audit/{log.name.value}", limit))
        assert len(found) > len(shown) / 2
    assert client.get("audit/requests/r-1").status_code == 200


def test_the_record_of_such_rows_is_shown_and_changed(
    client: TestClient, url: str
) -> None:
    id = body(client.post("products", json=PEN), 201)["id"]
    plant(Target(url, Path()), CHANGES, id)
    path = f"products/{id}"
    assert len(list(pages(client, f"{path}/history", 7))) > 20
    for at in ("2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        assert client.get(path, params={"as_of": at}).status_code in (200, 409)
    for version in (1, 10, 11):
        data = {"to_version": version}
        answer = client.post(f"{path}/revert?dry_run=true", json=data)
        assert answer.status_code in (404, 409)
    assert client.patch(path, json={"price": "2.50"}).status_code == 200
    assert client.delete(path).status_code == 204
