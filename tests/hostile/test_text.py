import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import Api, is_processed, is_rejected, within_cpu_limit
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
from tests.hostile.strategies import FORBIDDEN_CHARACTERS, INVISIBLE, TEXT, max_examples

STRINGS = body_fields(is_string)
TEXTS = body_fields(is_text)
INVALID_EMAILS = [
    *("", "ada", "@", "ada@", "@example.com", "a@b@example.com", "ada@example", "a@b"),
    *("Ada <ada@example.com>", "ada@example.com, b@example.com", "ada@[127.0.0.1]"),
    *("a" * 250 + "@example.com", "ada@" + "a." * 126 + "com", "ada@\u202eexample.com"),
    *("ada@example.com\nBcc: b@b.com", "ada@exa mple.com", "\ufdfa" * 60 + "@b.com"),
]
NAMES = body_fields(is_name)
# Persian, Sinhala and Hindi, a family, and a woman of a skin tone with a laptop.
JOINED = [
    "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "\u0915\u094d\u200d\u0937",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f469\U0001f3fd\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525",
]
NOT_JOINED = [
    *("admin\u200c", "\u200dadmin", "ad\u200cmin", "ad\u200dmin", "\u200d"),
    *("a \u200cb", "\u200d\u200d"),
    *("\u0639\u200c", "\u0915\u200d\u0937", "a\u200d\U0001f467", "\U0001f468\u200da"),
    *("\U0001f468\u200d", "\U0001f468\u200d\u200d\U0001f467"),
]
CHANGED_TEXTS = [field for field in TEXTS if field.operation.method == "PATCH"]
OTHERS = [field for field in STRINGS if str(field) not in map(str, CHANGED_TEXTS)]
CHANGED_NAMES = [field for field in NAMES if str(field) in map(str, CHANGED_TEXTS)]


@pytest.mark.sampled(5, on=["postgresql"])
@pytest.mark.parametrize("field", OTHERS, ids=str)
@max_examples(6)
@given(text=TEXT)
def test_arbitrary_text_is_accepted_or_rejected(
    api: Api, field: Field, text: str
) -> None:
    answer = api.send_field(field, text)
    assert is_processed(answer) or is_rejected(answer), answer.text


@pytest.mark.parametrize("field", CHANGED_TEXTS, ids=str)
@max_examples(6)
@given(text=TEXT)
def test_text_is_returned_as_sent(api: Api, field: Field, text: str) -> None:
    """The stored text is in NFC and stripped."""
    answer = api.send_field(field, text)
    if answer.status_code == 409:  # an earlier example gave another record this value
        (error,) = answer.json()["errors"]
        assert error["loc"] == ["body", field.name]
    elif is_processed(answer):
        stored = unicodedata.normalize("NFC", text).strip()
        assert answer.json()[field.name] == stored
        assert api.get_record(field.operation).json()[field.name] == stored


@pytest.mark.either
@pytest.mark.parametrize("field", STRINGS, ids=str)
def test_control_characters_and_surrogates_are_rejected(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for sign in FORBIDDEN_CHARACTERS:
            assert is_rejected(api.send_field(field, f"a{sign}b")), sign


@pytest.mark.either
@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_control_characters_and_surrogates_in_keys_are_rejected(
    api: Api, operation: Operation
) -> None:
    with api.unchanged(operation):
        for sign in FORBIDDEN_CHARACTERS:
            body = api.example(operation) | {sign: 1}
            assert is_rejected(api.send(operation, body)), sign


@pytest.mark.either
@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_invalid_utf8_is_rejected(api: Api, operation: Operation) -> None:
    with api.unchanged(operation):
        for name in operation.body["properties"]:
            for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5"):
                raw = b'{"%s": "a%sb"}' % (name.encode(), bad)
                assert is_rejected(api.send(operation, raw))


@pytest.mark.sampled(10, on=["postgresql"])
@pytest.mark.parametrize("field", TEXTS, ids=str)
@pytest.mark.parametrize("sign", ["\U0001f600", "\u0958"])
def test_a_limit_is_the_same_on_both_databases(
    api: Api, field: Field, sign: str
) -> None:
    """The limit counts code points of the NFC form; U+0958 becomes two."""
    most = field.schema["maxLength"] // len(unicodedata.normalize("NFC", sign))
    assert is_processed(api.send_field(field, sign * most))
    with api.unchanged(field.operation):
        assert is_rejected(api.send_field(field, sign * (most + 1)))


@pytest.mark.either
@pytest.mark.parametrize("field", NAMES, ids=str)
def test_invisible_characters_in_a_name_are_rejected(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for sign in INVISIBLE:
            assert is_rejected(api.send_field(field, f"a{sign}b")), sign
        for blank in ("", " ", "\u3000\u00a0"):
            assert is_rejected(api.send_field(field, blank))


@pytest.mark.either
@pytest.mark.parametrize("field", CHANGED_NAMES, ids=str)
def test_joiners_are_accepted_where_they_shape_a_name(api: Api, field: Field) -> None:
    for name in JOINED:
        assert api.send_field(field, name).json()[field.name] == name
    with api.unchanged(field.operation):
        for text in NOT_JOINED:
            assert is_rejected(api.send_field(field, text)), ascii(text)


@pytest.mark.parametrize("field", CHANGED_TEXTS, ids=str)
def test_text_is_normalised(api: Api, field: Field) -> None:
    answer = api.send_field(field, " e\u0301\u212b ")
    assert answer.json()[field.name] == "\u00e9\u00c5"


@pytest.mark.either
@pytest.mark.parametrize("field", body_fields(is_email), ids=str)
def test_an_invalid_email_is_rejected(api: Api, field: Field) -> None:
    with api.unchanged(field.operation):
        for text in INVALID_EMAILS:
            assert is_rejected(api.send_field(field, text)), text


@pytest.mark.slow
@pytest.mark.parametrize("field", body_fields(is_email), ids=str)
@max_examples(20)
@given(address=st.emails())
def test_arbitrary_emails_are_accepted_or_rejected(
    api: Api, field: Field, address: str
) -> None:
    answer = api.send_field(field, address)
    assert is_processed(answer) or is_rejected(answer), answer.text


@pytest.mark.either
@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_stacked_combining_marks_are_rejected_quickly(
    api: Api, operation: Operation
) -> None:
    """Normalisation sorts the marks of one letter in quadratic time."""
    pile = "a" + "\u0301\u0316" * 10_000
    field = next(iter(operation.body["properties"]))
    with within_cpu_limit():
        assert is_rejected(api.send(operation, {field: pile}))


@pytest.mark.sampled(10, on=["postgresql"])
@pytest.mark.parametrize("field", query_fields(is_string), ids=str)
@max_examples(6)
@given(text=TEXT)
def test_any_text_may_be_queried(api: Api, field: Field, text: str) -> None:
    query = {field.name: text.encode("utf-8", "replace")}
    answer = api.query(field.operation, query)
    assert answer.status_code == 200 or is_rejected(answer), answer.text
