"""Submission of a log's newest checkpoint to its witness."""

from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import StoreException
from app.audit.archive.logs import Log
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.exceptions import ArchivedLeavesException
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.witness.client import WitnessClient
from app.audit.archive.witness.exceptions import (
    AheadException,
    OtherSizeException,
    WitnessException,
)
from app.core.db.database import Database

DATABASE_ERRORS = (SQLAlchemyError, OSError)
logger = structlog.get_logger()


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
        try:
            async with self.database.writing() as session:
                await TreeRepository(session, log).save_note(growth.seal, note)
        except DATABASE_ERRORS as error:  # such as a login that can only read
            logger.warning("audit_cosignature_not_kept", reason=str(error))
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
            proof = await prove_growth(prover, old_size, size)
        return Growth(seal.number, size, seal.note or "", old_size, proof)


async def prove_growth(prover: Prover, old_size: int, size: int) -> list[str]:
    """Return the hashes of the proof; none from an empty tree."""
    try:
        return await prover.prove_consistency(old_size, size) if old_size else []
    except ArchivedLeavesException:
        raise WitnessException("the proof needs the archive") from None
    except StoreException as error:
        raise WitnessException(str(error)) from None
    except (LookupError, ProofException, *DATABASE_ERRORS) as error:
        reason = f"the tree in the database is damaged: {type(error).__name__}"
        raise WitnessException(reason) from error
