"""Imports and exports whose process is killed, or whose client leaves."""

import json
import socket
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from app.audit.models import AuditChange
from app.collections.files.imports.received import BATCH_ROWS
from app.modules.products.models import Product
from tests.accounts import root_header
from tests.collections.files.files import CSV, JSONL, as_csv
from tests.conftest import Read
from tests.databases import make_settings
from tests.processes.servers import Server, serving, wait_until
from tests.processes.standby import wait_for_backends

pytestmark = [pytest.mark.slow, pytest.mark.heavy]
ROWS = 4_000
FILE = as_csv(
    [{"sku": f"PEN-{n}", "name": "Pen", "price": "1.50"} for n in range(ROWS)]
)
ATOMIC = as_csv(
    [{"sku": f"PEN-{n}", "name": "Pen", "price": "1.50"} for n in range(2_000)]
)
BATCHES = "products/import?atomic=false&key=sku"
VERSIONS = select(func.coalesce(func.sum(Product.version), 0))
CHANGES = select(func.count()).where(col(AuditChange.entity) == "Product")


def send(server: Server, path: str, file: bytes, kind: str = CSV) -> httpx2.Response:
    with server.client() as client:
        return client.post(path, content=file, headers={"content-type": kind})


def total(server: Server) -> int:
    with server.client() as client:
        found: int = client.get("products?limit=1").json()["total"]
    return found


def test_a_killed_import_continues_where_it_ended(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(send, server, BATCHES, FILE)
        wait_until(lambda: total(server))
        server.process.kill()
        with suppress(httpx2.TransportError):
            sent.result()
    wait_for_backends(url)
    (found,) = read(CHANGES)
    assert found % BATCH_ROWS == 0
    assert found > 0
    assert read(VERSIONS) == [found]
    with serving(url, tmp_path) as server:
        report = send(server, BATCHES, FILE).json()
    assert (report["unchanged"], report["created"]) == (found, ROWS - found)
    assert read(VERSIONS) == read(CHANGES) == [ROWS]


def test_a_killed_import_of_all_or_none_is_one_of_them(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(send, server, "products/import", ATOMIC)
        time.sleep(0.5)  # it is in progress, or done: either is right
        server.process.kill()
        with suppress(httpx2.TransportError):
            sent.result()
    wait_for_backends(url)
    (found,) = read(CHANGES)
    assert found in (0, 2_000)
    assert read(VERSIONS) == [found]


def test_two_imports_of_the_same_records_make_each_once(
    url: str, tmp_path: Path, read: Read
) -> None:
    with (
        serving(url, tmp_path) as one,
        serving(url, tmp_path) as two,
        ThreadPoolExecutor(2) as threads,
    ):
        answers = [*threads.map(lambda it: send(it, BATCHES, FILE), (one, two))]
    assert {answer.status_code for answer in answers} <= {200, 207}
    assert sum(answer.json()["created"] for answer in answers) == ROWS
    assert read(VERSIONS) == read(CHANGES) == [ROWS]


def request_of(server: Server, body: bytes, announced: int) -> socket.socket:
    """Return a connection to which this request was written."""
    address = urlsplit(server.base_url)
    authorization = root_header(make_settings("sqlite:///"))["authorization"]
    head = (
        f"POST /api/v1/{BATCHES} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {authorization}\r\nContent-Type: {CSV}\r\n"
        f"Content-Length: {announced}\r\n\r\n"
    )
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(head.encode() + body)
    return connection


def import_status(server: Server) -> int | None:
    with server.client() as client:
        items = client.get("audit/accesses?limit=200").json()["items"]
    statuses = [it["status"] for it in items if it["path"].endswith("/import")]
    return statuses[0] if statuses else None


def test_a_client_that_leaves_while_it_sends_imports_nothing(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server:
        request_of(server, FILE[: len(FILE) // 2], len(FILE)).close()
        status: int = wait_until(lambda: import_status(server))
        assert status >= 400
    assert read(CHANGES) == [0]


def test_the_changes_of_a_client_that_has_left_are_recorded(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server:
        request_of(server, FILE, len(FILE)).close()
        wait_until(lambda: import_status(server))
        found = total(server)
    assert found % BATCH_ROWS == 0
    assert read(VERSIONS) == read(CHANGES) == [found]


def exported(server: Server) -> int | None:
    with server.client() as client:
        items = client.get("audit/accesses?limit=200").json()["items"]
    rows = [it["exported_rows"] for it in items if it["path"].endswith("/export")]
    return rows[0] if rows else None


def fill(server: Server) -> None:
    """Create so many bytes that no buffer of a socket has them all."""
    pen = {"name": "Pen", "price": "1.50", "description": "x" * 2_000}
    for part in range(0, ROWS * 2, 1_000):
        numbers = range(part, part + 1_000)
        lines = (json.dumps(pen | {"sku": f"PEN-{number}"}) for number in numbers)
        file = "\n".join(lines).encode()
        assert send(server, BATCHES, file, JSONL).status_code == 200


def test_an_export_ends_when_its_client_leaves(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path) as server:
        fill(server)
        with server.client() as client:
            with client.stream("GET", "products/export?format=jsonl") as answer:
                next(answer.iter_raw())
            rows: int = wait_until(lambda: exported(server))
        assert rows < ROWS * 2
        assert total(server) == ROWS * 2


def test_a_killed_export_is_seen_by_its_client_and_in_the_log(
    url: str, tmp_path: Path
) -> None:
    with serving(url, tmp_path) as server:
        fill(server)
        with server.client() as client:
            stream = client.stream("GET", "products/export?format=jsonl&sort=name")
            with stream as answer:
                parts = answer.iter_raw()
                next(parts)
                server.process.kill()
                with pytest.raises(httpx2.TransportError):
                    deque(parts)
        assert "export_started" in server.log.read_text()
