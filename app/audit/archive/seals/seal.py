"""Creation, hashing, signing and export of one seal."""

from app.audit.archive.canonical import Row, encode_json, hash_json
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import make_leaves, pack_leaves
from app.audit.archive.seals.signing import Signer
from app.audit.archive.tree.merkle import merkle_root
from app.core.clock import now

GENESIS_HASH = "0" * 64  # `previous` of the first seal and the first manifest


def make_seal(previous: AuditSeal | None, log: Log, rows: list[Row]) -> AuditSeal:
    """Return an unsigned seal of the rows, chained to the previous seal."""
    leaves = make_leaves(rows)
    return AuditSeal(
        number=previous.number + 1 if previous else 1,
        log=log.name.value,
        sealed_at=now(),
        first_at=rows[0]["at"],
        first_id=rows[0]["id"],
        last_at=rows[-1]["at"],
        last_id=rows[-1]["id"],
        count=len(rows),
        root=merkle_root(each.digest for each in leaves),
        previous=previous.hash if previous else GENESIS_HASH,
        leaves=pack_leaves(leaves),
        hash="",
        kid="",
        signature="",
    )


def sign_seal(seal: AuditSeal, signer: Signer) -> AuditSeal:
    digest = seal_hash(seal)
    return seal.sqlmodel_update({"hash": digest, **vars(signer.sign(digest))})


def seal_hash(seal: AuditSeal) -> str:
    """Compute the value of `hash`: without itself, `kid`, `signature`, `leaves`."""
    return hash_json(seal.model_dump(exclude={"hash", "kid", "signature", "leaves"}))


def encode_seal(seal: AuditSeal) -> bytes:
    """Return the seal as JSON without its leaves, for storage as a witness."""
    return encode_json(seal.model_dump(exclude={"leaves"}))
