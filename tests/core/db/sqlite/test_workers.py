"""Two processes that write to one database: all answered writes last, none fails."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event

import httpx2
import psutil  # type: ignore[import-untyped]  # It has no type stubs.
import pytest

from tests.modules.test_products import PEN
from tests.processes.servers import Server, serving

CLIENTS, REQUESTS = 8, 25
DELTA = {"delta": 1}


def stock(client: httpx2.Client, id: str) -> int:
    number: int = client.get(f"/products/{id}").json()["stock"]
    return number


def workers_of(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children()
    return [each for each in children if "spawn_main" in str(each.cmdline())]


@pytest.mark.slow
def test_two_workers_write_to_one_record(url: str, tmp_path: Path) -> None:
    with (
        serving(url, tmp_path, ENVIRONMENT="production", WORKERS="2") as server,
        server.client() as client,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        assert len(workers_of(server)) == 2
        id = client.post("/products", json=PEN).json()["id"]
        before = stock(client, id)

        def adjust(_: int) -> set[int]:
            with server.client() as own:  # each worker accepts some of them
                path = f"/products/{id}/stock"
                return {own.post(path, json=DELTA).status_code for _ in range(REQUESTS)}

        assert set().union(*threads.map(adjust, range(CLIENTS))) == {200}
        assert stock(client, id) == before + CLIENTS * REQUESTS


@pytest.mark.heavy
@pytest.mark.slow
def test_a_killed_worker_loses_no_answered_write(url: str, tmp_path: Path) -> None:
    answered, enough, numbers = list[int](), Event(), count()
    with (
        serving(url, tmp_path, WORKERS="2") as server,
        server.client() as client,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        id = client.post("/products", json=PEN).json()["id"]
        before = stock(client, id)

        def adjust() -> None:
            with server.client() as own:
                while not enough.is_set():
                    next(numbers)
                    with suppress(httpx2.TransportError):
                        sent = own.post(f"/products/{id}/stock", json=DELTA)
                        answered.append(sent.status_code)

        for _ in range(CLIENTS):
            threads.submit(adjust)
        while len(answered) < 100:
            enough.wait(0.01)
        workers_of(server)[0].kill()
        survived = len(answered) + 100
        while len(answered) < survived:
            enough.wait(0.01)
        enough.set()
        threads.shutdown()
        assert set(answered) == {200}
        # What was in flight may have been committed without an answer.
        assert len(answered) <= stock(client, id) - before <= next(numbers)
