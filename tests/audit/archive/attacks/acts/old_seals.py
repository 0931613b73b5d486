"""Attacks of a database administrator on the seals of a former release."""

from typing import Any

from app.audit.archive.canonical import encode_row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES
from app.audit.archive.seals.leaves import unpack_leaves
from app.audit.archive.seals.old_seal import seal_hash
from app.audit.archive.tree.merkle import leaf_hash, merkle_root
from tests.audit.archive.attacks.acts import rows, stored_seals
from tests.audit.archive.attacks.acts.rows import products
from tests.audit.archive.attacks.acts.seals import change_row_and_leaf
from tests.audit.archive.attacks.acts.stored_seals import change_seal, list_seals
from tests.audit.archive.attacks.acts.target import Target


def change_count(target: Target) -> None:
    change_seal(target, 1, count=0)


def change_signature(target: Target) -> None:
    """Sign a seal with a key of one's own."""
    seal = list_seals(target)[0]
    change_seal(target, seal.number, **stored_seals.sign(seal.hash))


def forge_chain(target: Target) -> None:
    """Change a row, and compute each old seal again, with a key of one's own."""
    change_row_and_leaf(target)
    previous = "0" * 64
    for seal in list_seals(target):
        if seal.start is None:
            values = compute(seal, previous)
            change_seal(target, seal.number, **values)
            previous = values["hash"]


def compute(seal: AuditSeal, previous: str) -> dict[str, Any]:
    """Return the columns of an old seal that depend on its leaves and its place."""
    seal.root = merkle_root(each.digest for each in unpack_leaves(seal.leaves))
    seal.previous = previous
    digest = seal_hash(seal)
    linked = {"root": seal.root, "previous": previous, "hash": digest}
    return linked | stored_seals.sign(digest)


def delete_first_seal(target: Target) -> None:
    stored_seals.delete_seal(target, 1)


def delete_old_seals(target: Target) -> None:
    for seal in list_seals(target):
        if seal.start is None and seal.log == CHANGES.name:
            stored_seals.delete_seal(target, seal.number)


def delete_tree(target: Target) -> None:
    """Delete the trees and keep the old seals, as if the upgrade had just been done."""
    stored_seals.delete_runs(target)


def change_row_and_leaves(target: Target, *, of_tree: bool) -> None:
    """Change a row and its leaf in one of the two seals that have it."""
    before = products(target)[0]
    rows.change_reason(target)
    old, new = (leaf_hash(encode_row(row)) for row in (before, products(target)[0]))
    for seal in list_seals(target):
        if old in seal.leaves and of_tree == (seal.start is not None):
            change_seal(target, seal.number, leaves=seal.leaves.replace(old, new))


def change_row_and_new_leaf(target: Target) -> None:
    change_row_and_leaves(target, of_tree=True)


def change_row_and_old_leaf(target: Target) -> None:
    change_row_and_leaves(target, of_tree=False)


def repeat_seal(target: Target) -> None:
    stored_seals.repeat(target, list_seals(target)[0])
