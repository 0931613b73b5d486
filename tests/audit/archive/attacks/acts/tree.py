"""Attacks of a database administrator on the trees: runs, checkpoints, tiles, keys."""

from sqlalchemy import insert, update

from app.audit.archive.canonical import Row, encode_row
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import ACCESSES, CHANGES, Log
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.merkle import leaf_hash
from tests.audit.archive.attacks.acts import rows, stored_seals, stored_tree
from tests.audit.archive.attacks.acts.rows import products
from tests.audit.archive.attacks.acts.seals import change_row_and_leaf, drop_leaf
from tests.audit.archive.attacks.acts.stored_seals import change_seal, list_seals
from tests.audit.archive.attacks.acts.target import Target

change_tiles = stored_tree.change_tiles
delete_tiles = stored_tree.delete_tiles
add_tile = stored_tree.add_tile
replace_key = stored_tree.replace_key
delete_keys = stored_tree.delete_keys
remove_rotations = stored_tree.remove_rotations


def newest_of(target: Target, log: Log) -> AuditSeal:
    return [each for each in list_seals(target) if each.log == log.name][-1]


def change_row_and_rebuild(target: Target) -> None:
    """Change a row, its leaf and the tree; the checkpoints stay."""
    change_row_and_leaf(target)
    stored_tree.rebuild(target, stored_tree.keep_note)


def change_row_and_keep_signatures(target: Target) -> None:
    """Change a row, its leaf, the tree and the text of the checkpoints."""
    change_row_and_leaf(target)
    stored_tree.rebuild(target, stored_tree.keep_signature)


def change_row_and_sign(target: Target) -> None:
    """Change a row, its leaf and the tree; sign with a key of one's own."""
    change_row_and_leaf(target)
    stored_tree.rebuild(target, stored_tree.sign)


def change_row_sign_and_replace_key(target: Target) -> None:
    change_row_and_sign(target)
    replace_key(target)


def drop_leaf_and_rebuild(target: Target) -> None:
    drop_leaf(target)
    stored_tree.rebuild(target, stored_tree.keep_note)


def first_of(target: Target, log: Log) -> AuditSeal:
    return next(each for each in list_seals(target) if each.log == log.name)


def sign_checkpoint(target: Target, seal: AuditSeal) -> None:
    """Sign the checkpoint of a seal, as it is, with a key of one's own."""
    note = stored_tree.read_note(seal)
    checkpoint = Checkpoint.parse(note.text)
    forged = str(stored_tree.sign(checkpoint, note))
    change_seal(target, seal.number, note=forged)


def sign_newest_checkpoint(target: Target) -> None:
    sign_checkpoint(target, list_seals(target)[-1])


def sign_first_checkpoint(target: Target) -> None:
    sign_checkpoint(target, first_of(target, CHANGES))


def delete_first_checkpoint(target: Target) -> None:
    change_seal(target, first_of(target, CHANGES).number, note=None)


def change_first_edge(target: Target) -> None:
    change_seal(target, first_of(target, CHANGES).number, edge=b"")


def take_other_log_s_checkpoint(target: Target) -> None:
    other = newest_of(target, ACCESSES)
    change_seal(target, newest_of(target, CHANGES).number, note=other.note)


def take_older_checkpoint(target: Target) -> None:
    older = first_of(target, CHANGES).note
    change_seal(target, newest_of(target, CHANGES).number, note=older)


def delete_checkpoint(target: Target) -> None:
    change_seal(target, list_seals(target)[-1].number, note=None)


def change_hash(target: Target) -> None:
    """Change the hash by which manifests refer to a seal."""
    change_seal(target, 1, hash="0" * 64)


def change_edge(target: Target) -> None:
    change_seal(target, newest_of(target, CHANGES).number, edge=b"")


def change_start(target: Target) -> None:
    newest = newest_of(target, CHANGES)
    change_seal(target, newest.number, start=(newest.start or 0) + 1)


def change_row_and_start(target: Target) -> None:
    """Change a row and its leaf, in a seal that seems to overlap others."""
    before = customers(target)[0]
    change = update(CHANGES.live).where(CHANGES.live.c.id == before["id"])
    target.execute(change.values(reason="x"))
    stored_seals.replace_digest(target, before, customers(target)[0])
    change_seal(target, newest_of(target, CHANGES).number, start=0)


def customers(target: Target) -> list[Row]:
    """Return the live changes of a customer, which are in the newest seal."""
    return [row for row in target.rows(CHANGES) if row["entity"] == "Customer"]


def change_size(target: Target) -> None:
    newest = newest_of(target, CHANGES)
    change_seal(target, newest.number, size=(newest.size or 0) + 1)


def move_to_other_log(target: Target) -> None:
    change_seal(target, newest_of(target, CHANGES).number, log=ACCESSES.name.value)


def move_to_unknown_log(target: Target) -> None:
    change_seal(target, newest_of(target, CHANGES).number, log="other")


def call_old(target: Target) -> None:
    """Present a run of the tree as a seal of a former release."""
    values = {"start": None, "size": None, "note": None, "edge": None}
    change_seal(target, newest_of(target, CHANGES).number, **values)


def rename_number(target: Target) -> None:
    """Give the newest seal a later number, as if one were missing before it."""
    number = list_seals(target)[-1].number
    change_seal(target, number, number=number + 1)


def repeat_seal(target: Target) -> None:
    stored_seals.repeat(target, newest_of(target, CHANGES))


def repeat_first_seal(target: Target) -> None:
    stored_seals.repeat(target, first_of(target, CHANGES))


def repeat_seal_elsewhere(target: Target) -> None:
    repeat_seal(target)
    newest = newest_of(target, CHANGES)
    change_seal(target, newest.number, start=(newest.start or 0) - 1)


def lower_number(target: Target) -> None:
    change_seal(target, first_of(target, CHANGES).number, number=-1)


def change_row_and_copy_seal(target: Target, number: int) -> None:
    """Change a row, and add a copy of its seal that has the new leaf."""
    seal = first_of(target, CHANGES)
    before = products(target)[0]
    rows.change_reason(target)
    old, new = (leaf_hash(encode_row(row)) for row in (before, products(target)[0]))
    copy = {"number": number, "leaves": seal.leaves.replace(old, new)}
    target.execute(insert(stored_seals.SEALS).values(seal.model_dump() | copy))


def change_row_and_prepend_seal(target: Target) -> None:
    change_row_and_copy_seal(target, -1)


def change_row_and_append_seal(target: Target) -> None:
    change_row_and_copy_seal(target, list_seals(target)[-1].number + 1)


def change_newest_row_and_edge(target: Target) -> None:
    """Let the application continue and sign a tree that has a changed leaf."""
    before = customers(target)[-1]
    change = update(CHANGES.live).where(CHANGES.live.c.id == before["id"])
    target.execute(change.values(reason="x"))
    stored_seals.replace_digest(target, before, customers(target)[-1])
    stored_tree.rebuild_edges(target)


def put_root_for_edge(target: Target) -> None:
    newest = newest_of(target, CHANGES)
    change_seal(target, newest.number, edge=bytes.fromhex(newest.root))


def put_root_for_first_edge(target: Target) -> None:
    first = first_of(target, CHANGES)
    change_seal(target, first.number, edge=bytes.fromhex(first.root))
