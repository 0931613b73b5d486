"""The applications that are compared, each in a server process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]  # It brings no types.

from tests.databases import SECRET, SPOOL
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
OPTIONS = (
    "--loop=uvloop",
    "--http=httptools",
    "--workers=1",
    "--no-access-log",
    "--no-server-header",
    "--no-proxy-headers",
    "--log-level=warning",
)
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class Variant(NamedTuple):
    """How to start an application: where it is, and what its environment adds."""

    app: str
    environment: dict[str, str] = {}


WITHOUT_ACCESSES = {"AUDIT_ACCESS_MODE": "off"}
# One line each. The first is what the others are compared with; of the rest, each has
# one thing more than the one before it, and the last is all of ours.
VARIANTS = {
    "bare": Variant("scripts.bench.bare.main:app"),
    "core": Variant("scripts.bench.core:app", WITHOUT_ACCESSES),
    "+ guard": Variant("scripts.bench.unaudited:app", WITHOUT_ACCESSES),
    "+ changes": Variant("app.main:app", WITHOUT_ACCESSES),
    "+ accesses": Variant("app.main:app"),
}
*_, OURS = VARIANTS


class Server:
    def __init__(self, name: str, port: int, pid: int) -> None:
        self.name = name
        self.port = port
        self.process = psutil.Process(pid)

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(name: str, url: str) -> Iterator[Server]:
    """Run a variant on this database, as in production; its log goes nowhere."""
    variant, port = VARIANTS[name], free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", variant.app, f"--port={port}", *OPTIONS],
        env=os.environ | settings(url) | variant.environment,
        cwd=ROOT.anchor,  # where no developer's .env has a say
        stdout=subprocess.DEVNULL,
    )
    try:
        pin(process.pid, CORES[-1:])
        wait_for(process, port)
        yield Server(name, port, process.pid)
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
        # The driver may say that it is many.
        "TRUSTED_PROXIES": "127.0.0.1",
    }


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = monotonic() + PATIENCE
    while process.poll() is None and monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise RuntimeError(f"The server does not start: {process.args!r}")


def pin(pid: int, cores: list[int]) -> None:
    """Keep a process on these cores, where the system knows such a thing."""
    if cores:
        os.sched_setaffinity(pid, cores)
