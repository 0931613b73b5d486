"""Workers that end are replaced, even while their parent process pings or restarts."""

import signal
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # It has no type stubs.
import pytest

from app.core.web.server.config import START_TIMEOUT
from tests.core.web.server.test_drain import empty
from tests.processes.servers import Server, serving, wait_until


def started(server: Server) -> int:
    return server.log.read_text().count("Started server process")


def wait_for_both(server: Server) -> None:
    """Wait for the other worker, too: it may start after the first has answered."""
    wait_until(lambda: started(server) == 2, "A worker has not started")


@pytest.mark.heavy
@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_is_pinged_is_replaced(tmp_path: Path) -> None:
    with serving(empty(tmp_path), tmp_path, WORKERS="2") as server:
        wait_for_both(server)
        parent = psutil.Process(server.process.pid)
        before = parent.children()
        killed = next(it for it in before if "spawn_main" in str(it.cmdline()))
        killed.suspend()
        time.sleep(2)  # the parent process pings each of them twice a second
        start = time.monotonic()
        killed.kill()
        while set(parent.children()) <= set(before):
            assert time.monotonic() - start < START_TIMEOUT / 2
            time.sleep(0.1)
        server.wait_for("/livez")
        assert server.stop() == 0


@pytest.mark.heavy
@pytest.mark.slow
def test_a_suspended_worker_holds_up_neither_others_nor_a_stop(tmp_path: Path) -> None:
    with serving(empty(tmp_path), tmp_path, WORKERS="2") as server:
        wait_for_both(server)
        parent = psutil.Process(server.process.pid)
        before = parent.children()
        workers = [it for it in before if "spawn_main" in str(it.cmdline())]
        workers[0].suspend()
        time.sleep(2)  # it is pinged, and does not answer
        start = time.monotonic()
        workers[1].kill()
        while set(parent.children()) <= set(before):
            assert time.monotonic() - start < START_TIMEOUT / 2
            time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(START_TIMEOUT / 2) == 0


@pytest.mark.slow
def test_a_stop_ends_a_restart(tmp_path: Path) -> None:
    """A service manager kills what has not stopped after a while."""
    with serving(empty(tmp_path), tmp_path, WORKERS="2") as server:
        wait_for_both(server)
        parent = psutil.Process(server.process.pid)
        before = parent.children()
        server.process.send_signal(signal.SIGHUP)
        while set(parent.children()) <= set(before):
            time.sleep(0.05)
        assert server.stop() == 0
        # Two workers, perhaps the first new one, but not the second.
        assert started(server) in (2, 3)
