"""Attacks on seals whose leaves are, or seem to be, in files only."""

import json

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import FileState
from app.audit.archive.seals.leaves import make_leaves, pack_leaves
from app.audit.archive.tree.checkpoints import Checkpoint
from tests.audit.archive.attacks.acts import (
    records,
    rows,
    seals,
    stored_files,
    stored_seals,
    stored_tree,
    tree,
)
from tests.audit.archive.attacks.acts.stored_files import MANIFEST, edit_manifest
from tests.audit.archive.attacks.acts.stored_seals import change_seal, list_seals
from tests.audit.archive.attacks.acts.target import Target

HASH_CHARACTERS = 128 // 3 + 1  # at least those of one hash in base64


def first_seal(target: Target) -> AuditSeal:
    return next(each for each in list_seals(target) if each.log == CHANGES.name)


def empty_first_leaves(target: Target) -> None:
    change_seal(target, first_seal(target).number, leaves=b"")


def change_row_and_empty_leaves(target: Target) -> None:
    rows.change_reason(target)
    empty_first_leaves(target)


def empty_leaves_and_move_position_back(target: Target) -> None:
    """Change a row, and let it be sealed again as if it had no leaf."""
    seals.change_row_and_move_position_back(target)
    empty_first_leaves(target)


def repeat_emptied_seal(target: Target) -> None:
    stored_seals.repeat(target, first_seal(target))


def repeat_seal_without_leaves(target: Target) -> None:
    stored_seals.repeat(target, first_seal(target))
    change_seal(target, list_seals(target)[-1].number, leaves=b"")


def empty_all_leaves(target: Target) -> None:
    for seal in list_seals(target):
        change_seal(target, seal.number, leaves=b"")


def fill_leaves_again(target: Target) -> None:
    """Write leaves into an emptied seal, one of them with another content."""
    found = stored_files.read_rows(target)
    changed = [found[0] | {"actor_label": "eve@example.com"}, *found[1:]]
    leaves = pack_leaves(make_leaves(changed))
    change_seal(target, first_seal(target).number, leaves=leaves)


def change_root_of_emptied_seal(target: Target) -> None:
    change_seal(target, first_seal(target).number, root="0" * 64)


def put_root_for_edge_of_emptied_seal(target: Target) -> None:
    tree.put_root_for_first_edge(target)


def sign_emptied_seal(target: Target) -> None:
    """Sign the checkpoint of an emptied seal with a key of one's own."""
    seal = first_seal(target)
    note = stored_tree.read_note(seal)
    signed = stored_tree.sign(Checkpoint.parse(note.text), note)
    change_seal(target, seal.number, note=str(signed))


def change_restored_row_of_emptied_seal(target: Target) -> None:
    records.insert_restored_row(target)


def invent_restored_row_of_emptied_seal(target: Target) -> None:
    records.invent_restored_row(target)


def insert_row_of_emptied_seal(target: Target) -> None:
    """Insert a changed copy of an archived row whose leaf is emptied."""
    forged = stored_files.read_rows(target)[0] | {"actor_label": "eve@example.com"}
    target.add(CHANGES, forged | {"transaction_id": 0})


def call_emptied_file_verified(target: Target) -> None:
    records.set_state(target, FileState.VERIFIED)


def delete_record_of_emptied_file(target: Target) -> None:
    records.delete_record(target)


def leaves_of(target: Target, which: int = 0) -> dict[str, str]:
    path = stored_files.files(target, MANIFEST)[which]
    found: dict[str, str] = json.loads(path.read_text())["leaves"]
    return found


def swap_neighbours(target: Target) -> None:
    """Exchange the first bytes of a manifest's neighbours with those that follow."""
    leaves = leaves_of(target)
    size = HASH_CHARACTERS + -HASH_CHARACTERS % 4
    first, second = leaves["neighbours"][:size], leaves["neighbours"][size : 2 * size]
    rest = leaves["neighbours"][2 * size :]
    edit_manifest(target, leaves=leaves | {"neighbours": second + first + rest})


def swap_neighbours_and_sign(target: Target) -> None:
    swap_neighbours(target)
    path = stored_files.files(target, MANIFEST)[0]
    digest = stored_files.hash_manifest(path)
    edit_manifest(target, hash=digest, **stored_seals.sign(digest))


def take_runs_of_other_file(target: Target) -> None:
    edit_manifest(target, leaves=leaves_of(target, 1))


def write_runs_that_are_none(target: Target) -> None:
    edit_manifest(target, leaves={"runs": "0+x", "neighbours": ""})


def write_runs_of_whole_tree(target: Target) -> None:
    """Claim more leaves than there are rows."""
    edit_manifest(target, leaves={"runs": "0+999999999", "neighbours": ""})


def remove_runs(target: Target) -> None:
    edit_manifest(target, leaves=None)
