import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import HOST, JSON, Api, Call
from tests.hostile.document import LISTS, WRITERS
from tests.hostile.strategies import max_examples

pytestmark = pytest.mark.either

ROOT = LISTS[0].path
NAMES = [
    *(b"if-match", b"if-none-match", b"x-request-id", b"content-type", b"accept"),
    *(b"authorization", b"cookie", b"origin", b"content-encoding", b"expect", b"range"),
    *(b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"traceparent", b"te"),
    *(b"transfer-encoding", b"x-http-method-override", b"upgrade", b"", b"\xff"),
]
TARGETS = [LISTS[0], *(each for each in WRITERS if each.method == "PATCH")][:2]


@pytest.mark.parametrize("name", NAMES)
@max_examples(4)
@given(value=st.binary())
def test_arbitrary_headers_are_answered(api: Api, name: bytes, value: bytes) -> None:
    for target in TARGETS:
        headers = (HOST, JSON, (name, value), (name, b"x"))
        path = api.address(target)
        answer = api.call(Call(target.method, path, b"", headers, b"{}"))
        assert answer.status_code < 500, answer.text
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])


@pytest.mark.parametrize("invalid", [b"", b"a b", b"\xff", b"a\tb", b"a" * 65, b"<b>"])
def test_an_invalid_request_id_is_replaced(api: Api, invalid: bytes) -> None:
    headers = (HOST, (b"x-request-id", invalid))
    request_id = api.call(Call("GET", ROOT, headers=headers)).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_a_huge_header_is_accepted(api: Api, size: int) -> None:
    for name in (b"if-match", b"x-request-id", b"x-other", b"content-type"):
        headers = (HOST, (name, b"a, " * size))
        assert api.call(Call("GET", ROOT, headers=headers)).status_code == 200
