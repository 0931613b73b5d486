"""Verification of a log's tree: each run of leaves, its checkpoint, and the tiles."""

from datetime import datetime
from uuid import UUID

from app.audit.archive.checkpoints.growth import frontier_of, hash_checkpoint
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.seals.leaves import Leaf
from app.audit.archive.seals.old_seal import encode_seal
from app.audit.archive.tree.checkpoints import Checkpoint, open_checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.frontier import Frontier, Growth, append
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.merkle import HASH_LENGTH, leaf_hash
from app.audit.archive.tree.signer_keys import SignerKey
from app.audit.archive.tree.signing_keys import log_name
from app.audit.archive.tree.tiles import TileId, tile_updates
from app.audit.archive.verify.keys import verify_keys
from app.audit.archive.verify.old_seals import find_leaf_error
from app.audit.archive.verify.report import FindingKind, VerificationReport


class TreeVerifier:
    """Build the tree again. `checkpoints` has each size with its root and time."""

    def __init__(
        self,
        context: ArchiveContext,
        log: Log,
        archive: UUID | None,
        report: VerificationReport,
    ) -> None:
        self.context = context
        self.log = log
        self.origin = log_name(archive, log.name) if archive else ""
        self.report = report
        self.old_seals: list[bytes] = []
        self.frontier = Frontier()
        self.tiles: dict[TileId, bytes] = {}
        self.is_complete = True
        self.checkpoints: dict[int, tuple[bytes, datetime]] = {}
        self.sizes: dict[int, int] = {}  # by the number of the seal

    @property
    def keys(self) -> list[VerifierKey]:
        """The keys of the settings: others could be anybody's."""
        seeds = self.context.sealer.keys.seeds if self.origin else ()
        return [SignerKey(self.origin, seed).verifier for seed in seeds]

    def add_old_seal(self, seal: AuditSeal) -> None:
        self.old_seals.append(leaf_hash(encode_seal(seal)))

    def verify_run(self, seal: AuditSeal, leaves: list[Leaf]) -> bool:
        """Append a run to the tree and compare it. Call this in the seals' order."""
        self.verify_start(seal)
        hashes = [leaf.digest for leaf in leaves]
        if seal.start == 0 and not seal.count:
            hashes = self.old_seals
        growth = append(self.frontier, hashes)
        error = self.find_error(seal, growth) or find_leaf_error(seal, leaves)
        if error:
            self.is_complete = False
            if (seal.start or 0) <= self.frontier.size:
                self.add_finding(FindingKind.SEAL_CHANGED, seal, error)
            # Continue after the stored state, so that one error is one finding.
            self.frontier = frontier_of(seal)
        else:
            self.frontier = growth.frontier
            self.add_tiles(growth)
            self.verify_note(seal)
        self.add_checkpoint(seal)
        return error is None

    def follow_run(self, seal: AuditSeal) -> None:
        """Continue after a run without leaves, whose checkpoint alone is verified."""
        self.verify_start(seal)
        self.is_complete = False
        self.frontier = frontier_of(seal)
        self.verify_note(seal)
        self.add_checkpoint(seal)

    def verify_start(self, seal: AuditSeal) -> None:
        if (seal.start or 0) > self.frontier.size:
            missing = f"leaves {self.frontier.size} to {seal.start} are missing"
            self.add_finding(FindingKind.SEAL_MISSING, seal, missing)

    def add_checkpoint(self, seal: AuditSeal) -> None:
        self.checkpoints[self.frontier.size] = self.frontier.head.root, seal.sealed_at
        self.sizes[seal.number] = self.frontier.size

    def find_error(self, seal: AuditSeal, growth: Growth) -> str | None:
        head = growth.frontier.head
        if (seal.start, seal.size) != (self.frontier.size, head.size):
            return "its place in the tree is another"
        if head.root.hex() != seal.root or frontier_of(seal) != growth.frontier:
            return "leaves do not match the root"
        return None

    def verify_note(self, seal: AuditSeal) -> None:
        head = frontier_of(seal).head
        expected = Checkpoint(self.origin, head) if self.origin else None
        try:
            signed = open_checkpoint(seal.note or "", *self.keys)
        except ProofException as error:
            self.add_finding(FindingKind.SEAL_FORGED, seal, str(error))
            return
        if signed != expected or seal.root != head.root.hex():
            self.add_finding(FindingKind.SEAL_FORGED, seal, "signed for another tree")
        elif seal.hash != hash_checkpoint(signed):
            self.add_finding(FindingKind.SEAL_CHANGED, seal, "does not match its hash")

    def add_tiles(self, growth: Growth) -> None:
        for tile, start, data in tile_updates(growth.runs):
            before = self.tiles.get(tile, b"")[: start * HASH_LENGTH]
            self.tiles[tile] = before + data

    async def verify_tiles(self) -> None:
        """Compare the stored tiles with those of the tree, if all leaves are there."""
        if not self.is_complete:
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
        async with self.context.database.reading() as session:
            keys = await TreeRepository(session, self.log).list_keys()
        verify_keys(keys, self.keys, self.report)
        if self.sizes and not keys:
            self.report.add_finding(
                FindingKind.KEY_CHANGED, self.log.name, "no key is recorded"
            )

    def add_finding(self, kind: FindingKind, seal: AuditSeal, detail: str) -> None:
        self.report.add_finding(kind, seal.number, detail)
