"""Creation, hashing, signing and export of one seal."""

from dataclasses import dataclass
from typing import Self

from app.audit.archive.canonical import RowKey, encode_json, hash_json
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.leaves import Leaf, pack_leaves
from app.audit.archive.seals.order import Position
from app.audit.archive.seals.signing import Signer
from app.audit.archive.tree.merkle import merkle_root
from app.core.clock import now

# Columns that are no part of a seal outside the database.
LOCAL = {"leaves", "transaction_id", "transaction_row_id"}
GENESIS_HASH = "0" * 64  # `previous` of the first seal and the first manifest


@dataclass(frozen=True)
class SealContent:
    """The columns of a seal that do not depend on the previous one."""

    log: str
    first: RowKey
    last: RowKey
    count: int
    root: str
    leaves: bytes
    position: Position | None

    @classmethod
    def of(cls, log: Log, leaves: list[Leaf], position: Position | None) -> Self:
        root = merkle_root(each.digest for each in leaves)
        first, last = leaves[0].key, leaves[-1].key
        packed = pack_leaves(leaves)
        return cls(log.name.value, first, last, len(leaves), root, packed, position)


def make_seal(previous: AuditSeal | None, content: SealContent) -> AuditSeal:
    """Return an unsigned seal, chained to the previous seal."""
    position = content.position
    return AuditSeal(
        number=previous.number + 1 if previous else 1,
        log=content.log,
        sealed_at=now(),
        first_at=content.first[0],
        first_id=content.first[1],
        last_at=content.last[0],
        last_id=content.last[1],
        count=content.count,
        root=content.root,
        previous=previous.hash if previous else GENESIS_HASH,
        leaves=content.leaves,
        hash="",
        kid="",
        signature="",
        transaction_id=position.transaction_id if position else None,
        transaction_row_id=position.row_id if position else None,
    )


def sign_seal(seal: AuditSeal, signer: Signer) -> AuditSeal:
    digest = seal_hash(seal)
    return seal.sqlmodel_update({"hash": digest, **vars(signer.sign(digest))})


def seal_hash(seal: AuditSeal) -> str:
    """Compute the value of `hash`, which covers the columns up to `previous`."""
    return hash_json(seal.model_dump(exclude={"hash", "kid", "signature", *LOCAL}))


def encode_seal(seal: AuditSeal) -> bytes:
    """Return the seal as JSON without its leaves, for storage as a witness."""
    return encode_json(seal.model_dump(exclude=LOCAL))
