"""Questions to both logs: live rows, restored ones and cold files, in one list."""

from collections.abc import Iterator
from itertools import chain, islice

import orjson

from app.audit.archive.canonical import Key, from_line, key_of, to_line
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.index import COLUMNS, Index
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.logs import Log
from app.audit.archive.search.query import Hit, SearchQuery, SearchResult
from app.audit.archive.search.repository import SearchRepository


class Search:
    def __init__(self, context: ArchiveContext, question: SearchQuery) -> None:
        self.context = context
        self.question = question
        self.answer = SearchResult()

    async def ask(self) -> SearchResult:
        found = [hit for log in self.question.logs() for hit in await self.hits(log)]
        newest = sorted(found, key=key_of, reverse=True)
        self.answer.rows = newest[: self.question.limit]
        return self.answer

    async def hits(self, log: Log) -> list[Hit]:
        """Return what one log knows. A row in several places is told once."""
        hits = {hit["id"]: hit for hit in await self.warm(log)}
        for manifest in self.manifests(log):
            if self.may_know(log, manifest) and not self.has_newer(hits, manifest):
                for hit in self.cold(log, manifest):
                    hits.setdefault(hit["id"], hit)
            else:
                self.answer.skipped += 1
        return list(hits.values())

    async def warm(self, log: Log) -> list[Hit]:
        """Return rows from the database; a live one comes before its restored copy."""
        values, question = self.question.values(log), self.question
        found = []
        for source, table in (("restored", log.restored), ("live", log.live)):
            async with self.context.database.reading() as session:
                search = SearchRepository(session, table)
                rows = await search.search(values, question.span, question.limit)
            found += [
                {"log": log.name, "source": source, **from_line(to_line(row))}
                for row in rows
            ]
        return found

    def manifests(self, log: Log) -> list[Manifest]:
        store = self.context.store
        found = [read_manifest(store, path) for path in store.manifests(log.name)]
        manifests = [each.manifest for each in found]
        return sorted(manifests, key=lambda each: each.last.at, reverse=True)

    def may_know(self, log: Log, manifest: Manifest) -> bool:
        """Judge a file by its manifest alone."""
        entity = self.question.values(log).get("entity")
        known = entity is None or entity in manifest.entities
        return known and manifest.overlaps(self.question.span)

    def has_newer(self, hits: dict[str, Hit], manifest: Manifest) -> bool:
        """Is the answer full already, with rows that are newer than all of these?"""
        last: Key = (manifest.last.at, manifest.last.id)
        newer = (hit for hit in hits.values() if key_of(hit) > last)
        return sum(1 for _ in islice(newer, self.question.limit)) == self.question.limit

    def cold(self, log: Log, manifest: Manifest) -> Iterator[Hit]:
        values, span = self.question.values(log), self.question.span
        needles = [needle(name, value) for name, value in values.items()]
        for line in self.lines(log, manifest):
            if all(needle in line for needle in needles):
                row = from_line(line)
                same = all(row.get(name) == value for name, value in values.items())
                if same and span.after < key_of(row) <= span.until:
                    yield {"log": log.name, "source": manifest.file, **row}

    def lines(self, log: Log, manifest: Manifest) -> Iterator[bytes]:
        """Yield the lines that are worth a look: of some blocks, if an id is known."""
        values = self.question.values(log)
        ids = [value for name, value in values.items() if name in COLUMNS]
        if not ids:
            self.answer.read += 1
            return self.context.store.lines(manifest.file)
        index = Index.read(self.context.store.read(manifest.keys))
        blocks = set.intersection(*(index.blocks_with(value) for value in ids))
        self.answer.read += bool(blocks)
        self.answer.skipped += not blocks
        extents = [index.extent(block) for block in sorted(blocks)]
        parts = self.context.store.parts(manifest.file, extents)
        return chain.from_iterable(part.splitlines() for part in parts)


def needle(name: str, value: str) -> bytes:
    """Return how a line spells that a column has this value."""
    return orjson.dumps({name: value})[1:-1]
