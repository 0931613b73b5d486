import json
import re

import pytest
from httpx2 import Response

from tests.hostile.api import HOST, JSON, Api, Call
from tests.hostile.document import (
    OPERATIONS,
    SAMPLES,
    WRITERS,
    Field,
    Operation,
    body_fields,
    is_name,
)

pytestmark = pytest.mark.either

MALFORMED = [b"", b"1", b'"1', b'"1" "2"', b"\xff", b"W/*", b'"1",', b",", b'*, "1"']
OUTDATED = [b'"0"', b'"x"', b'"\xff"', b'W/"0"', b'""', b'"' + b"9" * 999 + b'"']
# As nginx, Apache, Caddy and Jetty rewrite the tag of a response that they compress.
REWRITTEN = ['W/"{}"', '"{}-gzip"', '"{}-br"', '"{}-zstd"', '"{}--gzip"', 'W/"{}-gzip"']
CHANGES = [
    each
    for each in OPERATIONS
    if "{" in each.path and each.method in ("PATCH", "POST", "DELETE")
]
NAMES = [field for field in body_fields(is_name) if field.operation.method == "PATCH"]

changes = pytest.mark.parametrize("operation", CHANGES, ids=str)
names = pytest.mark.parametrize("field", NAMES, ids=str)


def send_conditional(
    api: Api, operation: Operation, path: str, *conditions: tuple[bytes, bytes]
) -> Response:
    """Send a request that is valid apart from these conditions."""
    body = json.dumps(api.example(operation)).encode() if operation.body else b""
    headers = (HOST, JSON, *conditions)
    return api.call(Call(operation.method, path, b"", headers, body))


@changes
def test_a_malformed_precondition_is_400(api: Api, operation: Operation) -> None:
    path = api.address(operation)
    with api.unchanged(operation):
        for tags in MALFORMED:
            answer = send_conditional(api, operation, path, (b"if-match", tags))
            assert answer.status_code == 400, tags


@changes
def test_an_outdated_precondition_is_412(api: Api, operation: Operation) -> None:
    path = api.address(operation)
    with api.unchanged(operation):
        for tags in OUTDATED:
            answer = send_conditional(api, operation, path, (b"if-match", tags))
            assert answer.status_code == 412, tags


@changes
def test_a_missing_record_is_404_before_412(api: Api, operation: Operation) -> None:
    path = re.sub(r"{\w+}", SAMPLES["uuid"], operation.path)
    for tags in (b"*", b'"1"', b"junk"):
        answer = send_conditional(api, operation, path, (b"if-match", tags))
        assert answer.status_code == 404, tags


@names
def test_repeated_if_match_lines_are_one_list(api: Api, field: Field) -> None:
    path = api.address(field.operation)
    for order in (1, -1):
        now = api.get_record(field.operation).headers["etag"].encode()
        lines = [(b"if-match", now), (b"if-match", b'"other"')][::order]
        answer = send_conditional(api, field.operation, path, *lines)
        assert answer.status_code == 200, order


@names
def test_a_tag_that_a_proxy_has_rewritten_names_the_version(
    api: Api, field: Field
) -> None:
    path = api.address(field.operation)
    for pattern in REWRITTEN:
        now = api.get_record(field.operation).headers["etag"]
        tag = pattern.format(now.strip('"')).encode()
        read = Call("GET", path, b"", (HOST, (b"if-none-match", tag)))
        assert api.call(read).status_code == 304, tag
        answer = send_conditional(api, field.operation, path, (b"if-match", tag))
        assert answer.status_code == 200, tag


@names
def test_a_false_if_none_match_prevents_a_change(api: Api, field: Field) -> None:
    """If If-None-Match is false, a read is answered 304 and a write 412."""
    headers = (HOST, JSON, (b"if-none-match", b"*"))
    body = json.dumps({field.name: "changed"}).encode()
    path = api.address(field.operation)
    with api.unchanged(field.operation):
        assert api.call(Call("PATCH", path, b"", headers, body)).status_code == 412


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_a_write_is_never_304(api: Api, operation: Operation) -> None:
    path = api.address(operation)
    for tags in (b"*", b'"1"', b'"1", "2", "3"'):
        answer = send_conditional(api, operation, path, (b"if-none-match", tags))
        assert answer.status_code != 304, tags
