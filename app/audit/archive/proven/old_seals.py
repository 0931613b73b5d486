"""Comparison of a seal of a former release with its signature."""

from collections.abc import Sequence
from itertools import pairwise

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.seals.leaves import LEAF_BYTES, Leaf
from app.audit.archive.seals.old_seal import seal_hash
from app.audit.archive.seals.signing import Signature, Signer
from app.audit.archive.tree.merkle import merkle_root


def find_fault(
    seal: AuditSeal, leaves: Sequence[Leaf], signer: Signer
) -> SealFault | None:
    """Return why the leaves do not lead to the signature, or None."""
    if seal_hash(seal) != seal.hash:
        return SealFault("does not match its hash")
    if error := signer.find_error(seal.hash, Signature(seal.kid, seal.signature)):
        return SealFault(error, is_forged=True)
    if error := find_root_error(seal, leaves) or find_leaf_error(seal, leaves):
        return SealFault(error)
    return None


def find_root_error(seal: AuditSeal, leaves: Sequence[Leaf]) -> str | None:
    if merkle_root(each.digest for each in leaves) != seal.root:
        return "leaves do not match the root"
    return None


def find_leaf_error(seal: AuditSeal, leaves: Sequence[Leaf]) -> str | None:
    """Return why the leaves are not those that were sealed, or None.

    The root covers the hashes alone, the seal's own columns bound times and ids.
    """
    if len(seal.leaves) != seal.count * LEAF_BYTES:
        return "leaves do not match the count"
    keys = [each.key for each in leaves]
    if any(first >= second for first, second in pairwise(keys)):
        return "leaves are not in ascending order"
    bounds = (seal.first_at, seal.first_id), (seal.last_at, seal.last_id)
    if keys and (keys[0], keys[-1]) != bounds:
        return "leaves exceed the seal's bounds"
    return None
