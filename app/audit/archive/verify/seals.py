"""Verification of all seals in the order of their numbers, then of their witnesses."""

from collections.abc import Iterable

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import Manifest, SealRef
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.seals.leaves import unpack_leaves
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.verify.late import LateRows
from app.audit.archive.verify.leaves import LeafVerifier
from app.audit.archive.verify.old_seals import OldSealVerifier
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.tree import TreeVerifier
from app.audit.archive.verify.witnesses import WitnessVerifier

PAGE_SEALS = 50


class SealVerifier:
    def __init__(
        self,
        context: ArchiveContext,
        archived: dict[Log, LeafVerifier],
        report: VerificationReport,
    ) -> None:
        self.context = context
        self.archived = {log.name.value: found for log, found in archived.items()}
        self.report = report
        self.hashes: dict[int, str] = {}
        self.late = LateRows()
        self.old_seals = OldSealVerifier(context, report)
        self.trees: dict[str, TreeVerifier] = {}

    async def verify_chain(
        self, manifests: Iterable[Manifest], witnesses: Iterable[SealRef | str]
    ) -> None:
        """Verify each seal; compare them with manifests and with outside witnesses."""
        await self.open_trees()
        number = 0
        while seals := await self.read_page(number):
            for seal in seals:
                self.verify_number(seal, number)
                self.verify_seal(seal)
                self.hashes[seal.number] = seal.hash
                number = seal.number
        self.report.seals = len(self.hashes)
        for tree in self.trees.values():
            await tree.verify_tiles()
            await tree.verify_keys()
        outside = WitnessVerifier(self.report, self.hashes, self.trees)
        outside.verify(manifests, witnesses)

    async def open_trees(self) -> None:
        async with self.context.database.reading() as session:
            archive = await read_archive_id(session)
        for log in LOGS.values():
            self.trees[log.name] = TreeVerifier(self.context, log, archive, self.report)

    async def read_page(self, after: int) -> list[AuditSeal]:
        async with self.context.database.reading() as session:
            return await SealRepository(session).read_page(after, PAGE_SEALS)

    def verify_number(self, seal: AuditSeal, number: int) -> None:
        if gap := range(number + 1, seal.number):
            self.report.add_finding(
                FindingKind.SEAL_MISSING, number + 1, f"{len(gap)} seals are missing"
            )

    def verify_seal(self, seal: AuditSeal) -> None:
        tree, archived = self.trees.get(seal.log), self.archived.get(seal.log)
        if tree and seal.is_emptied and not (archived and archived.restore(seal)):
            tree.follow_run(seal)
            return
        leaves = unpack_leaves(seal.leaves)
        self.report.sealed_late += self.late.count(seal, leaves)
        if tree is None:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, f"unknown log: {seal.log!r}"
            )
        elif seal.start is None:
            self.old_seals.verify(seal, leaves)
            tree.add_old_seal(seal)
        elif tree.verify_run(seal, leaves) and archived:
            archived.compare(seal)
