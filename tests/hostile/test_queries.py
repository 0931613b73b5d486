import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, Call, is_refused
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
from tests.hostile.strategies import tries

GUARDED = [each for each in OPERATIONS if each.path.startswith("/api/")]
PARAMETERS = query_fields(lambda schema: True)
SCALARS = query_fields(lambda schema: schema.get("type") != "array")
FLAGS = query_fields(lambda schema: schema.get("type") == "boolean")
CHOICES = query_fields(lambda schema: "enum" in schema or "items" in schema)
NAMES = [field for field in body_fields(is_name) if field.operation.method == "PATCH"]

lists = pytest.mark.parametrize("operation", LISTS, ids=str)


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_unknown_parameters_are_refused(api: Api, operation: Operation) -> None:
    path = api.address(operation)
    body = json.dumps(api.example(operation)).encode() if operation.body else b""
    strange = (b"surprise=1", b"=", b"=1", b"a", b"LIMIT=1", b"limit[]=1", b"%00=1")
    with api.unchanged(operation):
        for query in (*strange, b"%ff", b"a=%ed%a0%80", b"\xff", b"a=1&" * 200):
            call = Call(operation.method, path, query, body=body)
            assert is_refused(api.call(call)), query


@pytest.mark.parametrize("field", SCALARS, ids=str)
def test_a_parameter_is_given_once(api: Api, field: Field) -> None:
    name = field.name.encode()
    for query in (b"%s=1&%s=1", b"%s=&%s=true"):
        assert is_refused(api.ask(field.operation, query % (name, name)))


@pytest.mark.parametrize("field", PARAMETERS, ids=str)
def test_a_parameter_is_readable_text(api: Api, field: Field) -> None:
    for value in (b"a%00b", b"%1b", b"%ff", b"\xff"):
        query = field.name.encode() + b"=" + value
        assert is_refused(api.ask(field.operation, query)), value


@pytest.mark.parametrize("field", FLAGS, ids=str)
def test_a_flag_is_true_or_false(api: Api, field: Field) -> None:
    for text in ("", "1", "0", "True", "FALSE", "yes", "on", " true", "null", "t"):
        assert is_refused(api.ask(field.operation, {field.name: text})), text


@pytest.mark.parametrize("field", CHOICES, ids=str)
def test_a_choice_is_one_of_those_documented(api: Api, field: Field) -> None:
    for text in ("", "-", "--", "id;drop", "password_hash", "version", "created_at,id"):
        assert is_refused(api.ask(field.operation, {field.name: text})), text


@lists
def test_a_page_has_bounds(api: Api, operation: Operation) -> None:
    for query in (b"limit=0", b"limit=-1", b"limit=201", b"offset=-1", b"offset=10001"):
        assert is_refused(api.ask(operation, query)), query
    for query in (b"limit=1", b"limit=200", b"offset=0", b"offset=10000"):
        assert api.ask(operation, query).status_code == 200, query


@lists
@pytest.mark.parametrize("text", ["%", "_", "\\", "abc\\", "%%", "\\%", "/", "'", '"'])
def test_a_search_is_literal(api: Api, operation: Operation, text: str) -> None:
    """No record has such a sign: as a pattern, or unescaped, it would find some."""
    found = api.ask(operation, {"q": text})
    assert found.status_code == 200, found.text
    assert found.json()["total"] == 0


@pytest.mark.parametrize("field", NAMES, ids=str)
@pytest.mark.parametrize("name", ["%ab_c\\", "\\'\"/", "\u00c9\u03a3"])
def test_what_is_stored_is_found(api: Api, field: Field, name: str) -> None:
    assert api.fill(field, name).status_code == 200
    (operation,) = (
        each for each in LISTS if field.operation.path.startswith(each.path)
    )
    for text in (name, name[0], name[-1]):
        found = api.ask(operation, {"q": text}).json()["items"]
        assert [item[field.name] for item in found] == [name], text
    api.fill(field, "plain")


@lists
def test_a_search_has_a_limit(api: Api, operation: Operation) -> None:
    for text in ("", "x" * 101, "\U0001f600" * 101):
        assert is_refused(api.ask(operation, {"q": text}))
    for sign in ("x", "%", "_", "\\", "\U0001f600", "\u0130", "\ufdfa"):
        assert api.ask(operation, {"q": sign * 100}).status_code == 200


@pytest.mark.parametrize("operation", LOGS, ids=str)
def test_a_stretch_has_bounds(api: Api, operation: Operation) -> None:
    for query in (b"limit=0", b"limit=-1", b"limit=201", b"cursor=", b"cursor=-1"):
        assert is_refused(api.ask(operation, query)), query
    for query in (b"limit=1", b"limit=200"):
        assert api.ask(operation, query).status_code == 200, query


@pytest.mark.parametrize("operation", [*LISTS, *LOGS], ids=str)
@tries(40)
@given(query=st.binary() | st.from_regex(rb"(q|sort|limit)=[%&=;+a-f0-9\x80-\xff]*"))
def test_any_query_is_answered(api: Api, operation: Operation, query: bytes) -> None:
    answer = api.ask(operation, query)
    assert answer.status_code == 200 or is_refused(answer), answer.text
