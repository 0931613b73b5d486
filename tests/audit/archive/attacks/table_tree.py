"""Attacks of a database administrator on the trees, and what is reported."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, tree
from tests.audit.archive.attacks.attack import Attack, Base, Command

MODIFIED, MISSING, EXTRA = FindingKind.MODIFIED, FindingKind.MISSING, FindingKind.EXTRA
CHANGED, FORGED, LOST = (
    FindingKind.SEAL_CHANGED,
    FindingKind.SEAL_FORGED,
    FindingKind.SEAL_MISSING,
)
REPEATED = FindingKind.SEAL_REPEATED
TILE, KEY = FindingKind.TILE_CHANGED, FindingKind.KEY_CHANGED
RUN = Command.RUN
UNPROVEN = (Command.QUERY, RUN)

FORGERIES = [
    Attack(
        "changes a row and its leaf, and computes the tree again",
        tree.change_row_and_rebuild,
        {FORGED: 3, CHANGED: 4},
        {FORGED: 3, CHANGED: 3},
        UNPROVEN,
    ),
    Attack(
        "the same, with the text of each checkpoint under its former signature",
        tree.change_row_and_keep_signatures,
        {FORGED: 3, CHANGED: 4},
        {FORGED: 3, CHANGED: 3},
        UNPROVEN,
    ),
    Attack(
        "the same, and signs each checkpoint with another key",
        tree.change_row_and_sign,
        {FORGED: 4, CHANGED: 4},
        {FORGED: 4, CHANGED: 3},
        UNPROVEN,
    ),
    Attack(
        "the same, and records that key as the log's first one",
        tree.change_row_sign_and_replace_key,
        {FORGED: 4, CHANGED: 4, KEY: 1},
        {FORGED: 4, CHANGED: 3, KEY: 1},
        UNPROVEN,
    ),
    Attack(
        "the same in a tree with tiles, which are computed again",
        tree.change_row_and_sign,
        {FORGED: 2, CHANGED: 1},
        {FORGED: 2},
        base=Base.LARGE,
    ),
    Attack(
        "removes a leaf, and computes the tree again",
        tree.drop_leaf_and_rebuild,
        {FORGED: 2, CHANGED: 3, EXTRA: 1},
        None,
        UNPROVEN,
    ),
]
CHECKPOINTS = [
    Attack(
        "signs the newest checkpoint with another key",
        tree.sign_newest_checkpoint,
        {FORGED: 1},
    ),
    Attack(
        "puts the other log's checkpoint in the place of the newest one",
        tree.take_other_log_s_checkpoint,
        {FORGED: 1},
    ),
    Attack(
        "puts an older checkpoint in the place of the newest one",
        tree.take_older_checkpoint,
        {FORGED: 1},
    ),
    Attack("deletes a checkpoint", tree.delete_checkpoint, {FORGED: 1}),
    Attack(
        "signs the checkpoint of archived rows with another key",
        tree.sign_first_checkpoint,
        {FORGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "deletes the checkpoint of archived rows",
        tree.delete_first_checkpoint,
        {FORGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "changes the hash by which manifests name a seal",
        tree.change_hash,
        {CHANGED: 1},
    ),
]
PLACES = [
    Attack("removes the edge of a tree", tree.change_edge, {CHANGED: 1}, None, (RUN,)),
    Attack(
        "changes a row with its leaf and the edge, before the application seals a row",
        tree.change_newest_row_and_edge,
        {CHANGED: 2},
        {CHANGED: 1},
        then=events.change_and_seal,
    ),
    Attack(
        "gives a seal a number below 1",
        tree.lower_number,
        {CHANGED: 1, LOST: 3},
    ),
    Attack(
        "changes a row, and adds a seal with its new leaf before all others",
        tree.change_row_and_prepend_seal,
        {CHANGED: 1, MODIFIED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "removes the edge of a tree that has grown since",
        tree.change_first_edge,
        {CHANGED: 1},
        None,
        UNPROVEN,
    ),
    Attack(
        "puts the root in the place of the edge",
        tree.put_root_for_edge,
        {CHANGED: 1},
        None,
        (RUN,),
    ),
    Attack(
        "puts the root in the place of the edge of a tree that has grown since",
        tree.put_root_for_first_edge,
        {CHANGED: 1},
        None,
        UNPROVEN,
    ),
    Attack("changes the first index of a seal", tree.change_start, {LOST: 1}),
    Attack(
        "changes a row and its leaf, and the first index of its seal to 0",
        tree.change_row_and_start,
        {CHANGED: 1},
    ),
    Attack("changes the size of a tree", tree.change_size, {CHANGED: 1}),
    Attack(
        "gives a seal to the other log", tree.move_to_other_log, {LOST: 1, MISSING: 7}
    ),
    Attack("gives a seal to an unknown log", tree.move_to_unknown_log, {CHANGED: 1}),
    Attack("calls a seal one of a former release", tree.call_old, {CHANGED: 1}),
    Attack("raises the number of the newest seal", tree.rename_number, {LOST: 1}),
    Attack(
        "changes a row, and appends a seal with its new leaf in the first one's place",
        tree.change_row_and_append_seal,
        {CHANGED: 2, MODIFIED: 1},
        None,
        UNPROVEN,
        note="the application forks the tree where the copy ends",
        then=events.change_and_seal,
    ),
    Attack("repeats a seal", tree.repeat_seal, {REPEATED: 1}),
    Attack(
        "repeats a seal, before the application seals a row",
        tree.repeat_seal,
        {REPEATED: 1},
        then=events.change_and_seal,
    ),
    Attack("repeats the first seal", tree.repeat_first_seal, {REPEATED: 1}),
    Attack(
        "repeats the first seal, before the application seals a row",
        tree.repeat_first_seal,
        {REPEATED: 1, CHANGED: 1},
        note="the application forks the tree where the copy ends",
        then=events.change_and_seal,
    ),
    Attack(
        "repeats a seal with another first index",
        tree.repeat_seal_elsewhere,
        {CHANGED: 1},
    ),
]
TILES = [
    Attack(
        "changes the hashes of a tile",
        tree.change_tiles,
        {TILE: 1},
        base=Base.LARGE,
    ),
    Attack("deletes the tiles", tree.delete_tiles, {TILE: 1}, base=Base.LARGE),
    Attack("adds a tile", tree.add_tile, {TILE: 1}),
]
KEYS = [
    Attack("replaces the recorded key of a log", tree.replace_key, {KEY: 1}),
    Attack("deletes the recorded keys", tree.delete_keys, {KEY: 2}),
    Attack(
        "replaces the recorded key, before the application seals a row",
        tree.replace_key,
        {KEY: 1},
        then=events.change_and_seal,
    ),
    Attack(
        "deletes the recorded keys, before the application seals a row",
        tree.delete_keys,
        {KEY: 1},
        note="the application records its key again, for the log of the row",
        then=events.change_and_seal,
    ),
]
TREE_ATTACKS = [*FORGERIES, *CHECKPOINTS, *PLACES, *TILES, *KEYS]
