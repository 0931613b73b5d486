"""Archived rows and files as they were sealed and recorded; others are rejected."""

from collections.abc import AsyncIterator, Iterable
from uuid import UUID

from app.audit.archive.canonical import MALFORMED, decode_row, row_key
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.files.ownership import find_identity_error
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.proven.seals import ProvenSeals
from app.audit.archive.run.leaf_hashes import LeafHashes
from app.audit.archive.search.emptied import EmptiedRows
from app.audit.archive.search.query import ResultRow
from app.audit.archive.store.store import Store
from app.audit.archive.tree.merkle import leaf_hash


class ProvenFiles:
    """Files of one log, read with the database's records and seals as the proof."""

    def __init__(self, context: ArchiveContext, log: Log, rejected: list[str]) -> None:
        self.context = context
        self.log = log
        self.rejected = rejected
        self.leaves = LeafHashes(ProvenSeals(context, log))
        self.emptied = EmptiedRows(context, log)

    async def list_manifests(self) -> AsyncIterator[Manifest]:
        """Yield the manifests that are recorded; name those that are not.

        The folder of another database has none.
        """
        store = self.context.store
        if error := await find_identity_error(self.context.database, store):
            self.rejected += [error] if error not in self.rejected else []
            return
        # In this order: a run records a file before it writes it.
        paths = store.list_manifests(self.log.name)
        recorded = await self.read_recorded()
        self.rejected += find_missing(store, recorded, paths)
        for path in paths:
            try:
                signed = read_manifest(store, path)
            except (VerificationException, OSError):
                self.rejected.append(path)
                continue
            digest = signed.manifest.compute_hash()
            if recorded.get(path) == digest and signed.manifest.path == path:
                yield signed.manifest
            elif path not in recorded or recorded[path]:
                self.rejected.append(path)

    async def read_recorded(self) -> dict[str, str | None]:
        """Return the hashes of the manifests by path; None of unfinished files."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        return {file.manifest_path: file.manifest for file in files}

    async def select_sealed(
        self, source: str, lines: Iterable[bytes]
    ) -> list[ResultRow]:
        """Return the rows of these lines that are sealed; name the others."""
        found = self.parse_lines(source, lines)
        if not found:
            return []
        keys = sorted(row_key(row) for row in found.values())
        rows = [{"at": at, "id": id} for at, id in keys]
        leaves = await self.leaves.find_proven(rows)
        errors = self.leaves.proven.list_errors()
        self.rejected += [each for each in errors if each not in self.rejected]
        sealed = {*leaves.values()}
        if rest := {
            d: row for d, row in found.items() if UUID(row["id"]) not in leaves
        }:
            sealed |= await self.emptied.prove(source, rest)
        self.rejected += [
            f"{source}: row {row['id']}"
            for digest, row in found.items()
            if digest not in sealed
        ]
        return [row for digest, row in found.items() if digest in sealed]

    def parse_lines(
        self, source: str, lines: Iterable[bytes]
    ) -> dict[bytes, ResultRow]:
        """Return rows by leaf hash, up to the first line that cannot be read."""
        found = {}
        try:
            for line in lines:
                row = decode_row(line)
                row_key(row)
                found[leaf_hash(line)] = row
        except (VerificationException, OSError, *MALFORMED):
            if source not in self.rejected:
                self.rejected.append(source)
        return found


def find_missing(
    store: Store, recorded: dict[str, str | None], paths: list[str]
) -> list[str]:
    """Return the manifests that are recorded, but not in the folder.

    `paths` were there before: a run may have written others since.
    """
    missing = [path for path in recorded if recorded[path] and path not in paths]
    return [path for path in missing if not has_file(store, path)]


def has_file(store: Store, path: str) -> bool:
    try:
        return store.file_exists(path)
    except VerificationException:
        return False
