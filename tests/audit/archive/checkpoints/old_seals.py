"""Seals as the release before the tree has made them."""

from typing import Any

from sqlalchemy import update

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.seals.leaves import make_leaves, pack_leaves
from app.audit.archive.seals.old_seal import GENESIS_HASH, seal_hash
from app.audit.archive.tree.merkle import merkle_root
from app.core.clock import now
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import execute

SEAL_ROWS = 25


def seal_as_before(audit_log: AuditLog) -> list[AuditSeal]:
    """Seal all rows, which lose their numbers, in seals that are no part of a tree."""
    seals: list[AuditSeal] = []
    for log in LOGS.values():
        execute(audit_log, update(log.live).values(transaction_id=None))
        rows = sorted(audit_log.rows(log), key=lambda row: (row["at"], row["id"]))
        for at in range(0, len(rows), SEAL_ROWS):
            seals.append(make_old_seal(seals, log, rows[at : at + SEAL_ROWS]))

    async def sign_and_add(context: ArchiveContext) -> None:
        previous = GENESIS_HASH
        async with context.database.writing() as session:
            for seal in seals:
                seal.previous = previous
                previous = seal_hash(seal)
                signature = vars(context.sealer.signer.sign(previous))
                session.add(seal.sqlmodel_update({"hash": previous, **signature}))

    audit_log.run(sign_and_add)
    return audit_log.seals()


def make_old_seal(
    seals: list[AuditSeal], log: Log, rows: list[dict[str, Any]]
) -> AuditSeal:
    leaves = make_leaves(rows)
    return AuditSeal(
        number=len(seals) + 1,
        log=log.name.value,
        sealed_at=now(),
        first_at=rows[0]["at"],
        first_id=rows[0]["id"],
        last_at=rows[-1]["at"],
        last_id=rows[-1]["id"],
        count=len(rows),
        root=merkle_root(each.digest for each in leaves),
        previous="",
        hash="",
        kid="",
        signature="",
        leaves=pack_leaves(leaves),
    )
