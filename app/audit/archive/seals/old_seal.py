"""Seals of former releases: hashed, chained over both logs, and signed by HMAC.

Each is a leaf of its log's tree, and still verified by itself.
"""

from app.audit.archive.canonical import encode_json, hash_json
from app.audit.archive.checkpoints.models import AuditSeal

# Columns that are no part of an old seal outside the database.
TREE = {"start", "size", "note", "edge"}
LOCAL = {"leaves", "transaction_id", "transaction_row_id", *TREE}
GENESIS_HASH = "0" * 64  # `previous` of the first seal and the first manifest


def seal_hash(seal: AuditSeal) -> str:
    """Compute the value of `hash`, which covers the columns up to `previous`."""
    return hash_json(seal.model_dump(exclude={"hash", "kid", "signature", *LOCAL}))


def encode_seal(seal: AuditSeal) -> bytes:
    """Return the seal as JSON without its leaves: evidence, and a leaf of the tree."""
    return encode_json(seal.model_dump(exclude=LOCAL))
