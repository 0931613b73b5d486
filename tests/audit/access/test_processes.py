"""Processes under load, killed or without disk: each request is recorded once."""

import re
import resource
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil  # type: ignore[import-untyped]  # It has no type stubs.
import pytest
from sqlmodel import select

from app.audit.access.spool import spool_folder
from app.audit.models import AuditAccess
from tests.conftest import Read, read_column
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT, Server, serving, wait_until

pytestmark = pytest.mark.slow
CLIENTS = 6
PAUSE = 0.01  # seconds between two requests of a client
WORKERS = ["1", pytest.param("2", marks=pytest.mark.heavy)]


@contextmanager
def load_on(server: Server) -> Iterator[list[str]]:
    """Send some hundred requests a second; yield the ids of those answered so far."""
    answered: list[str] = []
    numbers, enough = count(), Event()

    def send() -> None:
        # Without a pause, the clients would take the processor from the server.
        while not enough.wait(PAUSE):
            request_id = f"load-{next(numbers)}"
            with suppress(httpx2.TransportError):
                client.get("/products", headers={"x-request-id": request_id})
                answered.append(request_id)

    with server.client() as client, ThreadPoolExecutor(CLIENTS) as threads:
        for _ in range(CLIENTS):
            threads.submit(send)
        try:
            yield answered
        finally:
            enough.set()


def wait_for_requests(answered: list[str], number: int) -> None:
    target = len(answered) + number
    wait_until(lambda: len(answered) >= target)


def loaded(read: Read) -> list[str]:
    ids: list[str] = read(select(AuditAccess.request_id))
    return [each for each in ids if each.startswith("load-")]


def check(answered: list[str], recorded: list[str]) -> None:
    """Check that answered requests are recorded once; those in flight may be."""
    assert set(answered) - set(recorded) == set()
    assert len(recorded) == len(set(recorded))
    assert len(recorded) <= len(answered) + 2 * CLIENTS


def spooled(url: str) -> int:
    folder = spool_folder(make_settings(url))
    return sum(len(path.read_bytes()) for path in folder.glob("*"))


def processes_of(server: Server) -> list[Any]:
    """Return the process of the server, and those of its workers."""
    parent = psutil.Process(server.process.pid)
    workers = [
        each for each in parent.children() if "spawn_main" in str(each.cmdline())
    ]
    return [parent, *workers]


def suspended_with_rows(processes: list[Any], url: str) -> bool:
    """Suspend the processes if the spool has rows; otherwise resume them."""
    for process in processes:
        process.suspend()
    if spooled(url) > 10_000:
        return True
    for process in processes:
        process.resume()
    return False


@pytest.mark.parametrize("workers", WORKERS)
def test_no_row_is_lost_to_kill_9_under_load(
    url: str, tmp_path: Path, read: Read, workers: str
) -> None:
    with (
        serving(url, tmp_path, WORKERS=workers) as server,
        load_on(server) as answered,
    ):
        wait_for_requests(answered, 100)
        processes = processes_of(server)
        wait_until(lambda: suspended_with_rows(processes, url))
        for process in processes:
            process.kill()
    left = spooled(url)
    assert left > 0
    with serving(url, tmp_path) as again:
        wait_until(lambda: spooled(url) < left)
        assert again.stop() == 0
    assert spooled(url) == 0
    check(answered, loaded(read))


@pytest.mark.heavy
def test_the_segment_of_a_killed_worker_is_loaded(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path, WORKERS="2") as server:
        with load_on(server) as answered:
            wait_for_requests(answered, 100)
            processes_of(server)[1].kill()
            wait_for_requests(answered, 100)
        # The other processes load it while they run.
        wait_until(lambda: set(answered) <= set(loaded(read)))
        assert server.stop() == 0
    check(answered, loaded(read))
    assert spooled(url) == 0


@pytest.mark.parametrize("workers", WORKERS)
def test_sigterm_drains_the_spool(
    url: str, tmp_path: Path, read: Read, workers: str
) -> None:
    with (
        serving(url, tmp_path, WORKERS=workers) as server,
        load_on(server) as answered,
    ):
        wait_for_requests(answered, 200)
        assert server.stop() == 0
    assert spooled(url) == 0
    check(answered, loaded(read))


@pytest.mark.either
def test_a_disconnected_client_is_recorded(
    url: str, tmp_path: Path, read: Read
) -> None:
    with serving(url, tmp_path) as server:
        host, port = urlsplit(server.base_url).netloc.split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            )
        wait_until(lambda: "disconnected" in read(select(AuditAccess.outcome)))


@pytest.mark.either
def test_a_full_disk_loses_no_request(url: str, tmp_path: Path, read: Read) -> None:
    """No file may grow, as on a full disk: rows are kept in memory, and shown."""

    def state() -> str:
        ready = httpx2.get(f"{server.base_url}/readyz", timeout=TIMEOUT)
        checks = ready.json()["checks"]
        return str(checks["audit"])

    def ask(number: int = 1) -> str:
        """Send requests; return the state after them."""
        for _ in range(number):
            request_id = f"load-{len(answered)}"
            headers = {"x-request-id": request_id}
            assert client.get("/products", headers=headers).status_code == 200
            answered.append(request_id)
        return state()

    answered: list[str] = []
    with serving(url, tmp_path, LOG_LEVEL="ERROR") as server, server.client() as client:
        assert ask(10) == "ok"
        free = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        full = (2_000, free[1])
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, full)
        wait_until(lambda: "in memory" in ask())
        # Each new segment has room for a few, and the loader begins one a second.
        ask(40)
        # The system says the one of a whole line, and we the other of half a line.
        wait_until(lambda: re.search("File too large|No space left", ask()))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, free)
        wait_until(lambda: state() == "ok")
        ask(10)
        assert server.stop() == 0
    check(answered, loaded(read))
    assert "access_rows_lost" not in server.log.read_text()


@pytest.mark.parametrize("workers", WORKERS)
def test_a_database_outage_loses_no_row(
    postgresql: Any, tmp_path: Path, workers: str
) -> None:
    url = postgresql.get_uri("template")
    with serving(url, tmp_path, WORKERS=workers) as server:
        with load_on(server) as answered:
            wait_for_requests(answered, 100)
            postgresql.stop()
            wait_for_requests(answered, 200)
            Event().wait(2)
            postgresql.ensure_postgres_running()
            wait_for_requests(answered, 100)
        wait_until(lambda: set(answered) <= set(recorded_in(url)))
        assert server.stop() == 0
    check(answered, recorded_in(url))
    assert spooled(url) == 0


@pytest.mark.heavy
def test_unloaded_rows_are_loaded_at_the_next_start(
    postgresql: Any, tmp_path: Path
) -> None:
    url = postgresql.get_uri("template")
    with serving(url, tmp_path) as server:
        with load_on(server) as answered:
            wait_for_requests(answered, 100)
            postgresql.stop()
            wait_for_requests(answered, 100)
        assert server.stop() == 0
    assert spooled(url) > 0
    assert "access_left_in_spool" in server.log.read_text()
    postgresql.ensure_postgres_running()
    with serving(url, tmp_path) as again:
        wait_until(lambda: set(answered) <= set(recorded_in(url)))
        assert again.stop() == 0
    check(answered, recorded_in(url))


def recorded_in(url: str) -> list[str]:
    return loaded(partial(read_column, make_settings(url)))
