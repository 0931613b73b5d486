"""Is the chain of seals whole, unchanged and ours?"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealMark
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import unpack
from app.audit.archive.seals.merkle import merkle_root
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import NOTHING_BEFORE, digest_of
from app.audit.archive.seals.signing import Signature
from app.audit.archive.verify.report import Kind, Report

PAGE = 50


class SealCheck:
    def __init__(self, context: ArchiveContext, report: Report) -> None:
        self.context = context
        self.report = report
        self.hashes: dict[int, str] = {}

    async def check(self, witnesses: Iterable[SealMark]) -> None:
        """Walk the chain, then ask those who have seen seals before."""
        number, previous = 0, NOTHING_BEFORE
        while seals := await self.page(number):
            for seal in seals:
                self.check_link(seal, number, previous)
                self.check_seal(seal)
                self.hashes[seal.number] = seal.hash
                number, previous = seal.number, seal.hash
        self.report.seals = len(self.hashes)
        for witness in sorted({*witnesses}, key=lambda seen: seen.number):
            self.check_witness(witness)

    async def page(self, after: int) -> list[AuditSeal]:
        async with self.context.database.reading() as session:
            return await SealRepository(session).page(after, PAGE)

    def check_link(self, seal: AuditSeal, number: int, previous: str) -> None:
        gap = range(number + 1, seal.number)
        if gap:
            self.report.add(Kind.SEAL_MISSING, number + 1, f"{len(gap)} seals are gone")
        elif seal.previous != previous:
            self.report.add(
                Kind.SEAL_CHANGED, seal.number, "it does not follow the one before it"
            )

    def check_seal(self, seal: AuditSeal) -> None:
        signature = Signature(seal.kid, seal.signature)
        leaves = unpack(seal.leaves)
        if digest_of(seal) != seal.hash:
            self.report.add(Kind.SEAL_CHANGED, seal.number, "its text has changed")
        elif fault := self.context.sealer.signer.fault(seal.hash, signature):
            self.report.add(Kind.SEAL_FORGED, seal.number, fault)
        elif merkle_root(each.digest for each in leaves) != seal.root:
            self.report.add(Kind.SEAL_CHANGED, seal.number, "its leaves have changed")

    def check_witness(self, seen: SealMark) -> None:
        """Compare with what a manifest or an exported seal says."""
        found = self.hashes.get(seen.number)
        if seen.number > max(self.hashes, default=0):
            self.report.add(
                Kind.SEAL_MISSING, seen.number, "it was seen, and is gone from the end"
            )
        elif found is not None and found != seen.hash:
            self.report.add(
                Kind.SEAL_CHANGED, seen.number, "it is not the one that was seen"
            )


def read_witnesses(path: Path) -> list[SealMark]:
    """Return the seals that a file tells of: one JSON object a line, as exported."""
    lines = path.read_bytes().splitlines()
    told: list[dict[str, Any]] = [orjson.loads(line) for line in lines if line]
    return [SealMark(each["number"], each["hash"]) for each in told]
