"""The command `prove`, in the process of the test."""

from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.proofs.archive import RowArchive
from app.audit.archive.proofs.prover import Inclusion, Prover
from tests.audit.archive.rows import AuditLog


def prove(audit_log: AuditLog, id: UUID) -> Inclusion:
    async def run(context: ArchiveContext) -> Inclusion:
        async with context.database.reading() as session:
            archive = RowArchive(session, context, CHANGES)
            return await Prover(session, CHANGES, archive).prove_row(id)

    return audit_log.run(run)
