"""Copies of archive files in a folder, for programs that read files."""

from hashlib import sha256

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.search.proven import ProvenFiles
from app.audit.archive.store.store import CHUNK_BYTES, Store


class Fetcher:
    """Copy files of rows that are as recorded; `rejected` names the others."""

    def __init__(self, context: ArchiveContext, target: Store) -> None:
        self.context = context
        self.target = target
        self.rejected: list[str] = []

    async def fetch(self, log: Log, log_range: LogRange) -> list[str]:
        """Return the paths of the files that overlap the range. Idempotent."""
        files = ProvenFiles(self.context, log, self.rejected)
        found: list[str] = []
        async for manifest in files.list_manifests():
            if not manifest.overlaps(log_range):
                continue
            self.context.progress.check_time_limit()
            if self.has_copy(manifest) or self.copy_file(manifest):
                found.append(manifest.data_path)
                self.context.progress.report_rows(manifest.count)
            else:
                self.rejected.append(manifest.data_path)
        return found

    def has_copy(self, manifest: Manifest) -> bool:
        """Return whether the folder has it, and is as it was recorded."""
        try:
            return self.target.hash_file(manifest.data_path) == manifest.file_sha256
        except FileNotFoundError:
            return False

    def copy_file(self, manifest: Manifest) -> bool:
        """Copy a file unless it is missing or changed; return whether it was copied."""
        path, store, digest = manifest.data_path, self.context.store, sha256()
        try:
            with store.open_file(path) as source, self.target.open_atomic(path) as copy:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    copy.write(chunk)
                if digest.hexdigest() != manifest.file_sha256:  # it gets no name
                    raise VerificationException(f"{path} is not as recorded.")
        except (VerificationException, FileNotFoundError):
            self.target.remove_partial(manifest.name)
            return False
        return self.has_copy(manifest)
