"""A file that was received, on disk."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.reading import READERS, FileRow, read_texts

BATCH_ROWS = 200  # of a transaction, for which other writers wait on SQLite
BATCH_BYTES = 65_536  # that are read without a break, in which others take their turn


@dataclass(frozen=True)
class ReceivedFile:
    """A file without a name, which is gone when it is closed."""

    content: IO[bytes]
    format: FileFormat

    def header(self) -> dict[str, None]:
        """Return the columns of a CSV file, which was read without an error."""
        self.content.seek(0)
        reader = csv.reader(text for _, text in read_texts(self.content))
        return dict.fromkeys(cell.strip() for cell in next(reader))

    def batches(self) -> Iterator[list[FileRow]]:
        """Yield the rows from the beginning; a batch of empty lines has none.

        Raises:
            BrokenFileError: the file can't be read from some row on.
        """
        self.content.seek(0)
        rows = READERS[self.format](self.content)
        while batch := [*self.read_batch(rows)]:
            yield [row for row in batch if row]

    def read_batch(self, rows: Iterator[FileRow | None]) -> Iterator[FileRow | None]:
        end = self.content.tell() + BATCH_BYTES
        for row in islice(rows, BATCH_ROWS):
            yield row
            if row and self.content.tell() > end:
                break
