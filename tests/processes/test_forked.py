"""Processes that several threads start leave the environment as it was."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.processes.forked import Forked


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
