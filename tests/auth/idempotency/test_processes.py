"""Several processes, one of them killed: a request with a key is done once."""

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from app.auth.idempotency.models import IdempotencyKey
from tests.accounts import root_header
from tests.auth.idempotency.test_idempotency import KEY, PEN, REPLAYED
from tests.conftest import Read
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, Server, serving

pytestmark = pytest.mark.slow
REQUESTS = 50
COUNT = select(func.count()).select_from(IdempotencyKey)


def post(server: Server) -> str:
    with server.client() as client:
        answer = client.post("products", json=PEN, headers=KEY)
        assert answer.status_code == 201, answer.text
        replayed: str = answer.headers.get(REPLAYED, "")
        return replayed


def counts(server: Server) -> tuple[int, int]:
    """Return the numbers of products and of their changes."""
    with server.client() as client:
        changes = client.get("audit/changes?entity=Product").json()["items"]
        return client.get("products").json()["total"], len(changes)


def test_equal_requests_in_two_processes_make_one_record(
    url: str, tmp_path: Path
) -> None:
    with (
        serving(url, tmp_path) as one,
        serving(url, tmp_path) as two,
        ThreadPoolExecutor(10) as threads,
    ):
        answers = Counter(threads.map(post, [one, two] * (REQUESTS // 2)))
        assert answers == {"": 1, "true": REQUESTS - 1}
        assert counts(one) == (1, 1)


@pytest.mark.either
def test_an_answer_that_was_lost_is_repeated(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server:
        address = ("127.0.0.1", int(server.base_url.rpartition(":")[2]))
        with socket.create_connection(address) as connection:
            connection.sendall(raw_request())
            deadline = time.monotonic() + TIMEOUT
            while read(COUNT) == [0] and time.monotonic() < deadline:
                time.sleep(0.01)
            server.process.kill()
    with serving(url, tmp_path) as server:
        assert post(server) == "true"
        assert counts(server) == (1, 1)


def raw_request() -> bytes:
    body = orjson.dumps(PEN)
    values = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **root_header(make_settings("sqlite:///")),
        **KEY,
    }
    lines = [f"{name}: {value}" for name, value in values.items()]
    head = "\r\n".join(["POST /api/v1/products HTTP/1.1", *lines, "", ""])
    return head.encode() + body
