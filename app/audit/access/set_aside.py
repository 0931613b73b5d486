"""Lines that cannot be loaded, kept in files of the spool folder for an operator.

`….torn` has lines that are no complete row, `….refused` rows that the database rejects
permanently. They stay until they are deleted.
"""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import structlog

from app.audit.access.segments import open_regular

KINDS = ("refused", "torn")

logger = structlog.get_logger()


class SetAside:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Lines by file name. The files are written once.
        self.counts: dict[str, int] = {}

    def write(self, name: str, kind: str, lines: list[bytes]) -> None:
        """Write the lines of one segment to a file; a retry replaces it."""
        if not lines:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{name}.{kind}"
        path.unlink(missing_ok=True)  # it may be a link or a FIFO
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.writelines(line.removesuffix(b"\n") + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        logger.error("access_lines_set_aside", file=path.name, lines=len(lines))

    def scan(self) -> None:
        """Count the lines of files that are new, and forget those that are gone."""
        before, self.counts = self.counts, {}
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix.removeprefix(".") in KINDS:
                    known = before.get(path.name)
                    self.counts[path.name] = known or count_lines(path)

    def describe(self) -> list[str]:
        """Return the number of lines of each kind, for /readyz."""
        totals: Counter[str] = Counter()
        for name, count in self.counts.items():
            totals[name.rpartition(".")[2]] += count
        return [f"lines {kind}: {totals[kind]}" for kind in KINDS if totals[kind]]


def count_lines(path: Path) -> int:
    try:
        with open_regular(path) as file:
            return sum(1 for _ in file)
    except OSError:
        return 1
