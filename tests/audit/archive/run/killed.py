"""Runs that kill themselves at a given step.

python -m tests.audit.archive.run.killed     reads lines of: URL ARCHIVE STEP, with tabs

Each run is forked from this process, which avoids importing the libraries and compiling
the statements again. Prints the process id of each run, then its exit code.
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from app.audit.archive.progress import Progress
from tests.audit.archive.rows import AuditLog
from tests.caches import shared_work
from tests.databases import make_settings


@dataclass
class KillAtStep(Progress):
    """Send SIGKILL to this process after `left` steps."""

    left: int = 0

    def report_step(self, name: str, file: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def archive(url: str, location: str, step: str) -> None:
    progress = KillAtStep(left=int(step))
    AuditLog(make_settings(url), Path(), progress, location=location).archive()


def print_number(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def split(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def serve() -> None:
    for line in sys.stdin:
        if child := os.fork():
            print_number(child)
            _, status = os.waitpid(child, 0)
            print_number(os.waitstatus_to_exitcode(status))
        else:
            os.dup2(2, 1)  # keep the run's log off the standard output
            archive(*split(line))
            os._exit(0)


def warm(url: str, directory: str) -> None:
    """Make a whole run, so that its statements are compiled before the forks.

    It is in a folder: the client of a bucket has threads, which a fork does not have.
    """
    output = os.dup(1)
    os.dup2(2, 1)
    archive(url, directory, "-1")
    os.dup2(output, 1)
    print_number(0)


if __name__ == "__main__":
    with shared_work():
        warm(*split(sys.stdin.readline()))
        serve()
