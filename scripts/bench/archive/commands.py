"""Commands of the archive in processes of their own, with time, CPU time and memory."""

import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psutil  # type: ignore[import-untyped]  # It brings no types.

from tests.processes.servers import environment

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Measured:
    """Duration and CPU time in seconds, peak memory in MB, and the output."""

    seconds: float
    cpu: float
    peak: float
    text: str

    @property
    def output(self) -> Any:
        """The output of a command that prints JSON."""
        return json.loads(self.text)


class Commands:
    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory

    def seal(self) -> Measured:
        return self.measure("-m", "scripts.bench.archive.seal")

    def archive(self, *words: str) -> Measured:
        dest = ("--dest", str(self.directory), "--json")
        return self.measure("scripts/archive_audit.py", *words, *dest)

    def check(self) -> Measured:
        return self.measure("scripts/check_audit.py")

    def measure(self, *words: str) -> Measured:
        """Run Python with these arguments. The CPU time is without that of a server."""
        before, began = children_cpu(), time.monotonic()
        with TemporaryFile() as output:
            process = psutil.Popen(
                (sys.executable, *words),
                cwd=ROOT,
                env=environment(self.url),
                stdout=output,
            )
            peak = watch(process)
            seconds = time.monotonic() - began
            output.seek(0)
            text = output.read().decode()
        if process.returncode:
            sys.exit(f"Command failed: {' '.join(words)}")
        return Measured(seconds, children_cpu() - before, peak / 1e6, text)


def watch(process: psutil.Popen) -> int:
    """Wait for the end of a process; return its peak memory in bytes."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(process))
        time.sleep(0.02)
    return peak


def resident_bytes(process: psutil.Popen) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def children_cpu() -> float:
    """Return the CPU seconds of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
