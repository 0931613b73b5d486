"""Routes and parameters that every collection has, with no line in its slice."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from app.core.db.ids import uuid7
from app.main import app
from tests.contract import Json, status_and_code
from tests.slices import SLICES

Params = dict[str, str | int]

PATHS = app.openapi()["paths"]
STATS = [name for name in SLICES if f"/api/v1/{name}/stats" in PATHS]

each = pytest.mark.parametrize("name", SLICES)
each_with_stats = pytest.mark.parametrize("name", STATS)


def parameters(name: str, end: str = "") -> dict[str, Json]:
    operation = PATHS[f"/api/v1/{name}{end}"]["get"]
    return {it["name"]: it["schema"] for it in operation["parameters"]}


def names_of(name: str, parameter: str) -> list[str]:
    """Return the names that a parameter takes, separated by commas."""
    items = parameters(name).get(parameter, {"items": {}})["items"]
    return [items["const"]] if "const" in items else items.get("enum", [])


def make(client: TestClient, name: str, count: int) -> list[str]:
    return [SLICES[name].make(client) for _ in range(count)]


def body(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(file: Any) -> list[Json]:
    assert file.status_code == 200, file.text
    return [orjson.loads(line) for line in file.content.splitlines()]


def is_refused(answer: Any, parameter: str) -> bool:
    assert status_and_code(answer) == (422, "validation_failed"), answer.text
    assert answer.json()["errors"][0]["loc"][:2] == ["query", parameter]
    return True


@each
def test_a_batch_is_in_the_order_of_its_ids(client: TestClient, name: str) -> None:
    one, two, three = make(client, name, 3)
    absent = str(uuid7())
    asked = [two, absent, three, one, two]
    batch = body(client.get(f"{name}/batch", params={"id": asked}))
    expected = [body(client.get(f"{name}/{id}")) for id in (two, three, one)]
    assert batch == {"items": expected, "missing": [absent]}


@each
def test_a_batch_has_1_to_200_ids(client: TestClient, name: str) -> None:
    ids = [str(uuid7()) for _ in range(201)]
    batch = body(client.get(f"{name}/batch", params={"id": ids[:200]}))
    assert batch == {"items": [], "missing": ids[:200]}
    for wrong in (ids, ids[:1] * 201, ["1"], [""], ["\0"], [",".join(ids[:2])]):
        assert is_refused(client.get(f"{name}/batch", params={"id": wrong}), "id")
    assert is_refused(client.get(f"{name}/batch"), "id")
    for query in ("limit=1", f"id={ids[0]}&x=1", "&".join(["id=1"] * 1_000)):
        assert client.get(f"{name}/batch?{query}").status_code == 422


@each
def test_a_list_has_the_tag_of_what_it_shows(client: TestClient, name: str) -> None:
    (id,) = make(client, name, 1)
    for url in (name, f"{name}?fields=id", f"{name}/batch?id={id}"):
        first = client.get(url)
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        gzip = tag.removeprefix("W/").removesuffix('"') + '-gzip"'
        for held in (tag, tag.removeprefix("W/"), f'"7", {gzip}', "*"):
            same = client.get(url, headers={"if-none-match": held})
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == tag
        headers = {"if-none-match": tag}
        assert client.get(f"{url}&limit=7", headers=headers).status_code != 304
        assert client.get(url, headers={"if-none-match": "1"}).status_code == 400
    held = client.get(name).headers["etag"]
    client.patch(f"{name}/{id}", json=SLICES[name].change)
    assert client.get(name, headers={"if-none-match": held}).status_code == 200


@each
def test_fields_are_those_of_the_whole_item(client: TestClient, name: str) -> None:
    make(client, name, 2)
    whole = body(client.get(name))
    fields = names_of(name, "fields")
    assert {*fields} == whole["items"][0].keys()
    chosen = [[field] for field in fields]
    for shown in (*chosen, fields, [*reversed(fields)]):
        page = body(client.get(f"{name}?fields={','.join(shown)}"))
        items = [
            {field: item[field] for field in {"id", *shown}} for item in whole["items"]
        ]
        assert page == whole | {"items": items, "fields": shown}


@each
def test_other_fields_are_refused(client: TestClient, name: str) -> None:
    hidden = "password_hash search_text name_sort email_key links * ID id;drop".split()
    for wrong in (*hidden, "", ",", "id,", "id,id", "id,version,id", " id", "-id"):
        answer = client.get(name, params={"fields": wrong})
        assert is_refused(answer, "fields"), wrong
    repeated = client.get(f"{name}?fields=id&fields=version")
    assert body(repeated)["fields"] == ["id", "version"]


@each
def test_a_list_is_sorted_by_several_fields(client: TestClient, name: str) -> None:
    make(client, name, 3)
    ids = {item["id"] for item in body(client.get(name))["items"]}
    keys = names_of(name, "sort")
    for first, second in pairwise([*keys, keys[0]]):
        same = first.removeprefix("-") == second.removeprefix("-")
        answer = client.get(f"{name}?sort={first},{second}")
        if same:
            assert is_refused(answer, "sort"), first
        else:
            assert {item["id"] for item in answer.json()["items"]} == ids
    for wrong in ("", ",", f"{keys[0]},", f"{keys[0]},{keys[0]}", f"{keys[0]};x"):
        assert is_refused(client.get(name, params={"sort": wrong}), "sort")
    after = {"sort": ",".join(keys[:1] + keys[2:3]), "after": str(uuid7())}
    assert client.get(name, params=after).status_code == 422


@each
def test_changes_since_a_time_include_it(client: TestClient, name: str) -> None:
    one, two, three = make(client, name, 3)
    changed = client.patch(f"{name}/{one}", json=SLICES[name].change).json()
    since = changed["updated_at"]
    found = body(client.get(name, params={"updated_since": since}))
    assert [item["id"] for item in found["items"]] == [one]
    # A page of the whole is continued by `after`.
    whole: Params = {
        "updated_since": "2020-01-01T00:00:00+00:00",
        "limit": 1,
        "after": three,
    }
    assert [it["id"] for it in body(client.get(name, params=whole))["items"]] == [two]
    for wrong in ("", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "null"):
        answer = client.get(name, params={"updated_since": wrong})
        assert is_refused(answer, "updated_since")


def is_nullable(schema: Json) -> bool:
    item = schema.get("items", schema)
    return any(each.get("const") == "null" for each in (item, *item.get("anyOf", ())))


@each
def test_null_is_a_value_of_a_filter(client: TestClient, name: str) -> None:
    make(client, name, 2)
    items = body(client.get(name))["items"]
    for parameter, schema in parameters(name).items():
        answer = client.get(name, params={parameter: "null"})
        if is_nullable(schema):
            found = body(answer)["items"]
            assert found == [item for item in items if item[parameter] is None]
            asked = {"format": "jsonl", parameter: "null"}
            file = client.get(f"{name}/export", params=asked)
            assert [it["id"] for it in lines(file)] == [it["id"] for it in found]
        elif parameter not in ("q", "If-None-Match") and schema.get("type") != "string":
            assert is_refused(answer, parameter)


@each_with_stats
def test_statistics_count_what_the_list_has(client: TestClient, name: str) -> None:
    make(client, name, 3)
    items = body(client.get(name))["items"]
    by = parameters(name, "/stats")["by"]
    for field in by.get("enum", [by.get("const")]):
        stats = body(client.get(f"{name}/stats?by={field}"))
        assert (stats["by"], stats["total"]) == (field, len(items))
        for value, count in stats["counts"].items():
            texts = [str(item[field]).lower() for item in items]
            assert count == texts.count(value.replace("null", "none"))
        none = body(client.get(f"{name}/stats?by={field}&q=zzzzzzz"))
        assert none["counts"] == dict.fromkeys(stats["counts"], 0)
        later = {"by": field, "updated_since": "2999-01-01T00:00:00Z"}
        assert body(client.get(f"{name}/stats", params=later))["total"] == 0


@each_with_stats
def test_statistics_are_of_enums_and_flags_only(client: TestClient, name: str) -> None:
    assert is_refused(client.get(f"{name}/stats"), "by")
    for wrong in ("", "id", "version", "created_at", "password_hash", "email", "x"):
        assert is_refused(client.get(f"{name}/stats?by={wrong}"), "by")
    by = parameters(name, "/stats")["by"]
    field = by.get("enum", [by.get("const")])[0]
    for parameter in ("limit", "offset", "sort", "fields", "include", "after"):
        answer = client.get(f"{name}/stats?by={field}&{parameter}=1")
        assert is_refused(answer, parameter)
    assert client.get(f"{name}/stats?by={field}&by={field}").status_code == 422


@each
def test_the_methods_of_a_batch_are_its_own(client: TestClient, name: str) -> None:
    ends = ("batch", "stats") if name in STATS else ("batch",)
    for end in ends:
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            refused = client.request(method, f"{name}/{end}")
            assert refused.status_code == 405
            assert refused.headers["allow"] == "GET, HEAD"
