"""Files of the archive folder that the database has not recorded."""

from dataclasses import dataclass
from itertools import dropwhile

from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.chain import follow_chain
from app.audit.archive.files.extra import NO_MANIFEST, find_unproven
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.seals.old_seal import GENESIS_HASH


@dataclass(frozen=True)
class Candidate:
    """A file with a manifest; `record` is its row if that is in state WRITING."""

    log: Log
    path: str
    signed: SignedManifest
    record: AuditArchive | None

    @property
    def manifest(self) -> Manifest:
        return self.signed.manifest


class CandidateFinder:
    """Compare the folder of one log with the files that the database has recorded."""

    def __init__(self, context: ArchiveContext, log: Log, report: AdoptReport) -> None:
        self.store = context.store
        self.database = context.database
        self.log = log
        self.report = report
        self.recorded = 0  # files that both have

    async def list_candidates(self) -> list[Candidate]:
        """Return the files that are not recorded, in the order of their chain."""
        async with self.database.reading() as session:
            files = await FileRepository(session).list_files(self.log)
        known = {file.manifest_path: file for file in files}
        recorded = [file for file in files if file.manifest]
        # An interrupted run may have left some.
        for path in find_unproven(self.store, self.log.name, {it.name for it in files}):
            self.report.add_contradiction(path, NO_MANIFEST)
        paths = self.store.list_manifests(self.log.name)
        self.check_missing(recorded, set(paths))
        read = (self.read_candidate(path, known.get(path)) for path in paths)
        found = [each for each in read if each]
        self.check_previous(recorded, found)
        newest = recorded[-1].manifest if recorded else None
        return sort_chain(found, newest or GENESIS_HASH)

    def check_missing(self, recorded: list[AuditArchive], paths: set[str]) -> None:
        """Report recorded files that are not in the folder, but for the oldest days.

        Those may have been deleted by law: `verify` reports them.
        """
        by_day = sorted(recorded, key=lambda each: each.day)
        kept = dropwhile(lambda each: each.manifest_path not in paths, by_day)
        for file in [*kept] or recorded:
            if file.manifest_path not in paths:
                self.report.add_contradiction(
                    file.manifest_path,
                    "it is recorded, but not in the folder; restore the folder",
                )

    def check_previous(
        self, recorded: list[AuditArchive], found: list[Candidate]
    ) -> None:
        """Report files that follow one which is neither recorded nor in the folder.

        No other file, and no row of the database, shows that there was one.
        """
        known = {GENESIS_HASH, *(file.manifest for file in recorded)}
        known |= {each.manifest.compute_hash() for each in found}
        for each in found:
            if each.manifest.previous not in known:
                error = "the file before it is missing; restore the folder"
                self.report.add_contradiction(each.path, error)

    def read_candidate(self, path: str, file: AuditArchive | None) -> Candidate | None:
        try:
            signed = read_manifest(self.store, path)
        except (VerificationException, OSError) as error:
            self.report.add_contradiction(path, str(error))
            return None
        if file is None or file.manifest is None:
            return Candidate(self.log, path, signed, file)
        self.recorded += 1
        if signed.manifest.compute_hash() != file.manifest:
            self.report.add_contradiction(path, "another manifest is recorded")
        return None


def sort_chain(candidates: list[Candidate], newest: str) -> list[Candidate]:
    """Return the files in the order of `previous`, then the others by number."""
    chain = follow_chain((each.signed for each in candidates), newest)
    found = [each for signed in chain for each in candidates if each.signed is signed]
    others = [each for each in candidates if each not in found]
    return [*found, *sorted(others, key=lambda each: each.manifest.name)]
