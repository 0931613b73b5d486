"""A new seal, of a batch of rows."""

from app.audit.archive.checkpoints.growth import Run
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import MIN_ID
from app.audit.archive.seals.batch import SealBatch
from app.audit.archive.seals.leaves import pack_leaves
from app.core.clock import now

NO_CHAIN = {"previous": "", "kid": "", "signature": ""}


def make_seal(number: int, batch: SealBatch, run: Run) -> AuditSeal:
    """Return the seal of a batch, which is one run of the leaves of its log's tree."""
    at, position = now(), batch.position
    ends = [leaf.key for leaf in batch.leaves] or [(at, MIN_ID)]
    return AuditSeal(
        number=number,
        log=batch.log.name.value,
        sealed_at=at,
        first_at=ends[0][0],
        first_id=ends[0][1],
        last_at=ends[-1][0],
        last_id=ends[-1][1],
        count=len(batch.leaves),
        root=run.frontier.head.root.hex(),
        hash=run.hash,
        **NO_CHAIN,
        leaves=pack_leaves(batch.leaves),
        transaction_id=position.transaction_id if position else None,
        transaction_row_id=position.row_id if position else None,
        start=run.start,
        size=run.frontier.size,
        note=run.note,
        edge=run.edge,
    )
