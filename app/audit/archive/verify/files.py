"""Verification of archive files, their indexes and manifests."""

from dataclasses import dataclass

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.seals.seal import GENESIS_HASH
from app.audit.archive.verify.report import FindingKind, VerificationReport


@dataclass(frozen=True)
class ArchivedFile:
    """A file with a readable manifest. While `pruning`, some rows are still live.

    They are not deleted yet, or kept by a legal hold.
    """

    manifest: Manifest
    pruning: bool


class FileVerifier:
    def __init__(self, context: ArchiveContext, report: VerificationReport) -> None:
        self.context = context
        self.report = report

    async def verify_files(self, log: Log) -> list[ArchivedFile]:
        """Verify the files of a log; return those with a readable manifest."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(log)
        known = {file.manifest_path: file for file in files}
        found = self.context.store.list_manifests(log.name)
        for path in found:
            if path not in known:
                self.report.add_finding(
                    FindingKind.FILE_EXTRA, path, "not recorded in audit_archive"
                )
        return self.verify_all(
            [file for file in files if file.state != FileState.WRITING]
        )

    def verify_all(self, files: list[AuditArchive]) -> list[ArchivedFile]:
        found = []
        previous = GENESIS_HASH
        for file in files:
            if signed := self.load_manifest(file):
                self.verify_manifest(file, signed, previous)
                self.verify_hashes(signed.manifest)
                found.append(
                    ArchivedFile(signed.manifest, file.state != FileState.PRUNED)
                )
            previous = file.manifest or previous
        self.report.files += len(found)
        return found

    def load_manifest(self, file: AuditArchive) -> SignedManifest | None:
        path = file.manifest_path
        try:
            return read_manifest(self.context.store, path)
        except FileNotFoundError:
            self.report.add_finding(FindingKind.MANIFEST_MISSING, path, "no such file")
        except (VerificationException, OSError) as error:
            self.report.add_finding(FindingKind.MANIFEST_CHANGED, path, str(error))
        return None

    def verify_manifest(
        self, file: AuditArchive, signed: SignedManifest, previous: str
    ) -> None:
        path = file.manifest_path
        if (
            signed.manifest.compute_hash() != signed.hash
            or signed.manifest.path != path
        ):
            self.report.add_finding(
                FindingKind.MANIFEST_CHANGED, path, "does not match its hash or path"
            )
        elif error := signed.find_error(self.context.sealer.signer):
            self.report.add_finding(FindingKind.MANIFEST_FORGED, path, error)
        elif signed.hash != file.manifest:
            self.report.add_finding(
                FindingKind.MANIFEST_CHANGED, path, "differs from audit_archive"
            )
        elif signed.manifest.previous != previous:
            self.report.add_finding(
                FindingKind.MANIFEST_CHANGED, path, "`previous` does not match"
            )

    def verify_hashes(self, manifest: Manifest) -> None:
        store = self.context.store
        pairs = (
            (manifest.data_path, manifest.file_sha256),
            (manifest.index_path, manifest.keys_sha256),
        )
        for name, digest in pairs:
            try:
                matches = store.hash_file(name) == digest
            except FileNotFoundError:
                self.report.add_finding(FindingKind.FILE_MISSING, name, "no such file")
            except OSError as error:
                self.report.add_finding(FindingKind.FILE_DAMAGED, name, str(error))
            else:
                if not matches:
                    self.report_changed_file(name)

    def report_changed_file(self, name: str) -> None:
        """Report a file as damaged if it cannot be decompressed, else as changed."""
        try:
            if name.endswith(".gz"):
                for _ in self.context.store.read_lines(name):
                    pass
        except VerificationException as error:
            self.report.add_finding(FindingKind.FILE_DAMAGED, name, str(error))
        else:
            self.report.add_finding(
                FindingKind.FILE_CHANGED, name, "does not match its SHA-256"
            )
