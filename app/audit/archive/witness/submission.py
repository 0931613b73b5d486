"""Submission of a log's newest checkpoint to its witness."""

from dataclasses import dataclass, replace

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.exceptions import ArchivedLeavesException
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.witness.client import WitnessClient
from app.audit.archive.witness.exceptions import (
    AheadException,
    OtherSizeException,
    WitnessException,
)
from app.core.db.database import Database


@dataclass(frozen=True)
class Growth:
    """A signed checkpoint, with the proof that its tree continues `old` leaves."""

    seal: int
    size: int
    note: str
    old: int
    proof: list[str]


class Submission:
    """Submit newest checkpoints; if need be, with proofs from the archive."""

    def __init__(
        self,
        database: Database,
        client: WitnessClient,
        context: ArchiveContext | None = None,
    ) -> None:
        self.database = database
        self.client = client
        self.context = context

    async def submit(self, log: Log, old_size: int = 0) -> Growth:
        """Have the newest checkpoint cosigned, and keep the cosignature.

        `old_size` is what the witness has cosigned, as far as the caller knows.

        Raises:
            NoCheckpointException: nothing of the log is sealed yet.
            ContradictionException: the witness has seen more, or something else.
            WitnessException: no cosignature, for a reason that is not the log's.
        """
        growth = await self.prove(log, old_size)
        if growth.size == old_size:
            return growth
        try:
            return await self.cosign(log, growth)
        except OtherSizeException as known:
            growth = await self.prove(log, known.size)
        try:
            return await self.cosign(log, growth)
        except OtherSizeException:
            raise WitnessException("another process submits, too") from None

    async def cosign(self, log: Log, growth: Growth) -> Growth:
        note = str(await self.client.cosign(growth.note, growth.old, growth.proof))
        async with self.database.writing() as session:
            await TreeRepository(session, log).save_note(growth.seal, note)
        return replace(growth, note=note)

    async def prove(self, log: Log, old_size: int) -> Growth:
        async with self.database.reading() as session:
            context = self.context
            archive = RowArchive(session, context, log) if context else None
            prover = Prover(session, log, archive)
            seal = await prover.get_newest()
            size = seal.size or 0
            if old_size > size:
                raise AheadException(old_size)
            try:
                proof = await prover.prove_consistency(old_size, size)
            except ArchivedLeavesException:
                raise WitnessException("the proof needs the archive") from None
        proof = proof if old_size else []
        return Growth(seal.number, size, seal.note or "", old_size, proof)
