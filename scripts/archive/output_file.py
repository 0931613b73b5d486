"""The file to which an export appends lines."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from app.audit.archive.exceptions import ArchiveException

CLOSED = "The reader has closed its end: go on from the last cursor"


class Output:
    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, lines: bytes) -> None:
        """Write lines, and return when a crash cannot lose them, if it is a file."""
        try:
            self.file.write(lines)
            self.file.flush()
        except BrokenPipeError:
            raise ArchiveException(CLOSED) from None
        if self.file is not sys.stdout.buffer:
            os.fsync(self.file.fileno())


@contextmanager
def opened(path: str) -> Iterator[Output]:
    """Open the file to append to; without a path, standard output."""
    if not path:
        yield Output(sys.stdout.buffer)
        return
    with Path(path).open("a+b") as file:
        end_line(file)
        yield Output(file)


def end_line(file: IO[bytes]) -> None:
    """End a line that was cut by a crash: its row is exported again, on a new one."""
    if file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
