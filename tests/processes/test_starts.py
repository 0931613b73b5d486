"""Processes that start at once: they keep the environment, and get different ports."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.processes.forked import Forked
from tests.processes.servers import PORTS, WORKERS, free_port, ports_of


@pytest.mark.slow
def test_threads_that_start_processes_restore_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the test")
    ready, null = Barrier(8), Path(os.devnull)

    def start(_: int) -> int:
        ready.wait()
        return Forked(("-c",), dict(os.environ), (null, null)).wait()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(start, range(8)))
    assert os.environ["SECRET_KEY"] == "of the test"


def test_a_port_is_not_given_twice() -> None:
    given = [free_port() for _ in range(500)]
    assert len({*given}) == len(given)


def test_workers_have_ports_of_their_own() -> None:
    own = [{*ports_of(f"gw{number}")} for number in range(WORKERS)]
    assert sum(map(len, own)) == len(set.union(*own)) == len(PORTS)
