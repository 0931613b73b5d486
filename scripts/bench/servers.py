"""Compared applications, each run in a separate server process."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]  # No stubs.

from app.core.observability.metrics.scrape import FOLDER
from scripts.bench.api import MINUTES, Api, own_api
from scripts.bench.drive import LOCALHOST, Address
from tests.databases import SECRET
from tests.processes.servers import free_port

ROOT = Path(__file__).parents[2]
SPOOL = mkdtemp(prefix="benchmark-spool-")  # on the same disk as the databases
atexit.register(shutil.rmtree, SPOOL, ignore_errors=True)
TIMEOUT = 60.0  # seconds
OPTIONS = (
    "--loop=uvloop",
    "--http=httptools",
    "--no-access-log",
    "--no-server-header",
    "--no-proxy-headers",
    "--log-level=warning",
)
CLOCK_TICK = 0.01  # seconds; USER_HZ, the unit of a process's CPU time
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class Variant(NamedTuple):
    """Import string of an application, and additional environment variables.

    Each of the hosts, which are addresses of this machine, runs as many workers.
    """

    app: str
    environment: dict[str, str] = {}
    workers: int = 1
    hosts: tuple[str, ...] = (LOCALHOST,)


NO_ACCESS_LOG = {"AUDIT_ACCESS_MODE": "off"}
# The first is the baseline. Each of the others adds one feature to the one before it,
# and the last is the complete application.
VARIANTS = {
    "bare": Variant("scripts.bench.bare.main:app"),
    "core": Variant("scripts.bench.core:app", NO_ACCESS_LOG),
    "+ guard": Variant("scripts.bench.unaudited:app", NO_ACCESS_LOG),
    "+ changes": Variant("app.main:app", NO_ACCESS_LOG),
    "+ accesses": Variant("app.main:app"),
}
*_, COMPLETE = VARIANTS
# Of the complete application. Its worker writes metrics to files in the folder.
METRICS = {
    "no metrics": Variant("app.main:app"),
    "metrics": Variant(
        "app.main:app",
        {
            "METRICS_ADDRESS": "127.0.0.1:9100",  # nothing listens: no parent process
            FOLDER: mkdtemp(prefix="metrics-", dir=SPOOL),
        },
    ),
}
# Of the complete application, on all cores.
ONE_WORKER = "1 worker"
TWO_HOSTS = "2 hosts"  # with one worker each, and one database
WORKERS = {
    ONE_WORKER: Variant("app.main:app"),
    "2 workers": Variant("app.main:app", workers=2),
    TWO_HOSTS: Variant("app.main:app", hosts=(LOCALHOST, "127.0.0.2")),
}


class Server:
    def __init__(self, name: str, address: Address, api: Api, *processes: int) -> None:
        self.name, self.address, self.api = name, address, api
        self.port = address.port
        self.processes = [psutil.Process(each) for each in processes]

    def cpu_seconds(self) -> float:
        """Return the CPU time of the processes and their children, also ended ones."""
        return sum(map(cpu_of, self.processes)) + sum(
            cpu_of(child) for each in self.processes for child in each.children()
        )

    def cpu_since(self, start: float) -> float:
        """Return the CPU time since `start`; less than one tick can't be measured."""
        return max(self.cpu_seconds() - start, CLOCK_TICK)


def cpu_of(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))  # its own, and its ended children's
    except psutil.NoSuchProcess:  # a child that ended meanwhile
        return 0


@contextmanager
def run_server(name: str, url: str) -> Iterator[Server]:
    """Run a variant on this database in production mode. Discard its log."""
    variant = (VARIANTS | METRICS | WORKERS)[name]
    cores = CORES if name in WORKERS else CORES[-1:]
    address = Address(free_port(), variant.hosts)
    with ExitStack() as stack:
        processes = [
            stack.enter_context(run_process(variant, url, (host, address.port), cores))
            for host in variant.hosts
        ]
        yield Server(name, address, own_api(), *processes)


@contextmanager
def run_process(
    variant: Variant, url: str, address: tuple[str, int], cores: list[int]
) -> Iterator[int]:
    host, port = address
    options = (f"--host={host}", f"--port={port}", f"--workers={variant.workers}")
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", variant.app, *options, *OPTIONS],
        env=os.environ | settings(url) | variant.environment,
        cwd=ROOT.anchor,  # without .env
        stdout=subprocess.DEVNULL,
    )
    try:
        pin(process.pid, cores)
        wait_for(process, address)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def settings(url: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "ENVIRONMENT": "production",
        "AUDIT_SPOOL_DIR": SPOOL,
        "SECRET_KEY": SECRET,
        "DATABASE_URL": url,
        "ACCESS_TOKEN_MINUTES": str(MINUTES),
        # Accept the driver's X-Forwarded-For.
        "TRUSTED_PROXIES": "127.0.0.1",
    }


def wait_for(process: subprocess.Popen[bytes], address: tuple[str, int]) -> None:
    deadline = monotonic() + TIMEOUT
    while process.poll() is None and monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(address) == 0:
                return
        sleep(0.05)
    raise RuntimeError(f"The server did not start: {process.args!r}")


def pin(pid: int, cores: list[int]) -> None:
    """Set the CPU affinity of a process, if the system supports it."""
    if cores:
        os.sched_setaffinity(pid, cores)
