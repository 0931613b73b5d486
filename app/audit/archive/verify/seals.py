"""Verification of all seals in the order of their numbers, then of their evidence."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import Manifest, SealRef
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.seals.late import LateRows
from app.audit.archive.seals.leaves import Leaf, unpack_leaves
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.verify.evidence import EvidenceVerifier, listed, sizes_of
from app.audit.archive.verify.leaves import LeafVerifier
from app.audit.archive.verify.old_seals import OldSealVerifier
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.tree import TreeVerifier
from app.audit.archive.verify.tree_tables import verify_tables
from app.core.db.session import DatabaseSession

PAGE_SEALS = 50
BEFORE_ALL = -(2**31)  # a number that no seal can have
OpenSession = Callable[[], AbstractAsyncContextManager[DatabaseSession]]


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
        self.number = BEFORE_ALL  # of the seal that was read last
        self.kept: Mapping[str, Collection[int]] = {}
        self.late = LateRows()
        self.old_seals = OldSealVerifier(context, report)
        self.trees: dict[str, TreeVerifier] = {}
        self.outside = EvidenceVerifier(report, self.hashes, self.trees)

    async def verify_chain(
        self, manifests: Iterable[Manifest], evidence: Iterable[SealRef | str]
    ) -> None:
        """Verify each seal; compare them with manifests and with outside evidence."""
        manifests, evidence = [*manifests], [*evidence]
        self.kept = sizes_of([*listed(manifests), *evidence])
        await self.follow(self.context.database.reading)
        # Rows are sealed meanwhile: the tables must be of the same moment as the end.
        async with self.context.database.snapshot() as session:
            await self.follow(lambda: nullcontext(session))
            for tree in self.trees.values():
                await verify_tables(session, tree)
        self.report.seals = len(self.hashes)
        self.outside.verify(manifests, evidence)

    async def follow(self, opened: OpenSession) -> None:
        """Verify the seals after those that were verified before, up to the end."""
        seals = await self.read_page(opened)
        if not self.hashes:  # a log has a name before it has a seal
            await self.open_trees(opened)
        while seals:
            for seal in seals:
                if self.verify_number(seal, max(self.number, 0)):
                    self.verify_seal(seal)
                    self.hashes[seal.number] = seal.hash
                self.number = seal.number
            seals = await self.read_page(opened)

    async def open_trees(self, opened: OpenSession) -> None:
        async with opened() as session:
            archive = await read_archive_id(session)
        for log in LOGS.values():
            tree = TreeVerifier(self.context, log, archive, self.report)
            tree.kept = sorted(self.kept.get(tree.origin, ()))
            self.trees[log.name] = tree

    async def read_page(self, opened: OpenSession) -> list[AuditSeal]:
        async with opened() as session:
            seals = await SealRepository(session).read_page(self.number, PAGE_SEALS)
            session.expunge_all()  # leaves are read here, and never written
        return seals

    def verify_number(self, seal: AuditSeal, number: int) -> bool:
        """Report missing numbers; return whether a seal can have this one."""
        if seal.number < 1:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, "no seal has this number"
            )
        elif gap := range(number + 1, seal.number):
            self.report.add_finding(
                FindingKind.SEAL_MISSING, number + 1, f"{len(gap)} seals are missing"
            )
        return seal.number > 0

    def verify_seal(self, seal: AuditSeal) -> None:
        tree, archived = self.trees.get(seal.log), self.archived.get(seal.log)
        if archived and seal.is_emptied:
            archived.restore(seal)
        leaves = unpack_leaves(seal.leaves)
        self.report.sealed_late += self.late.count(seal, leaves)
        if tree is None:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, f"unknown log: {seal.log!r}"
            )
        elif seal.start is None:
            self.old_seals.verify(seal, leaves)
            tree.add_old_seal(seal)
        elif not tree.is_repeated(seal):
            self.verify_run(tree, seal, leaves)

    def verify_run(
        self, tree: TreeVerifier, seal: AuditSeal, leaves: list[Leaf]
    ) -> None:
        archived = self.archived.get(seal.log)
        if seal.is_emptied:
            tree.follow_run(seal)
            if archived:
                archived.report_missing(seal)
        elif tree.verify_run(seal, leaves) and archived:
            archived.compare(seal)
