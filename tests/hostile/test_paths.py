import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.api import HOST, Api, Call
from tests.hostile.document import LISTS, OPERATIONS
from tests.hostile.strategies import TEXT, max_examples

pytestmark = pytest.mark.either

METHODS = [
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PUT",
    "QUERY",
    "FOO",
    "get",
    "",
    "\u00e9",
]
HOSTS = [
    *(b"", b"evil.example", b"test.evil.example", b"test@evil.example", b"test."),
    *(b"\xff\xfe", b"t\xc3\xa9st", b"[::1", b"test:abc", b"test:80:80", b"a" * 9999),
]
ROOT = LISTS[0].path
UNKNOWN_PATHS = [
    *("", "*", "//", f"/{ROOT}", f"{ROOT}/", f"{ROOT}//", f"{ROOT};x"),
    *(
        "/api/v1/../v1/products",
        "/api/v1/..;/products",
        "/.env",
        "/static/../pages.py",
        "/docs/",
        "/\0",
        "/\r\nX: y",
    ),
    *("/%00", "/\ud7ff\ufffd", "/{product_id}", "/{0}", "/%s%n", "/" + "a" * 60_000),
    *("/" * 60_000, "/api/v1/" + "../" * 10_000, "http://evil.example/", "?", "#"),
]


@pytest.mark.parametrize("path", UNKNOWN_PATHS, ids=lambda path: ascii(path[:25]))
def test_an_unknown_path_is_404(api: Api, path: str) -> None:
    for method in ("GET", "POST", "TRACE"):
        answer = api.call(Call(method, path))
        assert answer.status_code == 404
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.slow
@max_examples(60)
@given(start=st.sampled_from(["/", ROOT, f"{ROOT}/"]), rest=TEXT)
def test_arbitrary_paths_are_answered(api: Api, start: str, rest: str) -> None:
    # A server decodes the path, which therefore contains no surrogates.
    path = start + rest.encode("utf-8", "replace").decode()
    for method in ("GET", "DELETE"):
        assert api.call(Call(method, path)).status_code < 500


@pytest.mark.parametrize("path", sorted({each.path for each in OPERATIONS}))
def test_other_methods_are_405(api: Api, path: str) -> None:
    operations = [each for each in OPERATIONS if each.path == path]
    known = {each.method for each in operations}
    known |= {"HEAD"} if "GET" in known else set()
    with api.unchanged(operations[0]):
        for method in {*METHODS, "GET", "POST", "PATCH", "DELETE"} - known:
            answer = api.call(Call(method, api.address(operations[0])))
            assert answer.status_code == 405, method
            assert set(answer.headers["allow"].split(", ")) == known


@pytest.mark.parametrize("host", HOSTS)
def test_an_unknown_host_is_400(api: Api, host: bytes) -> None:
    for headers in (((b"host", host),), ((b"host", host), HOST), ()):
        answer = api.call(Call("GET", ROOT, headers=headers))
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
