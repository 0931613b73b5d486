"""Runs that are killed, at a step that is given by its number.

python -m tests.audit.archive.run.killed     on each line of the input: URL FOLDER STEP

Each run is a process of its own, forked from this one: that spares it the loading of
the libraries. Its number goes out first, and its exit code when it has ended.
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from app.audit.archive.progress import Progress
from tests.audit.archive.rows import Trail
from tests.databases import make_settings


@dataclass
class Deadly(Progress):
    """Kills this process, as nothing can catch, when so many steps are done."""

    left: int = 0

    def step(self, name: str, file: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def archive(url: str, folder: str, step: str) -> None:
    Trail(make_settings(url), Path(folder), Deadly(left=int(step))).archive()


def tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        if child := os.fork():
            tell(child)
            _, status = os.waitpid(child, 0)
            tell(os.waitstatus_to_exitcode(status))
        else:
            os.dup2(2, 1)  # what a run logs is no answer of ours
            archive(*line.split())
            os._exit(0)
