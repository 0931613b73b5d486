"""Proof of rows whose leaves are in files only."""

from bisect import bisect_right
from collections.abc import Iterable

from app.audit.archive.canonical import RowKey, row_key
from app.audit.archive.cold.files import RecordedFiles
from app.audit.archive.cold.repository import ColdRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log
from app.audit.archive.models import FileState
from app.audit.archive.search.query import ResultRow
from app.audit.archive.tree.merkle import leaf_hash


class EmptiedRows:
    """Such a row must be a line of a file that is as its signed manifest says."""

    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log

    async def prove(self, source: str, rows: dict[bytes, ResultRow]) -> set[bytes]:
        """Return the leaf hashes of the rows that are proven.

        `source` is the path of their file, or the name of the table of restored rows.
        """
        keys = {digest: row_key(row) for digest, row in rows.items()}
        first, last = min(keys.values())[0], max(keys.values())[0]
        async with self.context.database.reading() as session:
            seals = ColdRepository(session, self.log)
            ranges = join_ranges(await seals.list_emptied(first, last))
            wanted = {digest for digest, key in keys.items() if includes(ranges, key)}
            if not wanted:
                return set()
            files = RecordedFiles(session, self.context, self.log)
            pruned = await files.list_between(first, last, FileState.PRUNED)
        proven: set[bytes] = set()
        for manifest in pruned:
            if source in (manifest.data_path, self.log.restored.name):
                proven |= self.match_lines(manifest, source, wanted)
        return proven

    def match_lines(
        self, manifest: Manifest, source: str, wanted: set[bytes]
    ) -> set[bytes]:
        store, path = self.context.store, manifest.data_path
        try:
            if manifest.leaves and store.hash_file(path) == manifest.file_sha256:
                if source == path:
                    return wanted
                return wanted & {leaf_hash(line) for line in store.read_lines(path)}
        except (VerificationException, OSError):
            pass
        return set()


def join_ranges(ranges: Iterable[tuple[RowKey, RowKey]]) -> list[tuple[RowKey, RowKey]]:
    """Return the ranges in order, those that overlap as one."""
    joined: list[tuple[RowKey, RowKey]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def includes(ranges: list[tuple[RowKey, RowKey]], key: RowKey) -> bool:
    at = bisect_right(ranges, key, key=lambda each: each[0]) - 1
    return at >= 0 and key <= ranges[at][1]
