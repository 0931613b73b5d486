"""Verification of a log's tree: each run of leaves, its checkpoint, and the tiles."""

from datetime import datetime
from uuid import UUID

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.models import AuditKey, AuditSeal, AuditTile
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log, model_table
from app.audit.archive.proven.checkpoints import CheckpointVerifier
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.runs import SealedRun, hash_run
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.seals.old_seal import encode_seal
from app.audit.archive.tree.frontier import Frontier, Growth
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.merkle import HASH_LENGTH, leaf_hash
from app.audit.archive.tree.tiles import TileId, tile_updates
from app.audit.archive.verify.keys import verify_keys
from app.audit.archive.verify.report import FindingKind, VerificationReport

TILES, KEYS = model_table(AuditTile), model_table(AuditKey)


class TreeVerifier:
    """Build the tree again. `checkpoints` has each size with its root and time.

    `faulty` are the numbers of seals whose leaves are not proven. `suspect` are rows
    that were changed together with their leaves, with the numbers of their seals.
    """

    def __init__(
        self,
        context: ArchiveContext,
        log: Log,
        archive: UUID | None,
        report: VerificationReport,
    ) -> None:
        self.context = context
        self.log = log
        self.signed = CheckpointVerifier(context, log, archive)
        self.report = report
        self.old_seals: list[bytes] = []
        self.frontier = Frontier()
        self.tiles: dict[TileId, bytes] = {}
        self.is_complete = True
        self.checkpoints: dict[int, tuple[bytes, datetime]] = {}
        self.sizes: dict[int, int] = {}  # by the number of the seal
        self.numbers: dict[bytes, int] = {}  # of the seals, by their content
        self.faulty: set[int] = set()
        self.suspect: dict[UUID, int] = {}

    @property
    def origin(self) -> str:
        return self.signed.origin

    @property
    def keys(self) -> list[VerifierKey]:
        return self.signed.keys

    def add_old_seal(self, seal: AuditSeal) -> None:
        self.old_seals.append(leaf_hash(encode_seal(seal)))

    def verify_run(self, seal: AuditSeal, leaves: list[Leaf]) -> None:
        """Append a run to the tree and compare it. Call this in the seals' order."""
        run = SealedRun(seal, leaves, self.frontier, self.old_seals)
        first = self.numbers.setdefault(hash_run(seal), seal.number)
        if first != seal.number:
            self.faulty.add(seal.number)
            self.add_finding(FindingKind.SEAL_REPEATED, seal, f"a copy of seal {first}")
            return
        if fault := self.signed.find_fault(run):
            self.report_fault(run, fault)
        if run.error:
            self.is_complete = False
            self.follow(run)
        else:
            self.frontier = run.growth.frontier
            self.add_tiles(run.growth)
        self.checkpoints[self.frontier.size] = self.frontier.head.root, seal.sealed_at
        self.sizes[seal.number] = self.frontier.size

    def follow(self, run: SealedRun) -> None:
        """Continue where the seal may have left the tree: one error is one finding.

        A seal of leaves that the tree has already does not belong to it.
        """
        stored = frontier_of(run.seal)
        is_signed = not self.signed.find_note_fault(run.seal)
        if is_signed and stored.size >= self.frontier.size:
            self.frontier = stored
        elif run.seal.start == self.frontier.size:
            self.frontier = run.growth.frontier

    def report_fault(self, run: SealedRun, fault: SealFault) -> None:
        self.faulty.add(run.seal.number)
        start = run.seal.start or 0
        if start > self.frontier.size:
            missing = f"leaves {self.frontier.size} to {start} are missing"
            self.add_finding(FindingKind.SEAL_MISSING, run.seal, missing)
            return
        kind = FindingKind.of_fault(fault)
        self.add_finding(kind, run.seal, fault.detail + self.find_suspects(run))

    def find_suspects(self, run: SealedRun) -> str:
        """Return which leaves were changed, as far as the signed edge shows that."""
        if not run.is_in_place or self.signed.find_note_fault(run.seal):
            return ""
        found = run.suspects()
        if len(found) == 1:
            self.suspect[found[0].id] = run.seal.number
        if not found:
            return ""
        return f": among the {len(found)} from row {found[0].id} to {found[-1].id}"

    def add_tiles(self, growth: Growth) -> None:
        for tile, start, data in tile_updates(growth.runs):
            before = self.tiles.get(tile, b"")[: start * HASH_LENGTH]
            self.tiles[tile] = before + data

    async def verify_tiles(self) -> None:
        """Compare the stored tiles with those of the tree, if all leaves are there."""
        if not (self.is_complete and self.report.can_read(TILES)):
            return
        async with self.context.database.reading() as session:
            stored = await TreeRepository(session, self.log).list_tiles()
        for tile in sorted(
            {*stored, *self.tiles}, key=lambda each: (each.level, each.index)
        ):
            if stored.get(tile) != self.tiles.get(tile):
                where = f"{self.log.name} {tile.level}/{tile.index}"
                self.report.add_finding(
                    FindingKind.TILE_CHANGED, where, "does not match the leaves"
                )

    async def verify_keys(self) -> None:
        if not self.report.can_read(KEYS):
            return
        async with self.context.database.reading() as session:
            keys = await TreeRepository(session, self.log).list_keys()
        verify_keys(keys, self.keys, self.report)
        if self.sizes and not keys:
            self.report.add_finding(
                FindingKind.KEY_CHANGED, self.log.name, "no key is recorded"
            )

    def add_finding(self, kind: FindingKind, seal: AuditSeal, detail: str) -> None:
        self.report.add_finding(kind, seal.number, detail)
