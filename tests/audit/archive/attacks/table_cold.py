"""Attacks on seals whose leaves are in files only, and what is reported."""

from dataclasses import replace

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import cold, events, files, records
from tests.audit.archive.attacks.attack import Act, Attack, Base, Command, Findings
from tests.audit.archive.attacks.table_files import PLANTED, READ, storage

MODIFIED, EXTRA = FindingKind.MODIFIED, FindingKind.EXTRA
CHANGED, LEAVES = FindingKind.SEAL_CHANGED, FindingKind.LEAVES_MISSING
FILE_CHANGED, FILE_LOST = FindingKind.FILE_CHANGED, FindingKind.FILE_MISSING
MANIFEST_CHANGED, FORGED = FindingKind.MANIFEST_CHANGED, FindingKind.MANIFEST_FORGED
REPEATED, SEAL_FORGED = FindingKind.SEAL_REPEATED, FindingKind.SEAL_FORGED
QUERY, RUN = (Command.QUERY,), (Command.RUN,)


def on_seal(
    sentence: str, act: Act, found: Findings, refused: tuple[Command, ...] = ()
) -> Attack:
    return Attack(sentence, act, found, None, refused, base=Base.COLD)


def on_files(
    sentence: str, act: Act, found: Findings, refused: tuple[Command, ...] = READ
) -> Attack:
    return replace(storage(sentence, act, found, refused), base=Base.COLD)


SEALS = [
    Attack(
        "empties the leaves of a seal whose rows are live",
        cold.empty_first_leaves,
        {LEAVES: 1, EXTRA: 28},
        None,
        RUN,
        base=Base.LIVE,
    ),
    Attack(
        "changes a row, and empties the leaves of its seal",
        cold.change_row_and_empty_leaves,
        {LEAVES: 1, EXTRA: 28},
        None,
        RUN,
        base=Base.LIVE,
    ),
    Attack(
        "the same, and moves the position back, before the application seals",
        cold.empty_leaves_and_move_position_back,
        {LEAVES: 1},
        None,
        RUN,
        base=Base.LIVE,
        then=events.seal,
    ),
    Attack(
        "adds a copy of a seal without its leaves",
        cold.repeat_seal_without_leaves,
        {REPEATED: 1},
        None,
        RUN,
        base=Base.LIVE,
    ),
    Attack(
        "empties the leaves of a seal whose rows are archived in part",
        cold.empty_first_leaves,
        {LEAVES: 1, EXTRA: 6},
        None,
        RUN,
    ),
    on_seal(
        "empties the leaves of all seals",
        cold.empty_all_leaves,
        {LEAVES: 3, EXTRA: 107},
    ),
    on_seal(
        "writes leaves with another content into an emptied seal",
        cold.fill_leaves_again,
        {CHANGED: 1, MODIFIED: 1},
    ),
    on_seal(
        "changes the root of an emptied seal",
        cold.change_root_of_emptied_seal,
        {CHANGED: 1},
        QUERY,
    ),
    on_seal(
        "puts the root in the place of the edge of an emptied seal",
        cold.put_root_for_edge_of_emptied_seal,
        {CHANGED: 1},
        QUERY,
    ),
    on_seal(
        "signs the checkpoint of an emptied seal with another key",
        cold.sign_emptied_seal,
        {SEAL_FORGED: 1},
        QUERY,
    ),
    on_seal(
        "changes a line whose leaf is emptied, all hashes, and the recorded one",
        records.record_changed_manifest,
        {FORGED: 1, MANIFEST_CHANGED: 1, CHANGED: 1},
        (Command.QUERY, Command.RESTORE),
    ),
    on_seal("adds a copy of an emptied seal", cold.repeat_emptied_seal, {REPEATED: 1}),
    on_seal(
        "inserts a changed copy of such a row into the table of restored rows",
        cold.change_restored_row_of_emptied_seal,
        {MODIFIED: 1},
        QUERY,
    ),
    on_seal(
        "inserts an invented row there, at the time of an emptied seal",
        cold.invent_restored_row_of_emptied_seal,
        {EXTRA: 1},
        QUERY,
    ),
    on_seal(
        "inserts a changed copy of a row whose leaf is emptied",
        cold.insert_row_of_emptied_seal,
        {MODIFIED: 1},
    ),
    on_seal(
        "calls a pruned file verified whose leaves are emptied",
        cold.call_emptied_file_verified,
        {LEAVES: 1, EXTRA: 100},
    ),
    on_seal(
        "deletes the record of a file whose leaves are emptied",
        cold.delete_record_of_emptied_file,
        {PLANTED: 1, MANIFEST_CHANGED: 1, LEAVES: 1},
        QUERY,
    ),
]
FILES = [
    on_files(
        "swaps hashes of neighbouring leaves in a manifest",
        cold.swap_neighbours,
        {MANIFEST_CHANGED: 1},
    ),
    on_files(
        "the same, signed with another key",
        cold.swap_neighbours_and_sign,
        {FORGED: 1},
    ),
    on_files(
        "gives a manifest the indexes of another file",
        cold.take_runs_of_other_file,
        {MANIFEST_CHANGED: 1, LEAVES: 1, EXTRA: 100},
    ),
    on_files(
        "writes indexes into a manifest that are no numbers",
        cold.write_runs_that_are_none,
        {MANIFEST_CHANGED: 1, LEAVES: 1},
    ),
    on_files(
        "gives a manifest the indexes of a whole tree",
        cold.write_runs_of_whole_tree,
        {MANIFEST_CHANGED: 1},
    ),
    on_files(
        "removes the indexes from a manifest",
        cold.remove_runs,
        {MANIFEST_CHANGED: 1, LEAVES: 1, EXTRA: 100},
    ),
    on_files(
        "changes a line whose leaf is emptied",
        files.change_archived_line,
        {FILE_CHANGED: 1, CHANGED: 1},
    ),
    on_files(
        "the same, and recomputes all hashes, without a signature",
        files.change_line_and_hashes,
        {FORGED: 1, CHANGED: 1},
    ),
    on_files(
        "deletes a file whose leaves are emptied",
        files.delete_file,
        {FILE_LOST: 1, LEAVES: 1},
    ),
]
COLD_ATTACKS = [*SEALS, *FILES]
