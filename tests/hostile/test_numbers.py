import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.db.ids import uuid7
from tests.hostile.api import Api, Call, is_read, is_refused
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
from tests.hostile.strategies import TEXT, tries

POWERS = [2**31 - 1, 2**31, -(2**31), 2**63, 2**64, 10**30]
INTEGERS = ["0", "1", "-1", "9" * 5000, *(str(power) for power in POWERS)]
# No integers: other JSON, and no JSON at all.
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
NO_IDS = ["", "1", "null", "x" * 36, "018f3c1e", "018f3c1e-7a2b-7c3d-8e4f-0123456789ag"]


def is_in_range(literal: str, schema: Json) -> bool:
    if len(literal) > 100 or not re.fullmatch("0|-?[1-9][0-9]*", literal):
        return False
    return bool(schema["minimum"] <= int(literal) <= schema["maximum"])


def is_amount(schema: Json) -> bool:
    """Tell decimals from other texts that have a pattern: by what fits them."""
    pattern = schema.get("pattern", "(?!)")
    return bool(re.search(pattern, "19.99") and not re.search(pattern, "A"))


def with_literal(api: Api, field: Field, literal: str) -> bytes:
    """Return a valid body, but for these characters in the place of one value."""
    body = api.example(field.operation) | {field.name: "here"}
    return json.dumps(body).replace('"here"', literal).encode()


@pytest.mark.parametrize("field", body_fields(is_integer), ids=str)
def test_an_integer_is_in_range_or_refused(api: Api, field: Field) -> None:
    for literal in INTEGERS + OTHERS + BROKEN:
        answer = api.send(field.operation, with_literal(api, field, literal))
        expected = is_read if is_in_range(literal, field.schema) else is_refused
        assert expected(answer), literal


@pytest.mark.parametrize("field", query_fields(is_integer), ids=str)
def test_an_integer_in_a_query_is_plain_digits(api: Api, field: Field) -> None:
    for literal in INTEGERS + SPELLINGS:
        answer = api.ask(field.operation, {field.name: literal})
        expected = is_read if is_in_range(literal, field.schema) else is_refused
        assert expected(answer), literal


@pytest.mark.parametrize("field", body_fields(is_amount), ids=str)
def test_an_amount_is_never_rounded(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for amount in AMOUNTS:
            assert is_refused(api.fill(field, amount)), amount
        for literal in INTEGERS + OTHERS[:-3] + BROKEN:
            raw = with_literal(api, field, literal)
            assert is_refused(api.send(field.operation, raw)), literal


@pytest.mark.parametrize("field", query_fields(is_amount), ids=str)
def test_an_amount_in_a_query_is_never_rounded(api: Api, field: Field) -> None:
    for amount in AMOUNTS:
        assert is_refused(api.ask(field.operation, {field.name: amount})), amount


@pytest.mark.parametrize("field", body_fields(has_pattern), ids=str)
@tries(12)
@given(data=st.data())
def test_a_pattern_says_what_is_taken(
    api: Api, field: Field, data: st.DataObject
) -> None:
    pattern = field.schema["pattern"]
    good = st.from_regex(pattern, fullmatch=True)
    # Also what is almost right: with one character too many, somewhere.
    wrong = st.builds(
        lambda text, sign: text[:2] + sign + text[2:], good, st.characters()
    )
    text = data.draw(good | wrong | TEXT)
    answer = api.fill(field, text)
    # Some fields reset the blanks around a text, and some do not.
    if re.fullmatch(pattern.removesuffix("$"), text):
        assert is_read(answer), answer.text
    elif not re.fullmatch(pattern.removesuffix("$"), text.strip()):
        assert is_refused(answer), answer.text


@pytest.mark.parametrize("field", body_fields(is_id), ids=str)
def test_an_id_in_a_body_is_a_uuid(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for text in NO_IDS:
            assert is_refused(api.fill(field, text)), text
        for literal in OTHERS:
            raw = with_literal(api, field, literal)
            assert is_refused(api.send(field.operation, raw)), literal


@pytest.mark.parametrize("field", query_fields(is_id), ids=str)
def test_an_id_in_a_query_is_a_uuid(api: Api, field: Field) -> None:
    for text in NO_IDS:
        assert is_refused(api.ask(field.operation, {field.name: text})), text
    assert api.ask(field.operation, {field.name: uuid7()}).status_code == 200


WITH_ID = [operation for operation in OPERATIONS if "{" in operation.path]


@pytest.mark.parametrize("operation", WITH_ID, ids=str)
def test_an_id_in_a_path_is_a_uuid(api: Api, operation: Operation) -> None:
    head, _, tail = operation.path.partition("{")
    body = json.dumps(api.example(operation)).encode() if operation.body else b""
    with api.unchanged(operation):
        for text in [*NO_IDS[1:], "\0", "\ud7ff", "{}", "%", "\ufffd", "a" * 60_000]:
            path = head + text + tail.partition("}")[2]
            answer = api.call(Call(operation.method, path, body=body))
            assert is_refused(answer), text
