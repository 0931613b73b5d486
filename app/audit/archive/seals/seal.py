"""One seal: how it is made of rows, what its hash covers, how it is told to others."""

from app.audit.archive.canonical import Row, hash_json, to_json
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import leaves_of, pack
from app.audit.archive.seals.merkle import merkle_root
from app.audit.archive.seals.signing import Signer
from app.core.clock import now

NOTHING_BEFORE = "0" * 64


def follow(before: AuditSeal | None, log: Log, rows: list[Row]) -> AuditSeal:
    """Return the seal of these rows, chained to the one before, yet unsigned."""
    leaves = leaves_of(rows)
    return AuditSeal(
        number=before.number + 1 if before else 1,
        log=log.name.value,
        sealed_at=now(),
        first_at=rows[0]["at"],
        first_id=rows[0]["id"],
        last_at=rows[-1]["at"],
        last_id=rows[-1]["id"],
        count=len(rows),
        root=merkle_root(each.digest for each in leaves),
        previous=before.hash if before else NOTHING_BEFORE,
        leaves=pack(leaves),
        hash="",
        kid="",
        signature="",
    )


def sign(seal: AuditSeal, signer: Signer) -> AuditSeal:
    digest = digest_of(seal)
    return seal.sqlmodel_update({"hash": digest, **vars(signer.sign(digest))})


def digest_of(seal: AuditSeal) -> str:
    """Return what the seal's hash must be: of all that it says, but for its proof."""
    return hash_json(seal.model_dump(exclude={"hash", "kid", "signature", "leaves"}))


def export(seal: AuditSeal) -> bytes:
    """Return the seal as a line that proves it, to be kept elsewhere."""
    return to_json(seal.model_dump(exclude={"leaves"}))
