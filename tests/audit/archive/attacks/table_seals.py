"""Attacks of a database administrator on seals, and what is reported."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, seals
from tests.audit.archive.attacks.attack import Attack, Base, Command

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
CHANGED, LOST = FindingKind.SEAL_CHANGED, FindingKind.SEAL_MISSING
REPEATED = FindingKind.SEAL_REPEATED
QUERY = (Command.QUERY,)
UNPROVEN = (Command.QUERY, Command.RUN)
MOVED = {CHANGED: 1, MISSING: 1}
POSITION = "the position is not part of what is sealed"

# The first seal, whose rows are archived or about to be.
LEAVES = [
    Attack(
        "dates a leaf to the year 9999, and deletes its row through `audit_pruning`",
        seals.redate_leaf_to_9999,
        MOVED,
        None,
        UNPROVEN,
    ),
    Attack("the same for an access", seals.redate_leaf_of_access, MOVED),
    Attack(
        "the same, beyond any calendar",
        seals.redate_leaf_beyond_calendar,
        MOVED,
        None,
        UNPROVEN,
    ),
    Attack(
        "dates all leaves to the year 9999, and deletes all rows",
        seals.redate_all_leaves,
        {CHANGED: 1, MISSING: 28},
        base=Base.LIVE,
        inconsistent="the record exists, and the change log has no entry for it",
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
        UNPROVEN,
    ),
    Attack("swaps two leaves", seals.swap_leaves, {CHANGED: 1}, None, UNPROVEN),
    Attack("repeats a leaf", seals.repeat_leaf, {CHANGED: 1}, None, UNPROVEN),
    Attack("removes a leaf", seals.drop_leaf, {CHANGED: 1, EXTRA: 1}, None, UNPROVEN),
    Attack(
        "appends a byte to the leaves", seals.append_byte, {CHANGED: 1}, None, UNPROVEN
    ),
    Attack(
        "removes all leaves but one byte",
        seals.leave_one_byte,
        {CHANGED: 1, EXTRA: 24},
        None,
        UNPROVEN,
    ),
    Attack(
        "changes a leaf",
        seals.change_leaf,
        {CHANGED: 1, MODIFIED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "changes a row and its leaf",
        seals.change_row_and_leaf,
        {CHANGED: 1},
        None,
        UNPROVEN,
        note="the finding names the rows that may be changed",
    ),
    Attack(
        "changes a row and its leaf, which has a hash of its own in the signed root",
        seals.change_single_row_and_leaf,
        {CHANGED: 1, MODIFIED: 1},
    ),
]
CHAIN = [
    Attack("changes a seal's count", seals.change_count, {CHANGED: 1}, None, UNPROVEN),
    Attack(
        "changes the roots of all seals",
        seals.change_roots,
        {CHANGED: 4},
        None,
        UNPROVEN,
    ),
    Attack(
        "deletes all seals of the trees, as if there were none yet",
        seals.delete_all_runs,
        {LOST: 5, EXTRA: 30},
        {LOST: 3, EXTRA: 30},
        QUERY,
    ),
    # It covers 24 rows, which are unsealed now.
    Attack(
        "deletes one seal",
        seals.delete_first_seal,
        {LOST: 3, EXTRA: 24},
        None,
        QUERY,
    ),
    Attack("deletes the newest seal", seals.delete_newest_seal, {LOST: 1}, {}),
    Attack(
        "deletes the newest seal, before the application seals its rows again",
        seals.delete_newest_seal,
        then=events.seal,
        note="the same rows give the same tree",
    ),
    Attack(
        "the same, before the application seals them together with a later row",
        seals.delete_newest_seal,
        then=events.change_and_seal,
        note="the tree begins with the one that was exported",
    ),
    Attack(
        "deletes the newest seal with all of its rows",
        seals.delete_newest_and_its_rows,
        {LOST: 1},
        {},
        inconsistent="the change log has no entry for it",
    ),
    # Manifests are evidence, too; archived rows are not sealed again.
    Attack(
        "deletes all seals, when rows are archived",
        seals.delete_all_seals,
        {LOST: 5, EXTRA: 30},
        {LOST: 3, EXTRA: 30},
        QUERY,
    ),
    Attack(
        "the same, and marks the files as adopted, so that their manifests do not tell",
        seals.delete_seals_and_mark_adopted,
        {LOST: 5, EXTRA: 30, FindingKind.MANIFEST_FORGED: 6},
        {LOST: 3, EXTRA: 30, FindingKind.MANIFEST_FORGED: 6},
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
        {CHANGED: 1},
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
        "moves the position of sealing back, before the application seals",
        seals.move_position_back,
        {REPEATED: 1},
        base=Base.LARGE,
        then=events.seal,
    ),
    Attack(
        "changes a row and moves the position back, before the application seals",
        seals.change_row_and_move_position_back,
        {REPEATED: 1, MODIFIED: 1},
        base=Base.LARGE,
        then=events.seal,
    ),
    Attack(
        "moves the position of sealing ahead",
        seals.move_position_ahead,
        note=POSITION,
    ),
]
SEAL_ATTACKS = [*LEAVES, *CHAIN, *ORDER]
