"""A run that is killed: at a step that is given by its number.

python -m tests.audit.archive.killed FOLDER STEP      the database: DATABASE_URL
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from app.audit.archive.progress import Progress
from app.core.config import settings
from tests.audit.archive.rows import Trail


@dataclass
class Deadly(Progress):
    """Kills this process, as nothing can catch, when so many steps are done."""

    left: int = 0

    def step(self, name: str, file: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    folder, step = sys.argv[1:]
    Trail(settings, Path(folder), Deadly(left=int(step))).archive()
