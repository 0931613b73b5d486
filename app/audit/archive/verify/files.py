"""Verification of archive files, their indexes and manifests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.adoption import adoption_path, find_adoption_error
from app.audit.archive.files.extra import find_extra
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.ownership import IDENTITY_FILE, find_identity_error
from app.audit.archive.files.records import find_record_error
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.seals.old_seal import GENESIS_HASH
from app.audit.archive.verify.report import FindingKind, VerificationReport


@dataclass(frozen=True)
class ArchivedFile:
    """A file with a readable manifest. While `pruning`, some rows are still live.

    They are not deleted yet, or kept by a legal hold. An adopted file refers to
    a seal of the database that wrote it. An `intact` file has no finding.
    """

    manifest: Manifest
    pruning: bool
    adopted: bool
    intact: bool


class FileVerifier:
    def __init__(self, context: ArchiveContext, report: VerificationReport) -> None:
        self.context = context
        self.report = report
        self.archive: UUID | None = None

    async def verify_identity(self) -> None:
        """Verify that the folder is that of this database."""
        context = self.context
        async with context.database.reading() as session:
            self.archive = await read_archive_id(session)
        if error := await find_identity_error(context.database, context.store):
            self.report.add_finding(FindingKind.IDENTITY_CHANGED, IDENTITY_FILE, error)

    def verify_identity_file(self, manifests: Iterable[Manifest]) -> None:
        """Report a missing identity, which only folders of format 1 do without."""
        has_file = self.context.store.file_exists(IDENTITY_FILE)
        if not has_file and any(each.archive for each in manifests):
            self.report.add_finding(
                FindingKind.IDENTITY_MISSING, IDENTITY_FILE, "no such file"
            )

    async def verify_files(self, log: Log) -> list[ArchivedFile]:
        """Verify the files of a log; return those with a readable manifest."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).list_files(log)
        for path, error in find_extra(self.context.store, log.name, files):
            self.report.add_finding(FindingKind.FILE_EXTRA, path, error)
        return self.verify_all(
            [file for file in files if file.state != FileState.WRITING]
        )

    def verify_all(self, files: list[AuditArchive]) -> list[ArchivedFile]:
        found = []
        previous = GENESIS_HASH
        for file in files:
            before = self.report.counts.total()
            if signed := self.load_manifest(file):
                adopted = bool(file.adopted_at) and self.is_adopted(signed)
                followed = None if adopted else previous
                for kind, error in self.find_errors(file, signed, followed):
                    self.report.add_finding(kind, file.manifest_path, error)
                self.verify_hashes(signed.manifest)
                pruning = file.state != FileState.PRUNED
                intact = self.report.counts.total() == before
                found.append(ArchivedFile(signed.manifest, pruning, adopted, intact))
            previous = file.manifest or previous
        self.report.files += len(found)
        self.report.adopted += [each.manifest.name for each in found if each.adopted]
        return found

    def is_adopted(self, signed: SignedManifest) -> bool:
        """Return whether `adopt` has signed that, or report it."""
        signer = self.context.sealer.signer
        if error := find_adoption_error(self.context.store, signer, signed):
            where = adoption_path(signed.manifest)
            self.report.add_finding(FindingKind.MANIFEST_FORGED, where, error)
        return error is None

    def load_manifest(self, file: AuditArchive) -> SignedManifest | None:
        path = file.manifest_path
        try:
            return read_manifest(self.context.store, path)
        except FileNotFoundError:
            self.report.add_finding(FindingKind.MANIFEST_MISSING, path, "no such file")
        except (VerificationException, OSError) as error:
            self.report.add_finding(FindingKind.MANIFEST_CHANGED, path, str(error))
        return None

    def find_errors(
        self, file: AuditArchive, signed: SignedManifest, previous: str | None
    ) -> Iterator[tuple[FindingKind, str]]:
        """Yield what is wrong with a manifest, the first error alone."""
        manifest, changed = signed.manifest, FindingKind.MANIFEST_CHANGED
        path, digest = file.manifest_path, manifest.compute_hash()
        if (digest, manifest.path, signed.is_exact) != (signed.hash, path, True):
            yield changed, "does not match its hash, its path, or what was written"
        elif error := signed.find_error(self.context.sealer.signer):
            yield FindingKind.MANIFEST_FORGED, error
        elif error := (
            find_record_error(file, signed) or manifest.find_archive_error(self.archive)
        ):
            yield changed, error
        elif previous and manifest.previous != previous:
            yield changed, "`previous` does not match"

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
            except (VerificationException, OSError) as error:
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
