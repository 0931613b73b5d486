"""Manifests of written files, and the files' state VERIFIED in the database."""

from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.records import record_values
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.partitions.repository import is_partitioned
from app.audit.archive.run.unfinished import verify_unfinished
from app.audit.archive.trace import record_file


class FileRecorder:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log

    def has_manifest(self, file: AuditArchive) -> bool:
        return file.manifest_path in self.context.store.find_files(file.name)

    async def write_manifest(self, file: AuditArchive, manifest: Manifest) -> None:
        """Write the manifest, read it back, and set the file's state to VERIFIED."""
        store, signer = self.context.store, self.context.sealer.signer
        store.write_file(manifest.path, manifest.encode_signed(signer))
        self.context.progress.report_step("described", file.name)
        signed = read_manifest(store, manifest.path)
        if signed.manifest != manifest or signed.find_error(signer):
            raise VerificationException(
                f"Manifest {manifest.path} differs from what was written. "
                "Check the disk, and run again."
            )
        await self.record(file, signed)

    async def take_over(self, file: AuditArchive) -> list[UUID]:
        """Record a file whose run ended after it had written the manifest.

        Returns the ids of its rows, which are all live.
        """
        signed, ids = await verify_unfinished(self.context, self.log, file)
        self.context.store.remove_partial(file.name)
        await self.record(file, signed)
        return ids

    async def record(self, file: AuditArchive, signed: SignedManifest) -> None:
        file.sqlmodel_update(record_values(signed))
        async with self.context.database.writing() as session:
            await FileRepository(session).save_file(file)
            if is_partitioned(self.context.database, self.log):
                # It is not pruned as a file.
                await record_file(session, self.log, signed.manifest, held=0)
        self.context.progress.report_step("verified", file.name)
