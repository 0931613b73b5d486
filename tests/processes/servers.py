"""The application as a server: a separate process on a free port."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import SystemRandom
from typing import TypeVar

import httpx2
import psutil  # type: ignore[import-untyped]  # It has no type stubs.

from tests.accounts import root_header
from tests.databases import PATIENCE, ROOT, SECRET, SPOOL, make_settings
from tests.processes.environment import DEFAULTS
from tests.processes.forked import Forked

ResultT = TypeVar("ResultT")

TIMEOUT = PATIENCE
# Below those that Linux and macOS give to clients; browsers refuse 10080.
PORTS = range(11_000, 32_768)
WORKERS = 16  # of xdist, with ports of their own


def ports_of(worker: str) -> range:
    """Return the ports of a worker, such as gw0, or of the only process."""
    return PORTS[int(worker.removeprefix("gw") or 0) % WORKERS :: WORKERS]


OWN_PORTS = ports_of(os.environ.get("PYTEST_XDIST_WORKER", ""))
# Not `random`, whose state Hypothesis sets in all processes.
OFFERED = cycle(SystemRandom().sample(OWN_PORTS, len(OWN_PORTS)))


@dataclass
class Server:
    process: Forked | subprocess.Popen[bytes]
    base_url: str
    log: Path

    def client(self) -> httpx2.Client:
        """Return a client signed in as the superuser of the test databases."""
        header = root_header(make_settings("sqlite:///"))
        url = f"{self.base_url}/api/v1"
        return httpx2.Client(base_url=url, headers=header, timeout=TIMEOUT)

    def wait_for(
        self, path: str, status: int = 200, verify: ssl.SSLContext | bool = True
    ) -> httpx2.Response:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                response = httpx2.get(self.base_url + path, verify=verify)
            except httpx2.TransportError:
                pass
            else:
                if response.status_code == status:
                    return response
            time.sleep(0.05)
        raise AssertionError(f"No {status} from {path}: {self.log.read_text()}")

    def stop(self) -> int:
        """Send SIGTERM, as a service manager does; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


def kill(process: Forked | subprocess.Popen[bytes]) -> None:
    """Kill a process with its workers, which would outlive it."""
    with suppress(psutil.NoSuchProcess):
        for worker in psutil.Process(process.pid).children(recursive=True):
            worker.kill()
    process.kill()
    process.wait()


def free_port() -> int:
    """Return a free port, which no client of another test gets from the system.

    Nor does another server get it that starts meanwhile: each worker has its own ports,
    and offers one again after all others.
    """
    while True:
        port = next(OFFERED)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(url: str, **values: str) -> dict[str, str]:
    """Return the environment of a process, which overrides the developer's .env."""
    fixed = {"SECRET_KEY": SECRET, "DATABASE_URL": url, "AUDIT_SPOOL_DIR": SPOOL}
    return os.environ | DEFAULTS | fixed | {"SHUTDOWN_DELAY": "0"} | values


@contextmanager
def serving(
    url: str,
    folder: Path,
    command: tuple[str, ...] | None = None,
    port: int | None = None,
    root: Path = ROOT,
    **values: str,
) -> Iterator[Server]:
    """Run a server on this database; stop it on exit.

    On a busy machine, requests wait for a connection longer than in production.
    `root` is a copy of the project, whose code a forked process would not import.
    """
    port = port or free_port()
    log = folder / f"{port}.log"
    patient = {"PORT": str(port), "DATABASE_TIMEOUT": str(TIMEOUT)}
    env = environment(url, **(patient | values))
    process: Forked | subprocess.Popen[bytes]
    if root != ROOT:
        command = command or (sys.executable, "-m", "app")
    if command is None:
        process = Forked(("-m", "app"), env, (log, log))
    else:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=root, env=env, stdout=output, stderr=output
            )
    server = Server(process, f"http://127.0.0.1:{port}", log)
    try:
        server.wait_for("/livez")
        yield server
    finally:
        kill(process)


def wait_until(
    find: Callable[[], ResultT | None], complaint: str = "It has not happened"
) -> ResultT:
    """Call again and again until the result is true; return it."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := find()):
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)
    return found
