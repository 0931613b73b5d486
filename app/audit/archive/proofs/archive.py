"""Archived rows and leaves, for the proofs of a command that has the folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.audit.archive.canonical import MALFORMED, decode_row
from app.audit.archive.cold.files import RecordedFiles
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.proofs.leaf_finder import time_of
from app.audit.archive.seals.leaves import unpack_digests
from app.core.db.session import DatabaseSession


@dataclass(frozen=True)
class ArchivedRow:
    """A line of a file; `index` is that of its leaf, if the manifest has it."""

    line: bytes
    index: int | None


class RowArchive:
    def __init__(
        self, session: DatabaseSession, context: ArchiveContext, log: Log
    ) -> None:
        self.store = context.store
        self.log = log
        self.files = RecordedFiles(session, context, log)

    async def find_row(self, id: UUID) -> ArchivedRow | None:
        """Return the row with this id; begin with the files nearest to its time.

        Read all files: a row may have an id of another time than its own.
        """
        around = time_of(id)
        files = await self.files.files.list_files(self.log)
        for file in sorted(files, key=lambda each: distance(each, around)):
            manifest = await self.files.read(file)
            if manifest and (found := self.find_line(manifest, id)):
                return found
        return None

    def find_line(self, manifest: Manifest, id: UUID) -> ArchivedRow | None:
        lines = self.store.read_lines(manifest.data_path)
        try:
            for number, line in enumerate(lines):
                if str(id).encode() in line and decode_row(line)["id"] == str(id):
                    runs = manifest.leaves.list_runs() if manifest.leaves else []
                    indexes = (index for run in runs for index in range(*run))
                    return ArchivedRow(line, nth(indexes, number))
        except (VerificationException, OSError, *MALFORMED):
            return None
        return None

    async def read_hashes(self, start: int, end: int) -> dict[int, bytes]:
        """Return the hashes of the leaves [start, end) that the files have."""
        archived = await self.files.read_range(start, end)
        found: dict[int, bytes] = {}
        for manifest in archived.list_overlapping(start, end):
            file = archived.read_file(manifest)
            found |= file.neighbours
            for piece in file.slice(start, end):
                found |= dict(enumerate(unpack_digests(piece.packed), piece.start))
        return {index: found[index] for index in range(start, end) if index in found}


def nth(indexes: Iterator[int], number: int) -> int | None:
    return next((each for at, each in enumerate(indexes) if at == number), None)


def distance(file: AuditArchive, at: datetime) -> float:
    """Return how many seconds a time is outside those of a file's rows."""
    first, last = file.first_at or at, file.last_at or at
    return max((first - at).total_seconds(), (at - last).total_seconds(), 0)
