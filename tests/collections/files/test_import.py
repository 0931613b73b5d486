import csv
import gzip
import io
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.collections.files.imports import received, service
from tests.collections.files.files import (
    CSV,
    JSONL,
    as_csv,
    make_products,
    report_of,
    send,
)
from tests.conftest import ClientWith
from tests.contract import Json, status_and_code

NEW = [{"sku": f"PEN-{n}", "name": f"Pen {n}", "price": "1.50"} for n in range(3)]


def test_rows_without_an_id_are_created(client: TestClient) -> None:
    assert report_of(send(client, as_csv(NEW))) == {"created": 3}
    items = client.get("products?sort=name").json()["items"]
    assert [(it["sku"], it["price"], it["stock"]) for it in items] == [
        (it["sku"], it["price"], 0) for it in NEW
    ]
    changes = client.get("audit/changes?entity=Product").json()["items"]
    assert {change["reason"] for change in changes} == {"import"}
    assert len(changes) == 3


@pytest.mark.parametrize("header", ["if-match", "if-none-match"])
def test_a_condition_belongs_to_a_row(client: TestClient, header: str) -> None:
    headers = {"content-type": CSV, header: '"1"'}
    for query in ("", "dry_run=true", "atomic=false"):
        path = f"products/import?{query}"
        rejected = client.post(path, content=as_csv(NEW), headers=headers)
        assert status_and_code(rejected) == (400, "bad_request")
        assert "version" in rejected.json()["detail"]
    assert client.get("products").json()["total"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_is_imported_without_a_change(client: TestClient, kind: str) -> None:
    texts = ["=1+1", "'a", "''b", 'a "b", c', "two\nlines", "-5", "ö 𝄞", " ", ""]
    made = make_products(client, *({"description": text} for text in texts))
    file = client.get(f"products/export?format={kind}")
    for query in ("", "dry_run=true", "key=sku", "key=sku&atomic=false"):
        answer = send(client, file.content, query, file.headers["content-type"])
        assert report_of(answer) == {"unchanged": len(texts)}
    assert client.get("products").json()["items"] == made


def test_the_cells_that_differ_are_changed(client: TestClient) -> None:
    make_products(client, {}, {}, {})
    rows = [*csv.DictReader(io.StringIO(client.get("products/export").text))]
    rows[0]["price"], rows[2]["name"], rows[2]["stock"] = "9.00", "'=1", "7"
    tried = send(client, as_csv(rows), "dry_run=true")
    assert report_of(tried) == {"updated": 2, "unchanged": 1}
    assert {it["version"] for it in client.get("products").json()["items"]} == {1}
    assert report_of(send(client, as_csv(rows))) == {"updated": 2, "unchanged": 1}
    items = client.get("products").json()["items"]
    assert [it["version"] for it in items] == [2, 1, 2]
    assert (items[0]["price"], items[2]["name"], items[2]["stock"]) == ("9.00", "=1", 7)
    (change,) = client.get(f"products/{items[0]['id']}/history?limit=1").json()["items"]
    assert (change["old"]["price"], change["new"]["price"]) == ("1.50", "9.00")


def test_what_a_spreadsheet_rewrites_is_no_change(client: TestClient) -> None:
    make_products(client, {"price": "1.50", "is_active": True})
    text = client.get("products/export").text
    mangled = text.replace("1.50", "1.5").replace("true", "TRUE").replace("\r\n", "\n")
    for file in (mangled.encode(), b"\xef\xbb\xbf" + mangled.encode()):
        assert report_of(send(client, file)) == {"unchanged": 1}


def test_an_older_version_overwrites_nothing(client: TestClient) -> None:
    (item,) = make_products(client, {})
    file = client.get("products/export").text.replace("1.50", "2.00")
    client.patch(f"products/{item['id']}", json={"stock": 5})
    refused = send(client, file.encode())
    assert status_and_code(refused) == (422, "import_failed")
    (error,) = refused.json()["errors"]
    assert (error["loc"], error["type"]) == (["body", 2, "version"], "version_conflict")
    assert client.get(f"products/{item['id']}").json()["price"] == "1.50"
    rows = [{"id": item["id"], "price": "3.00"}]
    assert report_of(send(client, as_csv(rows))) == {"updated": 1}


def test_a_key_finds_the_records(client: TestClient) -> None:
    customers = [{"name": "Ada", "email": "ADA@example.com"}]
    path = "customers/import"
    assert report_of(send(client, as_csv(customers), path=path)) == {"created": 1}
    again = [
        {"name": "Ada L.", "email": "aDa@Example.com"},
        {"name": "B", "email": "b@x.se"},
    ]
    answer = send(client, as_csv(again), "key=email", path=path)
    assert report_of(answer) == {"created": 1, "updated": 1}
    refused = send(client, as_csv(again), "key=name", path=path)
    assert status_and_code(refused) == (422, "validation_failed")
    assert refused.json()["errors"][0]["loc"] == ["query", "key"]


def test_read_only_columns_are_ignored_and_named(client: TestClient) -> None:
    make_products(client, {})
    rows = [*csv.DictReader(io.StringIO(client.get("products/export").text))]
    rows[0] |= {"created_at": "2020-01-01T00:00:00Z", "name": "New"}
    report = send(client, as_csv(rows)).json()
    assert report["ignored"] == ["created_at", "updated_at"]
    assert report["updated"] == 1


@pytest.mark.parametrize("kind", [CSV, JSONL])
def test_unknown_columns_are_errors_and_not_named_as_ignored(
    client: TestClient, kind: str
) -> None:
    row = {"sku": "PEN-1", "colour": "blue", "created_at": "x"}
    file = as_csv([row]) if kind == CSV else json.dumps(row).encode()
    report = send(client, file, "dry_run=true", kind=kind).json()
    (error,) = report["errors"]
    assert (error["column"], error["code"]) == ("colour", "unknown_column")
    assert report["ignored"] == ["created_at"]


WRONG: list[tuple[Json, tuple[str | None, str]]] = [
    ({"price": "1,50"}, ("price", "value_error")),
    ({"price": ""}, ("price", "value_error")),
    ({"sku": "lower"}, ("sku", "string_pattern_mismatch")),
    ({"stock": "many"}, ("stock", "int_type")),
    ({"stock": "-1"}, ("stock", "greater_than_equal")),
    ({"is_active": "yes"}, ("is_active", "bool_type")),
    ({"name": ""}, ("name", "string_too_short")),
    ({"sku": "PEN-0"}, ("sku", "conflict")),
    ({"id": "1"}, ("id", "invalid_key")),
    ({"id": "018f3c1e-7a2b-7c3d-8e4f-0123456789ab"}, ("id", "not_found")),
    ({"version": "1"}, ("version", "not_found")),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
def test_an_error_names_row_and_column_and_nothing_is_changed(
    client: TestClient, change: Json, expected: tuple[str, str]
) -> None:
    columns = {"id": "", "version": "", "stock": "1", "is_active": "true"}
    rows = [columns | row for row in NEW]
    rows[1] = rows[1] | change
    report = send(client, as_csv(rows), "dry_run=true").json()
    (error,) = report["errors"]
    assert (error["row"], error["column"], error["code"]) == (3, *expected)
    assert (report["error_count"], report["created"]) == (1, 2)
    assert not error["message"].startswith("Value error")
    refused = send(client, as_csv(rows))
    assert status_and_code(refused) == (422, "import_failed")
    (shown,) = refused.json()["errors"]
    assert (shown["loc"], shown["msg"]) == (["body", 3, expected[0]], error["message"])
    assert client.get("products").json()["total"] == 0


def test_a_rule_of_the_service_forbids_a_row(client: TestClient) -> None:
    made = make_products(client, {"is_active": False}, {})
    rows = [{"id": it["id"], "price": "9.00"} for it in made]
    for query, status in (("", 422), ("dry_run=true", 200)):
        refused = send(client, as_csv(rows), query)
        assert refused.status_code == status
        error = refused.json()["errors"][0]
        assert "Activate the product" in (error.get("msg") or error["message"])
        assert client.get("products").json()["items"] == made
    partly = send(client, as_csv(rows), "atomic=false")
    assert partly.status_code == 207
    assert partly.json()["updated"] == 1
    (error,) = partly.json()["errors"]
    assert (error["row"], error["column"]) == (3, "price")


def test_references_and_states_of_new_records(client: TestClient) -> None:
    ada = client.post("customers", json={"name": "Ada", "email": "a@x.se"}).json()["id"]
    missing = "018f3c1e-7a2b-7c3d-8e4f-0123456789ab"
    rows = [
        {"title": "a", "customer_id": ada, "status": ""},
        {"title": "b", "customer_id": missing, "status": ""},
        {"title": "c", "customer_id": "", "status": "done"},
    ]
    report = send(client, as_csv(rows), "dry_run=true", path="tasks/import").json()
    found = [(it["row"], it["column"], it["code"]) for it in report["errors"]]
    assert found == [
        (3, "customer_id", "missing_reference"),
        (4, "status", "not_on_create"),
    ]


def test_repeated_rows_are_errors(client: TestClient) -> None:
    (item,) = make_products(client, {})
    for rows, query in (
        ([{"id": item["id"], "name": "a"}] * 2, ""),
        ([NEW[1]] * 2, ""),
        ([NEW[1]] * 2, "key=sku"),
    ):
        refused = send(client, as_csv(rows), query)
        assert refused.json()["errors"][0]["loc"][1] == 3
    assert client.get("products").json()["items"] == [item]


@pytest.mark.slow
def test_many_rows_need_batches(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, "BATCH_ROWS", 2)
    monkeypatch.setattr(service, "MAX_ATOMIC_ROWS", 4)
    rows = [NEW[0] | {"sku": f"PEN-{n}"} for n in range(5)]
    refused = send(client, as_csv(rows))
    assert status_and_code(refused) == (422, "too_many_rows")
    assert "atomic=false" in refused.json()["detail"]
    refused = send(client, as_csv(rows), "atomic=false")
    assert refused.json()["errors"][0]["type"] == "key_required"
    tried = send(client, as_csv(rows), "atomic=false&key=sku&dry_run=true")
    assert report_of(tried) == {"created": 5}
    assert client.get("products").json()["total"] == 0
    client.post("products", json=rows[3])
    done = send(client, as_csv(rows), "atomic=false&key=sku")
    assert report_of(done) == {"created": 4, "unchanged": 1}
    assert report_of(send(client, as_csv(rows[:4]), "key=sku")) == {"unchanged": 4}


def test_jsonl_is_imported(client: TestClient) -> None:
    lines: list[Any] = [
        *NEW,
        NEW[0] | {"sku": "PEN-9", "stock": 4, "description": "'x"},
    ]
    file = "\n".join(map(json.dumps, lines)).encode()
    assert report_of(send(client, file, kind=JSONL)) == {"created": 4}
    assert client.get("products").json()["items"][0]["description"] == "'x"
    wrong = json.dumps(NEW[0] | {"sku": "A-1", "stock": "4"}).encode()
    refused = send(client, wrong, kind=JSONL)
    assert refused.json()["errors"][0]["loc"] == ["body", 1, "stock"]


def test_a_repeated_import_is_done_once(client: TestClient) -> None:
    client.headers["idempotency-key"] = "one"
    one, two = (send(client, as_csv(NEW)) for _ in range(2))
    assert one.json() == two.json()
    assert two.headers["idempotency-replayed"] == "true"
    other = send(client, as_csv(NEW[:1]))
    assert status_and_code(other) == (422, "idempotency_key_reused")
    for query in ("atomic=false", "%61tomic=fals%65"):
        refused = send(client, as_csv(NEW), f"{query}&key=sku")
        assert status_and_code(refused) == (400, "bad_request"), query


def test_the_type_and_encoding_of_the_body(client: TestClient) -> None:
    for kind in ("application/json", "text/plain", "application/vnd.ms-excel", ""):
        refused = send(client, as_csv(NEW), kind=kind)
        assert status_and_code(refused) == (415, "unsupported_media_type"), kind
    assert report_of(send(client, as_csv(NEW), kind=f"{CSV}; charset=utf-8"))
    client.headers["content-encoding"] = "gzip"
    refused = send(client, gzip.compress(as_csv(NEW)))
    assert status_and_code(refused) == (415, "unsupported_media_type")


@pytest.mark.slow
def test_an_import_needs_both_permissions(client_with: ClientWith) -> None:
    for action, missing in (("create", "update"), ("update", "create")):
        client = client_with(f"products:{action}")
        for query in ("", "dry_run=true"):
            refused = send(client, as_csv(NEW), query)
            assert status_and_code(refused) == (403, "permission_denied")
            challenge = refused.headers["www-authenticate"]
            assert challenge.endswith(f'scope="products:{missing}"')
    client = client_with("products:create", "products:update")
    assert report_of(send(client, as_csv(NEW))) == {"created": 3}


def test_the_document_has_body_and_headers_of_an_import(client: TestClient) -> None:
    document = client.get("http://test/openapi.json").json()
    operation = document["paths"]["/api/v1/products/import"]["post"]
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert sorted(names) == ["Idempotency-Key", "atomic", "dry_run", "key"]
    assert {CSV, JSONL} == {*operation["requestBody"]["content"]}
