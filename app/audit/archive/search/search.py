"""Search over live rows, restored rows and archive files."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain, islice

import orjson
from sqlalchemy import Table

from app.audit.archive.canonical import RowKey, decode_row, encode_row, row_key
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.index import COLUMNS, Index
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log
from app.audit.archive.search.proven import ProvenFiles
from app.audit.archive.search.query import ResultRow, SearchQuery, SearchResult
from app.audit.archive.search.repository import SearchRepository
from app.audit.personal.reading import reveal_entries
from app.core.db.personal.key_urls import key_url


class Search:
    def __init__(self, context: ArchiveContext, query: SearchQuery) -> None:
        self.context = context
        self.query = query
        self.result = SearchResult()

    async def run(self) -> SearchResult:
        found = [
            row
            for log in self.query.searched_logs()
            for row in await self.search_log(log)
        ]
        newest = sorted(found, key=row_key, reverse=True)
        rows, engine = newest[: self.query.limit], self.context.database.engine
        self.result.rows = await reveal_entries(key_url(engine.url), rows)
        return self.result

    async def search_log(self, log: Log) -> list[ResultRow]:
        """Return the matches in one log, each row once.

        Live rows take precedence over restored rows, and those over archived rows.
        """
        files = ProvenFiles(self.context, log, self.result.rejected)
        rows = {row["id"]: row for row in await self.search_tables(log, files)}
        manifests = [each async for each in files.list_manifests()]
        for manifest in sorted(manifests, key=lambda each: each.last.at, reverse=True):
            if self.may_contain(log, manifest) and not self.is_complete(rows, manifest):
                lines = self.match_lines(log, manifest)
                for row in await files.select_sealed(manifest.data_path, lines):
                    if self.matches(log, row):
                        source = {"log": log.name, "source": manifest.data_path}
                        rows.setdefault(row["id"], source | row)
            else:
                self.result.skipped += 1
        return list(rows.values())

    async def search_tables(self, log: Log, files: ProvenFiles) -> list[ResultRow]:
        """Return matches in the database, restored rows first.

        Restored rows are proven like those of files: their table has no triggers.
        """
        restored = await self.read_lines(log, log.restored)
        rows = await files.select_sealed(log.restored.name, restored)
        live = [decode_row(line) for line in await self.read_lines(log, log.live)]
        return [
            {"log": log.name, "source": source, **row}
            for source, found in (("restored", rows), ("live", live))
            for row in found
        ]

    async def read_lines(self, log: Log, table: Table) -> list[bytes]:
        values, query = self.query.column_values(log), self.query
        async with self.context.database.reading() as session:
            search = SearchRepository(session, table)
            rows = await search.find_rows(values, query.log_range, query.limit)
        return [encode_row(row) for row in rows]

    def may_contain(self, log: Log, manifest: Manifest) -> bool:
        """Return whether the manifest admits a match in its file."""
        entity = self.query.column_values(log).get("entity")
        known = entity is None or entity in manifest.entities
        return known and manifest.overlaps(self.query.log_range)

    def is_complete(self, rows: dict[str, ResultRow], manifest: Manifest) -> bool:
        """Return whether `limit` matches are newer than every row of the file."""
        last: RowKey = (manifest.last.at, manifest.last.id)
        newer = (row for row in rows.values() if row_key(row) > last)
        return sum(1 for _ in islice(newer, self.query.limit)) == self.query.limit

    def match_lines(self, log: Log, manifest: Manifest) -> Iterator[bytes]:
        """Yield the lines of a file that may match, by their bytes."""
        values = self.query.column_values(log)
        members = [encode_member(name, value) for name, value in values.items()]
        for line in self.read_candidate_lines(log, manifest):
            if all(member in line for member in members):
                yield line

    def matches(self, log: Log, row: ResultRow) -> bool:
        values, log_range = self.query.column_values(log), self.query.log_range
        equal = all(row.get(name) == value for name, value in values.items())
        return equal and log_range.after < row_key(row) <= log_range.until

    def read_candidate_lines(self, log: Log, manifest: Manifest) -> Iterator[bytes]:
        """Return the lines of a file, limited by its index to blocks that may match."""
        values = self.query.column_values(log)
        ids = [value for name, value in values.items() if name in COLUMNS]
        index = self.read_index(manifest) if ids else None
        if index is None:
            self.result.read += 1
            self.check_file(manifest)
            return self.context.store.read_lines(manifest.data_path)
        blocks = set.intersection(*(index.find_blocks(value) for value in ids))
        self.result.read += bool(blocks)
        self.result.skipped += not blocks
        if blocks:
            self.check_file(manifest)
        extents = [index.block_extent(block) for block in sorted(blocks)]
        parts = self.context.store.read_members(manifest.data_path, extents)
        return chain.from_iterable(part.splitlines() for part in parts)

    def check_file(self, manifest: Manifest) -> None:
        """Name a file that is not as recorded: rows may be missing in it."""
        path = manifest.data_path
        try:
            matches = self.context.store.hash_file(path) == manifest.file_sha256
        except (VerificationException, OSError):
            matches = False
        if not matches:
            self.result.rejected.append(path)

    def read_index(self, manifest: Manifest) -> Index | None:
        """Return the index of a file. If it is not as recorded, name it; return None.

        A changed index would hide rows.
        """
        try:
            content = self.context.store.read_file(manifest.index_path)
        except (VerificationException, OSError):
            content = b""
        if sha256(content).hexdigest() == manifest.keys_sha256:
            return Index.unpack(content)
        self.result.rejected.append(manifest.index_path)
        return None


def encode_member(name: str, value: str) -> bytes:
    """Return the bytes `"name":value`, as they occur in a canonical line."""
    return orjson.dumps({name: value})[1:-1]
