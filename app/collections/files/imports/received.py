"""A file that was received, on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.reading import READERS, FileRow

BATCH_ROWS = 200  # of a transaction, for which other writers wait on SQLite


@dataclass(frozen=True)
class ReceivedFile:
    """A file without a name, which is gone when it is closed."""

    content: IO[bytes]
    format: FileFormat

    def batches(self) -> Iterator[list[FileRow]]:
        """Yield the rows from the beginning.

        Raises:
            BrokenFileError: the file can't be read from some row on.
        """
        self.content.seek(0)
        rows = READERS[self.format](self.content)
        while batch := [*islice(rows, BATCH_ROWS)]:
            yield batch
