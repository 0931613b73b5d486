import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, at_once, is_read, is_refused
from tests.hostile.document import (
    WRITERS,
    Field,
    Operation,
    body_fields,
    is_email,
    is_name,
    is_string,
    is_text,
    query_fields,
)
from tests.hostile.strategies import INVISIBLE, NO_CHARACTERS, TEXT, tries

STRINGS = body_fields(is_string)
TEXTS = body_fields(is_text)
NO_ADDRESSES = [
    *("", "ada", "@", "ada@", "@example.com", "a@b@example.com", "ada@example", "a@b"),
    *("Ada <ada@example.com>", "ada@example.com, b@example.com", "ada@[127.0.0.1]"),
    *("a" * 250 + "@example.com", "ada@" + "a." * 126 + "com", "ada@\u202eexample.com"),
    *("ada@example.com\nBcc: b@b.com", "ada@exa mple.com", "\ufdfa" * 60 + "@b.com"),
]
NAMES = body_fields(is_name)
CHANGED_TEXTS = [field for field in TEXTS if field.operation.method == "PATCH"]
OTHERS = [field for field in STRINGS if str(field) not in map(str, CHANGED_TEXTS)]


@pytest.mark.parametrize("field", OTHERS, ids=str)
@tries(6)
@given(text=TEXT)
def test_any_text_is_taken_or_refused(api: Api, field: Field, text: str) -> None:
    answer = api.fill(field, text)
    assert is_read(answer) or is_refused(answer), answer.text


@pytest.mark.parametrize("field", CHANGED_TEXTS, ids=str)
@tries(6)
@given(text=TEXT)
def test_text_comes_back_as_it_was_sent(api: Api, field: Field, text: str) -> None:
    """In NFC, and without the blanks around it."""
    answer = api.fill(field, text)
    if is_read(answer):
        stored = unicodedata.normalize("NFC", text).strip()
        assert answer.json()[field.name] == stored
        assert api.show(field.operation).json()[field.name] == stored


@pytest.mark.parametrize("field", STRINGS, ids=str)
def test_what_is_no_character_is_refused(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for sign in NO_CHARACTERS:
            assert is_refused(api.fill(field, f"a{sign}b")), sign


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_what_is_no_character_is_no_key(api: Api, operation: Operation) -> None:
    with api.unchanged(operation):
        for sign in NO_CHARACTERS:
            body = api.example(operation) | {sign: 1}
            assert is_refused(api.send(operation, body)), sign


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_invalid_utf8_is_refused(api: Api, operation: Operation) -> None:
    with api.unchanged(operation):
        for name in operation.body["properties"]:
            for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5"):
                raw = b'{"%s": "a%sb"}' % (name.encode(), bad)
                assert is_refused(api.send(operation, raw))


@pytest.mark.parametrize("field", TEXTS, ids=str)
@pytest.mark.parametrize("sign", ["\U0001f600", "\u0958"])
def test_a_limit_is_the_same_on_both_databases(
    api: Api, field: Field, sign: str
) -> None:
    """Counted in code points, of NFC: U+0958 becomes two of them."""
    most = field.schema["maxLength"] // len(unicodedata.normalize("NFC", sign))
    assert is_read(api.fill(field, sign * most))
    with api.unchanged(field.operation):
        assert is_refused(api.fill(field, sign * (most + 1)))


@pytest.mark.parametrize("field", NAMES, ids=str)
def test_a_name_has_nothing_invisible(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for sign in INVISIBLE:
            assert is_refused(api.fill(field, f"a{sign}b")), sign
        for blank in ("", " ", "\u3000\u00a0"):
            assert is_refused(api.fill(field, blank))


@pytest.mark.parametrize("field", CHANGED_TEXTS, ids=str)
def test_spellings_of_a_text_are_one(api: Api, field: Field) -> None:
    answer = api.fill(field, " e\u0301\u212b ")
    assert answer.json()[field.name] == "\u00e9\u00c5"


@pytest.mark.parametrize("field", body_fields(is_email), ids=str)
def test_an_address_is_only_an_address(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for text in NO_ADDRESSES:
            assert is_refused(api.fill(field, text)), text


@pytest.mark.parametrize("field", body_fields(is_email), ids=str)
@tries(20)
@given(address=st.emails())
def test_any_address_is_taken_or_refused(api: Api, field: Field, address: str) -> None:
    answer = api.fill(field, address)
    assert is_read(answer) or is_refused(answer), answer.text


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_marks_upon_marks_take_no_time(api: Api, operation: Operation) -> None:
    """To sort the marks on one letter takes the square of their number."""
    pile = "a" + "\u0301\u0316" * 10_000
    field = next(iter(operation.body["properties"]))
    with at_once():
        assert is_refused(api.send(operation, {field: pile}))


@pytest.mark.parametrize("field", query_fields(is_string), ids=str)
@tries(6)
@given(text=TEXT)
def test_any_text_may_be_asked_for(api: Api, field: Field, text: str) -> None:
    query = {field.name: text.encode("utf-8", "replace")}
    answer = api.ask(field.operation, query)
    assert answer.status_code == 200 or is_refused(answer), answer.text
