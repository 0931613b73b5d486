import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import (
    HOST,
    Api,
    Call,
    is_processed,
    is_rejected,
    within_cpu_limit,
)
from tests.hostile.document import WRITERS, Operation
from tests.hostile.strategies import TEXT, max_examples

pytestmark = pytest.mark.either

LIMIT, BULK_LIMIT = 2**20, 2**23
DEPTHS = (100, 1000, 100_000)
KEYS = b"{%s}" % b",".join(b'"k%d":1' % number for number in range(80_000))
PARTS = [b"0,", b'"a",', b"1.5,", b"null,"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=4,
)
writers = pytest.mark.parametrize("operation", WRITERS, ids=str)


def raw(api: Api, operation: Operation) -> bytes:
    return json.dumps(api.example(operation)).encode()


def is_rejected_as(api: Api, operation: Operation, body: bytes, kind: bytes) -> bool:
    """Send a body with this content type; return whether it is rejected."""
    headers = (HOST, (b"content-type", kind)) if kind else (HOST,)
    path = api.address(operation)
    return is_rejected(api.call(Call(operation.method, path, b"", headers, body)))


@writers
def test_a_body_is_one_json_object(api: Api, operation: Operation) -> None:
    good = raw(api, operation)
    with api.unchanged(operation):
        for body in (b"", b" ", b"null", b"true", b"1", b'"x"', b"[]", b"{", b"}"):
            assert is_rejected(api.send(operation, body)), body
        for body in (b"[%s]" % good, good + good, good + b"x", b"/**/" + good):
            assert is_rejected(api.send(operation, body)), body
        for body in (b'{"a"}', b"{'a':1}", b'{"a":1,}', b'{"a":1', b'{"":1}', b"\0"):
            assert is_rejected(api.send(operation, body)), body


@writers
def test_a_body_is_utf8(api: Api, operation: Operation) -> None:
    good = raw(api, operation)
    with api.unchanged(operation):
        for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
            body = good.decode().encode(encoding)
            assert is_rejected(api.send(operation, body)), encoding
            assert is_rejected_as(
                api, operation, body, b"application/json; charset=utf-16"
            )
        assert is_rejected(api.send(operation, gzip.compress(good)))


@writers
def test_a_body_needs_the_json_content_type(api: Api, operation: Operation) -> None:
    kinds = (b"", b"text/plain", b"text/json", b"application/x-www-form-urlencoded")
    with api.unchanged(operation):
        for kind in (*kinds, b"multipart/form-data; boundary=x", b"json", b"\xff/json"):
            assert is_rejected_as(api, operation, raw(api, operation), kind), kind


@writers
def test_unknown_fields_are_rejected(api: Api, operation: Operation) -> None:
    with api.unchanged(operation):
        for name in ("surprise", "", "__class__", "id", "version", "\u00e9", "a" * 999):
            body = api.example(operation) | {name: 1}
            assert is_rejected(api.send(operation, body)), name


@writers
@pytest.mark.parametrize("depth", DEPTHS)
def test_deep_nesting_is_rejected_quickly(
    api: Api, operation: Operation, depth: int
) -> None:
    field = next(iter(operation.body["properties"])).encode()
    with api.unchanged(operation):
        for start, end in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = start * depth + b"1" + end * depth
            for body in (deep, start * depth, b'{"%s":%s}' % (field, deep)):
                with within_cpu_limit():
                    assert is_rejected(api.send(operation, body))


@pytest.mark.slow
@writers
def test_a_large_collection_is_rejected_quickly(api: Api, operation: Operation) -> None:
    field = next(iter(operation.body["properties"])).encode()
    collections = [KEYS, *(b"[%s%s]" % (part * 150_000, part[:-1]) for part in PARTS)]
    with api.unchanged(operation):
        for collection in collections:
            for body in (collection, b'{"%s":%s}' % (field, collection)):
                with within_cpu_limit():
                    assert is_rejected(api.send(operation, body))


@pytest.mark.slow
@writers
def test_a_long_text_is_rejected_quickly(api: Api, operation: Operation) -> None:
    for field in operation.body["properties"]:
        for sign in (b"9", b"\xc3\xa9"):
            text = sign * ((LIMIT - 200) // len(sign))
            body = b'{"%s":"%s"}' % (field.encode(), text)
            with within_cpu_limit():
                assert is_rejected(api.send(operation, body)), field


@writers
def test_the_size_of_a_body_is_limited(api: Api, operation: Operation) -> None:
    good = raw(api, operation)
    limit = BULK_LIMIT if operation.path.endswith("/bulk") else LIMIT
    full = good + b" " * (limit - len(good))
    # An item may refer to a record that does not exist, or grant what its user lacks.
    assert api.send(operation, full).status_code in {200, 201, 403, 409, 422}
    with api.unchanged(operation):
        answer = api.send(operation, full + b" ")
        assert is_rejected(answer)
        assert answer.status_code == 413
        assert answer.headers["x-content-type-options"] == "nosniff"


@writers
@max_examples(12)
@given(body=st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_arbitrary_bytes_are_rejected(
    api: Api, operation: Operation, body: bytes
) -> None:
    assert is_rejected(api.send(operation, body)) or body.strip() == b"{}"


@pytest.mark.slow
@writers
@max_examples(10)
@given(data=st.data())
def test_arbitrary_values_are_accepted_or_rejected(
    api: Api, operation: Operation, data: st.DataObject
) -> None:
    fields = st.sampled_from(list(operation.body["properties"]))
    body = api.example(operation) | data.draw(st.dictionaries(fields, VALUES))
    answer = api.send(operation, body)
    assert is_processed(answer) or is_rejected(answer), answer.text
