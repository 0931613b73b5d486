import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, Call, is_rejected
from tests.hostile.document import (
    LISTS,
    LOGS,
    OPERATIONS,
    Field,
    Operation,
    body_fields,
    is_name,
    query_fields,
)
from tests.hostile.strategies import max_examples

GUARDED = [each for each in OPERATIONS if each.path.startswith("/api/")]
PARAMETERS = query_fields(lambda schema: True)
SCALARS = query_fields(lambda schema: schema.get("type") != "array")
FLAGS = query_fields(lambda schema: schema.get("type") == "boolean")
CHOICES = query_fields(lambda schema: "enum" in schema or "items" in schema)
NAMES = [field for field in body_fields(is_name) if field.operation.method == "PATCH"]

lists = pytest.mark.parametrize("operation", LISTS, ids=str)


@pytest.mark.either
@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_unknown_parameters_are_rejected(api: Api, operation: Operation) -> None:
    path = api.address(operation)
    body = json.dumps(api.example(operation)).encode() if operation.body else b""
    unknown = (b"surprise=1", b"=", b"=1", b"a", b"LIMIT=1", b"limit[]=1", b"%00=1")
    with api.unchanged(operation):
        for query in (*unknown, b"%ff", b"a=%ed%a0%80", b"\xff", b"a=1&" * 200):
            call = Call(operation.method, path, query, body=body)
            assert is_rejected(api.call(call)), query


@pytest.mark.either
@pytest.mark.parametrize("field", SCALARS, ids=str)
def test_a_repeated_parameter_is_rejected(api: Api, field: Field) -> None:
    name = field.name.encode()
    for query in (b"%s=1&%s=1", b"%s=&%s=true"):
        assert is_rejected(api.query(field.operation, query % (name, name)))


@pytest.mark.either
@pytest.mark.parametrize("field", PARAMETERS, ids=str)
def test_an_unreadable_parameter_is_rejected(api: Api, field: Field) -> None:
    for value in (b"a%00b", b"%1b", b"%ff", b"\xff"):
        query = field.name.encode() + b"=" + value
        assert is_rejected(api.query(field.operation, query)), value


@pytest.mark.either
@pytest.mark.parametrize("field", FLAGS, ids=str)
def test_a_flag_is_true_or_false(api: Api, field: Field) -> None:
    nulls = () if "nullable" in field.schema else ("null",)
    for text in ("", "1", "0", "True", "FALSE", "yes", "on", " true", "t", *nulls):
        assert is_rejected(api.query(field.operation, {field.name: text})), text


@pytest.mark.either
@pytest.mark.parametrize("field", CHOICES, ids=str)
def test_an_undocumented_choice_is_rejected(api: Api, field: Field) -> None:
    words = ("", "-", "--", "id;drop", "password_hash", "version", "created_at,id")
    # `fields` takes the name of any field that is shown.
    for text in words[:5] if field.name == "fields" else words:
        assert is_rejected(api.query(field.operation, {field.name: text})), text


@pytest.mark.either
@pytest.mark.parametrize("name", ["fields", "sort", "include"])
def test_many_names_have_one_error(api: Api, name: str) -> None:
    tasks = next(each for each in LISTS if each.path.endswith("/tasks"))
    half = ",".join("x" * 60)
    for query in (",".join("x" * 101), f"{half}&{name}={half}"):
        answer = api.query(tasks, f"{name}={query}".encode())
        assert is_rejected(answer)
        (error,) = answer.json()["errors"]
        assert error["loc"] == ["query", name]


@lists
def test_a_page_has_bounds(api: Api, operation: Operation) -> None:
    for query in (b"limit=0", b"limit=-1", b"limit=201", b"offset=-1", b"offset=10001"):
        assert is_rejected(api.query(operation, query)), query
    for query in (b"limit=1", b"limit=200", b"offset=0", b"offset=10000"):
        assert api.query(operation, query).status_code == 200, query


@pytest.mark.sampled(5, on=["postgresql"])
@lists
@pytest.mark.parametrize("text", ["%", "_", "\\", "abc\\", "%%", "\\%", "/", "'", '"'])
def test_a_search_is_literal(api: Api, operation: Operation, text: str) -> None:
    """No record contains the character; as a wildcard, it would match some."""
    found = api.query(operation, {"q": text})
    assert found.status_code == 200, found.text
    assert found.json()["total"] == 0


@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("field", NAMES, ids=str)
@pytest.mark.parametrize("name", ["%ab_c\\", "\\'\"/", "\u00c9\u03a3"])
def test_a_stored_name_is_found(api: Api, field: Field, name: str) -> None:
    assert api.send_field(field, name).status_code == 200
    (operation,) = (
        each for each in LISTS if field.operation.path.startswith(each.path)
    )
    found = api.query(operation, {"q": name}).json()["items"]
    assert [item[field.name] for item in found] == [name]
    for text in (name[0], name[-1]):  # other names may have the letter, too
        found = api.query(operation, {"q": text}).json()["items"]
        assert name in [item[field.name] for item in found], text
    api.send_field(field, "plain")


@lists
def test_a_search_has_a_limit(api: Api, operation: Operation) -> None:
    for text in ("", "x" * 101, "\U0001f600" * 101):
        assert is_rejected(api.query(operation, {"q": text}))
    for sign in ("x", "%", "_", "\\", "\U0001f600", "\u0130", "\ufdfa"):
        assert api.query(operation, {"q": sign * 100}).status_code == 200


@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("operation", LOGS, ids=str)
def test_a_cursor_page_has_bounds(api: Api, operation: Operation) -> None:
    for limit in ("0", "-1", "201"):
        assert is_rejected(api.query(operation, {"limit": limit})), limit
    for cursor in ("", "x"):
        assert is_rejected(api.query(operation, {"cursor": cursor})), cursor
    for limit in ("1", "200"):
        assert api.query(operation, {"limit": limit}).status_code == 200, limit


@pytest.mark.slow
@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("operation", [*LISTS, *LOGS], ids=str)
@max_examples(40)
@given(query=st.binary() | st.from_regex(rb"(q|sort|limit)=[%&=;+a-f0-9\x80-\xff]*"))
def test_arbitrary_queries_are_answered(
    api: Api, operation: Operation, query: bytes
) -> None:
    answer = api.query(operation, query)
    assert answer.status_code == 200 or is_rejected(answer), answer.text
