"""The storage format of seals, as an attacker reads and writes it.

That of the trees is in stored_tree.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES, Log, model_table
from app.audit.archive.seals.leaves import LEAF_BYTES, unpack_leaves
from app.audit.archive.tree.merkle import leaf_hash
from app.core.clock import to_ticks
from tests.audit.archive.attacks.acts.target import Target

SEALS = model_table(AuditSeal)
NEWEST = select(func.max(SEALS.c.number)).scalar_subquery()
OWN_KEY = b"a key that the application does not have"
YEAR_9999 = to_ticks(datetime(9999, 12, 31, tzinfo=UTC))
NO_TIME = 2**63 - 1
Edit = Callable[[list[bytes]], list[bytes]]


def id_of(leaf: bytes) -> UUID:
    return UUID(bytes=leaf[8:24])


def redate(leaf: bytes, ticks: int) -> bytes:
    return ticks.to_bytes(8, "big") + leaf[8:]


def rename(leaf: bytes, other: bytes) -> bytes:
    """Return the leaf with the time and id of another one."""
    return other[:24] + leaf[24:]


def list_seals(target: Target) -> list[AuditSeal]:
    rows = target.read(select(SEALS).order_by(SEALS.c.number))
    return [AuditSeal(**row) for row in rows]


def change_seal(target: Target, seal: int, **values: object) -> None:
    target.execute(update(SEALS).where(SEALS.c.number == seal).values(values))


def edit_leaves(target: Target, edit: Edit, log: Log = CHANGES) -> None:
    """Rewrite the packed leaves of the first seal of a log."""
    seal = next(each for each in list_seals(target) if each.log == log.name)
    ends = range(0, len(seal.leaves), LEAF_BYTES)
    leaves = [seal.leaves[at : at + LEAF_BYTES] for at in ends]
    change_seal(target, seal.number, leaves=b"".join(edit(leaves)))


def change_roots(target: Target) -> None:
    target.execute(update(SEALS).values(root="0" * 64))


def replace_digest(target: Target, before: Row, after: Row) -> None:
    """Replace the hash of a row wherever it is a leaf."""
    old, new = leaf_hash(encode_row(before)), leaf_hash(encode_row(after))
    for seal in list_seals(target):
        if old in seal.leaves:
            change_seal(target, seal.number, leaves=seal.leaves.replace(old, new))


def sign(digest: str) -> dict[str, str]:
    """Sign a manifest with a key that the application does not have."""
    mac = hmac.digest(OWN_KEY, digest.encode(), sha256).hex()
    return {"kid": sha256(OWN_KEY).hexdigest()[:16], "signature": mac}


def delete_newest(target: Target) -> None:
    target.execute(delete(SEALS).where(SEALS.c.number == NEWEST))


def delete_seal(target: Target, number: int) -> None:
    target.execute(delete(SEALS).where(SEALS.c.number == number))


def delete_all(target: Target) -> None:
    target.execute(delete(SEALS))


def delete_runs(target: Target) -> None:
    """Delete the seals of the trees, as if the release had just been installed."""
    target.execute(delete(SEALS).where(SEALS.c.start.is_not(None)))


def repeat(target: Target, seal: AuditSeal) -> None:
    """Insert a copy of a seal as the newest one."""
    number = list_seals(target)[-1].number + 1
    target.execute(insert(SEALS).values(seal.model_dump() | {"number": number}))


def ids_of(seal: AuditSeal) -> list[UUID]:
    return [leaf.id for leaf in unpack_leaves(seal.leaves)]


def move_position(target: Target, number: int) -> None:
    """Change up to which transaction the change log counts as sealed."""
    newest = [each for each in list_seals(target) if each.log == CHANGES.name][-1]
    change_seal(target, newest.number, transaction_id=number)
