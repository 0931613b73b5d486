import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.db.ids import uuid7
from tests.hostile.api import Api, Call, is_processed, is_rejected
from tests.hostile.document import (
    OPERATIONS,
    Field,
    Json,
    Operation,
    body_fields,
    has_pattern,
    is_id,
    is_integer,
    query_fields,
)
from tests.hostile.strategies import TEXT, max_examples

POWERS = [2**31 - 1, 2**31, -(2**31), 2**63, 2**64, 10**30]
INTEGERS = ["0", "1", "-1", "9" * 5000, *(str(power) for power in POWERS)]
# Not integers: other JSON values, and invalid JSON.
OTHERS = ["1.0", "0.5", "-0.0", "1e2", "1e400", "1e-400", "true", '"1"', "[1]", "{}"]
BROKEN = ["NaN", "Infinity", "-Infinity", "+1", "01", "1_000", "0x1", "1.", ".5", ""]
SPELLINGS = [
    "NaN",
    "true",
    "0.5",
    "+1",
    "01",
    "1_000",
    "0x1",
    "1.0",
    "1e2",
    "-0",
    " 1",
    "1 ",
    "",
    "\u0663",
]
AMOUNTS = [
    *("1.005", "0.001", "12345678901.00", "9" * 5000, "-1", "-0", "+1", "01", "1."),
    *(".5", "1e3", "1E400", "NaN", "Infinity", "sNaN", "1_000", "1,50", " ", "\u0661"),
]
INVALID_IDS = [
    "",
    "1",
    "null",
    "x" * 36,
    "018f3c1e",
    "018f3c1e-7a2b-7c3d-8e4f-0123456789ag",
]


def is_in_range(literal: str, schema: Json) -> bool:
    if len(literal) > 100 or not re.fullmatch("0|-?[1-9][0-9]*", literal):
        return False
    return bool(schema["minimum"] <= int(literal) <= schema["maximum"])


def is_amount(schema: Json) -> bool:
    """Return whether the pattern is that of a decimal: it matches 19.99 but not A."""
    pattern = schema.get("pattern", "(?!)")
    return bool(re.search(pattern, "19.99") and not re.search(pattern, "A"))


def body_with(api: Api, field: Field, literal: str) -> bytes:
    """Return a valid body with this literal as the value of one field."""
    body = api.example(field.operation) | {field.name: "here"}
    return json.dumps(body).replace('"here"', literal).encode()


@pytest.mark.parametrize("field", body_fields(is_integer), ids=str)
def test_an_integer_is_in_range_or_rejected(api: Api, field: Field) -> None:
    for literal in INTEGERS + OTHERS + BROKEN:
        answer = api.send(field.operation, body_with(api, field, literal))
        expected = is_processed if is_in_range(literal, field.schema) else is_rejected
        assert expected(answer), literal


@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("field", query_fields(is_integer), ids=str)
def test_an_integer_in_a_query_is_plain_digits(api: Api, field: Field) -> None:
    for literal in INTEGERS + SPELLINGS:
        answer = api.query(field.operation, {field.name: literal})
        expected = is_processed if is_in_range(literal, field.schema) else is_rejected
        assert expected(answer), literal


@pytest.mark.either
@pytest.mark.parametrize("field", body_fields(is_amount), ids=str)
def test_an_amount_is_never_rounded(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for amount in AMOUNTS:
            assert is_rejected(api.send_field(field, amount)), amount
        for literal in INTEGERS + OTHERS[:-3] + BROKEN:
            raw = body_with(api, field, literal)
            assert is_rejected(api.send(field.operation, raw)), literal


@pytest.mark.either
@pytest.mark.parametrize("field", query_fields(is_amount), ids=str)
def test_an_amount_in_a_query_is_never_rounded(api: Api, field: Field) -> None:
    for amount in AMOUNTS:
        assert is_rejected(api.query(field.operation, {field.name: amount})), amount


@pytest.mark.parametrize("field", body_fields(has_pattern), ids=str)
@max_examples(12)
@given(data=st.data())
def test_a_field_accepts_exactly_its_pattern(
    api: Api, field: Field, data: st.DataObject
) -> None:
    pattern = field.schema["pattern"]
    good = st.from_regex(pattern, fullmatch=True)
    # Almost valid: one character is inserted.
    wrong = st.builds(
        lambda text, sign: text[:2] + sign + text[2:], good, st.characters()
    )
    text = data.draw(good | wrong | TEXT)
    answer = api.send_field(field, text)
    # Some fields strip surrounding whitespace.
    if re.fullmatch(pattern.removesuffix("$"), text):
        assert is_processed(answer), answer.text
    elif not re.fullmatch(pattern.removesuffix("$"), text.strip()):
        assert is_rejected(answer), answer.text


@pytest.mark.either
@pytest.mark.parametrize("field", body_fields(is_id), ids=str)
def test_an_id_in_a_body_is_a_uuid(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for text in INVALID_IDS:
            assert is_rejected(api.send_field(field, text)), text
        for literal in OTHERS:
            raw = body_with(api, field, literal)
            assert is_rejected(api.send(field.operation, raw)), literal


@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("field", query_fields(is_id), ids=str)
def test_an_id_in_a_query_is_a_uuid(api: Api, field: Field) -> None:
    null = {"type": "string", "const": "null"}
    takes_null = null in field.operation.query[field.name].get("anyOf", ())
    for text in {*INVALID_IDS} - ({"null"} if takes_null else set()):
        assert is_rejected(api.query(field.operation, {field.name: text})), text
    assert api.query(field.operation, {field.name: uuid7()}).status_code == 200


WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]


@pytest.mark.either
@pytest.mark.parametrize("operation", WITH_ID, ids=str)
def test_an_id_in_a_path_is_a_uuid(api: Api, operation: Operation) -> None:
    head, _, tail = operation.path.partition("{")
    body = json.dumps(api.example(operation)).encode() if operation.body else b""
    with api.unchanged(operation):
        for text in [
            *INVALID_IDS[1:],
            "\0",
            "\ud7ff",
            "{}",
            "%",
            "\ufffd",
            "a" * 60_000,
        ]:
            path = head + text + tail.partition("}")[2]
            answer = api.call(Call(operation.method, path, body=body))
            assert is_rejected(answer), text
