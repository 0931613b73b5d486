"""Seals whose leaves lead to what was signed for them."""

from sqlalchemy import select
from sqlmodel import col

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.ownership import read_identity
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.proven.checkpoints import CheckpointVerifier
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.old_seals import find_fault
from app.audit.archive.proven.runs import SealedRun
from app.audit.archive.seals.batch import hash_old_seals
from app.audit.archive.seals.leaves import unpack_leaves
from app.audit.archive.tree.frontier import Frontier
from app.core.db.session import DatabaseSession


class ProvenSeals:
    """Reader of the seals of one log; `faults` are why others are not proven.

    Of an emptied seal the checkpoint is proven. Its rows are in files, and are proven
    by their manifests. If the files are gone, the seal is among the `lost`, which is a
    fault for rows without a leaf of their own.
    """

    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.faults: dict[int, str] = {}
        self.lost: dict[int, str] = {}
        self.verifier: CheckpointVerifier | None = None
        self.last = Frontier()  # the tree after the seal that was read last

    async def read(
        self, session: DatabaseSession, numbers: list[int]
    ) -> dict[int, bytes]:
        """Return the packed leaves of these seals; none of one that is not proven."""
        number = col(AuditSeal.number)
        query = select(AuditSeal).where(number.in_(numbers)).order_by(number)
        found = {}
        for seal in await session.scalars(query):
            fault = await self.find_fault(session, seal)
            if fault:
                self.faults[seal.number] = fault.detail
            found[seal.number] = b"" if fault else seal.leaves
        return found

    async def find_fault(
        self, session: DatabaseSession, seal: AuditSeal
    ) -> SealFault | None:
        if seal.is_emptied:
            return await self.find_emptied_fault(session, seal)
        return await self.find_leaf_fault(session, seal)

    async def find_emptied_fault(
        self, session: DatabaseSession, seal: AuditSeal
    ) -> SealFault | None:
        verifier = await self.get_verifier(session)
        return verifier.find_note_fault(seal)

    async def find_leaf_fault(
        self, session: DatabaseSession, seal: AuditSeal
    ) -> SealFault | None:
        leaves = unpack_leaves(seal.leaves)
        if seal.start is None:
            return find_fault(seal, leaves, self.context.sealer.signer)
        before = await self.read_tree(session, seal.start)
        old = [] if seal.count else await hash_old_seals(session, self.log)
        verifier = await self.get_verifier(session)
        fault = verifier.find_fault(SealedRun(seal, leaves, before, old))
        self.last = Frontier() if fault else frontier_of(seal)
        return fault

    async def get_verifier(self, session: DatabaseSession) -> CheckpointVerifier:
        if self.verifier is None:
            # `adopt` gives the folder's id to a database that has none.
            archive = await read_archive_id(session)
            archive = archive or read_identity(self.context.store)
            self.verifier = CheckpointVerifier(self.context, self.log, archive)
        return self.verifier

    async def check_head(self, session: DatabaseSession) -> None:
        """Check the tree that the next seal will continue."""
        seal = await TreeRepository(session, self.log).get_newest()
        verifier = await self.get_verifier(session)
        fault = verifier.find_note_fault(seal) if seal else None
        if seal and fault:
            self.faults[seal.number] = fault.detail

    async def read_tree(self, session: DatabaseSession, size: int) -> Frontier:
        """Return the tree of this size. It is proven by the run that follows it."""
        if size == self.last.size:
            return self.last
        return frontier_of(await TreeRepository(session, self.log).get_by_size(size))

    def list_errors(self) -> list[str]:
        """Return a clause about each seal that is not proven."""
        return [
            f"seal {number} of {self.log.name} is not as it was signed: {detail}"
            for number, detail in sorted(self.faults.items())
        ]

    def raise_errors(self) -> None:
        """Raise VerificationException if there is a seal that is not proven."""
        for error in self.list_errors():
            raise VerificationException(f"{error[0].upper()}{error[1:]}. Run `verify`.")


async def check_heads(context: ArchiveContext) -> None:
    """Refuse to seal rows in a tree that is not as it was signed.

    Raises:
        VerificationException: the newest seal of a log was changed.
    """
    for log in LOGS.values():
        proven = ProvenSeals(context, log)
        async with context.database.reading() as session:
            await proven.check_head(session)
        proven.raise_errors()
