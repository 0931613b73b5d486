"""Attacks of a database administrator on seals, and what is reported."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, seals
from tests.audit.archive.attacks.attack import Attack, Base, Command

MISSING, EXTRA = FindingKind.MISSING, FindingKind.EXTRA
CHANGED, FORGED, LOST = (
    FindingKind.SEAL_CHANGED,
    FindingKind.SEAL_FORGED,
    FindingKind.SEAL_MISSING,
)
QUERY = (Command.QUERY,)
MOVED = {CHANGED: 1, MISSING: 1}
POSITION = "the position is not part of what is sealed"

LEAVES = [
    Attack(
        "dates a leaf to the year 9999, and deletes its row through `audit_pruning`",
        seals.redate_leaf_to_9999,
        MOVED,
    ),
    Attack("the same for an access", seals.redate_leaf_of_access, MOVED),
    Attack(
        "the same, beyond any calendar",
        seals.redate_leaf_beyond_calendar,
        MOVED,
    ),
    Attack(
        "moves an access's leaf away, and inserts the access with another user",
        seals.replace_access,
        MOVED,
    ),
    Attack(
        "gives a leaf its neighbour's id, and deletes its row",
        seals.give_leaf_its_neighbours_id,
        MOVED,
        None,
        (Command.RUN,),
    ),
    Attack("swaps two leaves", seals.swap_leaves, {CHANGED: 1}),
    Attack("repeats a leaf", seals.repeat_leaf, MOVED),
    Attack("removes a leaf", seals.drop_leaf, {CHANGED: 1, EXTRA: 1}),
    Attack(
        "removes a leaf, and recomputes the root",
        seals.drop_leaf_and_recompute,
        {CHANGED: 1, EXTRA: 1},
    ),
    Attack("appends a byte to the leaves", seals.append_byte, {CHANGED: 1}),
    Attack(
        "removes all leaves but one byte",
        seals.leave_one_byte,
        {CHANGED: 1, EXTRA: 24},
        None,
        QUERY,
    ),
    Attack("changes a row and its leaf", seals.change_row_and_leaf, {CHANGED: 1}),
    Attack(
        "changes a row and its leaf, and recomputes the root",
        seals.change_row_leaf_and_root,
        {CHANGED: 1},
    ),
]
CHAIN = [
    Attack(
        "changes a row, and computes all seals again with another key",
        seals.forge_chain,
        {FORGED: 2, CHANGED: 2},
        {FORGED: 2},
        base=Base.LIVE,
    ),
    Attack("changes a seal's count", seals.change_count, {CHANGED: 1}),
    Attack(
        "signs the newest seal with another key", seals.sign_newest_seal, {FORGED: 1}
    ),
    # It covers 24 rows, which are unsealed now.
    Attack(
        "deletes one seal",
        seals.delete_first_seal,
        {LOST: 1, EXTRA: 24},
        None,
        QUERY,
    ),
    Attack("deletes the newest seal", seals.delete_newest_seal, {LOST: 1}, {}),
    Attack(
        "deletes the newest seal, before the application seals its rows again",
        seals.delete_newest_seal,
        {CHANGED: 1},
        {},
        then=events.seal,
    ),
    Attack(
        "deletes the newest seal with all of its rows",
        seals.delete_newest_and_its_rows,
        {LOST: 1},
        {},
        inconsistent="the change log has no entry for it",
    ),
    # Manifests are witnesses, too; archived rows are not sealed again.
    Attack(
        "deletes all seals, when rows are archived",
        seals.delete_all_seals,
        {LOST: 3, EXTRA: 30},
        {LOST: 2, EXTRA: 30},
        QUERY,
    ),
    Attack(
        "deletes all seals, when no row is archived",
        seals.delete_all_seals,
        {LOST: 2},
        {},
        base=Base.LIVE,
    ),
    Attack(
        "deletes all seals and changes a row, which the application seals again",
        seals.delete_seals_and_change_row,
        {CHANGED: 2},
        {},
        base=Base.LIVE,
        then=events.seal,
    ),
]
ORDER = [
    Attack(
        "moves the position of sealing back",
        seals.move_position_back,
        note=POSITION,
    ),
    Attack(
        "moves the position of sealing ahead",
        seals.move_position_ahead,
        note=POSITION,
    ),
]
SEAL_ATTACKS = [*LEAVES, *CHAIN, *ORDER]
