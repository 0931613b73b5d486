"""Lines into a file, packed block by block: one block can be read without the others.

A gzip file may have several members, one after another, and every tool that knows gzip
reads them as one. The same lines always give the same bytes.
"""

import gzip
from typing import BinaryIO

BLOCK = 1_000  # lines
LEVEL = 6


class BlockWriter:
    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.lines: list[bytes] = []
        self.ends: list[int] = []

    @property
    def block(self) -> int:
        """The number of the block that the next line goes into."""
        return len(self.ends)

    def add(self, line: bytes) -> None:
        self.lines.append(line)
        if len(self.lines) == BLOCK:
            self.flush()

    def flush(self) -> None:
        """End the block, if there is one."""
        if self.lines:
            self.file.write(gzip.compress(b"".join(self.lines), LEVEL, mtime=0))
            self.ends.append(self.file.tell())
            self.lines = []
