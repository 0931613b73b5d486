"""Are the files of cold storage there, and what their manifests say?"""

from dataclasses import dataclass

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, State
from app.audit.archive.seals.seal import NOTHING_BEFORE
from app.audit.archive.verify.report import Kind, Report


@dataclass(frozen=True)
class ColdFile:
    """A file; while it is `pruning`, some of its rows are still alive."""

    manifest: Manifest
    pruning: bool


class FileCheck:
    def __init__(self, context: ArchiveContext, report: Report) -> None:
        self.context = context
        self.report = report

    async def check(self, log: Log) -> list[ColdFile]:
        """Return the files whose rows are to be compared next."""
        async with self.context.database.reading() as session:
            files = await FileRepository(session).of(log)
        known = {file.manifest_path: file for file in files}
        found = self.context.store.manifests(log.name)
        for path in found:
            if path not in known:
                self.report.add(Kind.FILE_EXTRA, path, "no run of ours has written it")
        return self.read_all([file for file in files if file.state != State.WRITING])

    def read_all(self, files: list[AuditArchive]) -> list[ColdFile]:
        found = []
        previous = NOTHING_BEFORE
        for file in files:
            if signed := self.read(file):
                self.check_manifest(file, signed, previous)
                self.check_file(signed.manifest)
                found.append(ColdFile(signed.manifest, file.state != State.PRUNED))
            previous = file.manifest or previous
        self.report.files += len(found)
        return found

    def read(self, file: AuditArchive) -> SignedManifest | None:
        path = file.manifest_path
        try:
            return read_manifest(self.context.store, path)
        except FileNotFoundError:
            self.report.add(Kind.MANIFEST_MISSING, path, "it is gone")
        except VerificationException as error:
            self.report.add(Kind.MANIFEST_CHANGED, path, str(error))
        return None

    def check_manifest(
        self, file: AuditArchive, signed: SignedManifest, previous: str
    ) -> None:
        path = file.manifest_path
        if signed.manifest.digest() != signed.hash or signed.manifest.path != path:
            self.report.add(Kind.MANIFEST_CHANGED, path, "its text has changed")
        elif fault := signed.fault(self.context.sealer.signer):
            self.report.add(Kind.MANIFEST_FORGED, path, fault)
        elif signed.hash != file.manifest:
            self.report.add(Kind.MANIFEST_CHANGED, path, "another one was written")
        elif signed.manifest.previous != previous:
            self.report.add(Kind.MANIFEST_CHANGED, path, "it does not follow the last")

    def check_file(self, manifest: Manifest) -> None:
        store = self.context.store
        pairs = (
            (manifest.file, manifest.file_sha256),
            (manifest.keys, manifest.keys_sha256),
        )
        for name, digest in pairs:
            if not store.exists(name):
                self.report.add(Kind.FILE_MISSING, name, "it is gone")
            elif store.file_hash(name) != digest:
                self.check_readable(name)

    def check_readable(self, name: str) -> None:
        """Tell a file that somebody wrote from one that is only cut or spoilt."""
        try:
            if name.endswith(".gz"):
                for _ in self.context.store.lines(name):
                    pass
        except VerificationException as error:
            self.report.add(Kind.FILE_DAMAGED, name, str(error))
        else:
            self.report.add(Kind.FILE_CHANGED, name, "its bytes have changed")
