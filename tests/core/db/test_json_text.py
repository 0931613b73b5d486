"""JSON texts of the database are read exactly, by the fast way and by the other."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.db.json_text import DECODER, OTHER, dump_json, load_canonical, load_json

pytestmark = pytest.mark.slow

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)
LOST = [
    '{"a":1,"a":2}',
    "[1.0000000000000000001]",
    "[1e999]",
    "NaN",
    "[-Infinity]",
    '["\\ud800',
    "{",
    "",
]
NOT_CANONICAL = [
    ' {"a":1}',
    '{"a": 1}',
    '"\\u0041"',
    '"\\ud800"',
    "1E5",
    "-0",
    "1.50",
    str(2**64),
    "[" * 500 + "]" * 500,
]


def same(one: Any, other: Any) -> bool:
    """Compare with the types of numbers, and with the signs of zeros."""
    return type(one) is type(other) and repr(one) == repr(other)


@given(VALUES)
def test_a_text_is_read_as_it_was_written(value: Any) -> None:
    text = dump_json(value)
    fast = load_canonical(text.encode(errors="surrogatepass"))
    assert fast is OTHER or same(fast, DECODER.decode(text))
    assert same(load_json(text), DECODER.decode(text))


@given(VALUES)
def test_a_text_of_another_program_is_read(value: Any) -> None:
    text = json.dumps(value, allow_nan=True)
    try:
        expected = DECODER.decode(text)
    except ValueError:  # no JSON: NaN, or infinity
        assert load_json(text) == {"invalid_json": text}
    else:
        assert same(load_json(text), expected)


@pytest.mark.parametrize("text", NOT_CANONICAL)
def test_a_text_that_is_no_canonical_one_is_read(text: str) -> None:
    assert same(load_json(text), DECODER.decode(text))


@pytest.mark.parametrize("text", LOST)
def test_a_text_whose_values_would_be_lost_is_shown_as_it_is(text: str) -> None:
    assert load_json(text) == {"invalid_json": text}
