"""Verification of the seal chain: numbers, hashes, signatures and witnesses."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import LEAF_BYTES, Leaf, unpack_leaves
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import GENESIS_HASH, seal_hash
from app.audit.archive.seals.signing import Signature
from app.audit.archive.tree.merkle import merkle_root
from app.audit.archive.verify.late import LateRows
from app.audit.archive.verify.report import FindingKind, VerificationReport

PAGE_SEALS = 50


class SealVerifier:
    def __init__(self, context: ArchiveContext, report: VerificationReport) -> None:
        self.context = context
        self.report = report
        self.hashes: dict[int, str] = {}
        self.late = LateRows()

    async def verify_chain(self, witnesses: Iterable[SealRef]) -> None:
        """Verify each seal and its link, then compare the chain with the witnesses."""
        number, previous = 0, GENESIS_HASH
        while seals := await self.read_page(number):
            for seal in seals:
                self.verify_link(seal, number, previous)
                self.verify_seal(seal)
                self.hashes[seal.number] = seal.hash
                number, previous = seal.number, seal.hash
        self.report.seals = len(self.hashes)
        for witness in sorted({*witnesses}, key=lambda each: each.number):
            self.verify_witness(witness)

    async def read_page(self, after: int) -> list[AuditSeal]:
        async with self.context.database.reading() as session:
            return await SealRepository(session).read_page(after, PAGE_SEALS)

    def verify_link(self, seal: AuditSeal, number: int, previous: str) -> None:
        gap = range(number + 1, seal.number)
        if gap:
            self.report.add_finding(
                FindingKind.SEAL_MISSING, number + 1, f"{len(gap)} seals are missing"
            )
        elif seal.previous != previous:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, "`previous` does not match"
            )

    def verify_seal(self, seal: AuditSeal) -> None:
        signature = Signature(seal.kid, seal.signature)
        leaves = unpack_leaves(seal.leaves)
        self.report.sealed_late += self.late.count(seal, leaves)
        if seal_hash(seal) != seal.hash:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, seal.number, "does not match its hash"
            )
        elif error := self.context.sealer.signer.find_error(seal.hash, signature):
            self.report.add_finding(FindingKind.SEAL_FORGED, seal.number, error)
        elif error := find_leaf_error(seal, leaves):
            self.report.add_finding(FindingKind.SEAL_CHANGED, seal.number, error)

    def verify_witness(self, witness: SealRef) -> None:
        """Compare the chain with a seal from a manifest or an export."""
        found = self.hashes.get(witness.number)
        if witness.number > max(self.hashes, default=0):
            self.report.add_finding(
                FindingKind.SEAL_MISSING, witness.number, "only a witness has it"
            )
        elif found is not None and found != witness.hash:
            self.report.add_finding(
                FindingKind.SEAL_CHANGED, witness.number, "a witness has another hash"
            )


def find_leaf_error(seal: AuditSeal, leaves: list[Leaf]) -> str | None:
    """Return why the leaves are not those that were sealed, or None.

    The root covers the hashes alone, the seal's own columns bound times and ids.
    """
    if merkle_root(each.digest for each in leaves) != seal.root:
        return "leaves do not match the root"
    if len(seal.leaves) != seal.count * LEAF_BYTES:
        return "leaves do not match the count"
    keys = [each.key for each in leaves]
    if any(first >= second for first, second in pairwise(keys)):
        return "leaves are not in ascending order"
    bounds = (seal.first_at, seal.first_id), (seal.last_at, seal.last_id)
    return None if (keys[0], keys[-1]) == bounds else "leaves exceed the seal's bounds"


def read_witnesses(path: Path) -> list[SealRef]:
    """Read exported seals: one JSON object per line.

    Raises:
        OSError: the file is missing or unreadable.
        ValueError: a line is not JSON.
        KeyError: a line has no number or no hash.
    """
    lines = path.read_bytes().splitlines()
    seals: list[dict[str, Any]] = [orjson.loads(line) for line in lines if line]
    return [SealRef(each["number"], each["hash"]) for each in seals]
