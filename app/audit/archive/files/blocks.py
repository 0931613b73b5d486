"""Gzip files of independently readable blocks.

Each block is a gzip member (RFC 1952); gzip tools read the members as one file. The
same lines always give the same bytes.
"""

import gzip
from typing import BinaryIO

BLOCK_LINES = 1_000
COMPRESSION_LEVEL = 6


class BlockWriter:
    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.lines: list[bytes] = []
        self.block_ends: list[int] = []

    @property
    def current_block(self) -> int:
        """The number of the block that the next line is added to."""
        return len(self.block_ends)

    def add_line(self, line: bytes) -> None:
        self.lines.append(line)
        if len(self.lines) == BLOCK_LINES:
            self.flush_block()

    def flush_block(self) -> None:
        """Write the buffered lines as one block, if there are any."""
        if self.lines:
            self.file.write(
                gzip.compress(b"".join(self.lines), COMPRESSION_LEVEL, mtime=0)
            )
            self.block_ends.append(self.file.tell())
            self.lines = []
