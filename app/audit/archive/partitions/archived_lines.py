"""The lines of several files, in the order of their rows."""

import heapq
from collections.abc import Iterable, Iterator

from app.audit.archive.canonical import RowKey, decode_row, row_key
from app.audit.archive.models import AuditArchive
from app.audit.archive.store.store import Store


class ArchivedLines:
    """The lines of files, merged in key order. Memory is one line of each file."""

    def __init__(self, store: Store, files: Iterable[AuditArchive]) -> None:
        streams = (read_keyed_lines(store, file) for file in files)
        self.lines = heapq.merge(*streams)
        self.next = next(self.lines, None)

    def find(self, key: RowKey) -> bytes | None:
        """Return the line with this key, or None. Keys must be given in order."""
        while self.next and self.next[0] < key:
            self.next = next(self.lines, None)
        return self.next[1] if self.next and self.next[0] == key else None


def read_keyed_lines(
    store: Store, file: AuditArchive
) -> Iterator[tuple[RowKey, bytes]]:
    for line in store.read_lines(f"{file.name}.jsonl.gz"):
        yield row_key(decode_row(line)), line
