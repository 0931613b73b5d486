"""Attacks of a database administrator on the records of files, with their reports."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, records
from tests.audit.archive.attacks.attack import Attack, Command
from tests.audit.archive.attacks.table_files import (
    ALL,
    EXTRA,
    FORGED,
    IDENTITY_CHANGED,
    MANIFEST_CHANGED,
    MISSING,
    MODIFIED,
    PLANTED,
    READ,
)

FOREIGN = {
    IDENTITY_CHANGED: 1,
    MANIFEST_CHANGED: 6,
    FindingKind.SEAL_FORGED: 7,
    FindingKind.KEY_CHANGED: 2,
}
UNKNOWN = {PLANTED: 1, MISSING: 6}

RECORD_ATTACKS = [
    Attack(
        "calls a pruned file unfinished",
        records.call_file_unfinished,
        {MANIFEST_CHANGED: 1, MISSING: 6},
        None,
        (Command.RUN,),
    ),
    Attack(
        "calls a pruned file verified, and inserts a changed row of it",
        records.call_file_verified,
        {MODIFIED: 1},
        None,
        (Command.RUN,),
    ),
    Attack(
        "gives a file a state that there is not",
        records.call_file_by_no_state,
        {MANIFEST_CHANGED: 1},
        None,
        (Command.RUN,),
    ),
    Attack(
        "re-dates the records of all files, so that their changes seem to be live",
        records.redate_record,
        {MANIFEST_CHANGED: 3},
        None,
        (Command.RUN,),
    ),
    Attack(
        "changes the count of a file's record",
        records.change_count_of_record,
        {MANIFEST_CHANGED: 1},
        None,
        (Command.RUN,),
    ),
    Attack(
        "deletes the record of a file",
        records.delete_record,
        UNKNOWN | {MANIFEST_CHANGED: 1},
        None,
        ALL,
    ),
    Attack(
        "deletes the record of the newest file",
        records.delete_last_record,
        UNKNOWN,
        None,
        ALL,
    ),
    Attack(
        "deletes the newest file and its record",
        records.delete_last_file_and_record,
        {MISSING: 6},
    ),
    Attack(
        "changes an archived line, all hashes, and the recorded one",
        records.record_changed_manifest,
        {FORGED: 1, MANIFEST_CHANGED: 1, MODIFIED: 1},
        None,
        READ,
    ),
    Attack(
        "inserts a changed row into the table of restored rows",
        records.insert_restored_row,
        {MODIFIED: 1},
        None,
        (Command.QUERY,),
    ),
    Attack(
        "inserts an invented row into the table of restored rows",
        records.invent_restored_row,
        {EXTRA: 1},
        None,
        (Command.QUERY,),
    ),
    Attack(
        "inserts a re-dated row into the table of restored accesses",
        records.redate_restored_access,
        {MODIFIED: 1},
    ),
    Attack(
        "inserts a changed row into the table of restored rows, before a restore",
        records.insert_restored_row,
        then=events.restore,
        note="the restore replaces the row",
    ),
    Attack(
        "inserts an invented row into the table of restored rows, before a restore",
        records.invent_restored_row,
        then=events.restore,
        note="the restore deletes the row",
    ),
    Attack(
        "inserts a re-dated row into the table of restored accesses, before a restore",
        records.redate_restored_access,
        then=events.restore,
        note="the restore replaces the row",
    ),
    Attack("changes the archive's id", records.change_identity, FOREIGN, None, ALL),
    Attack("deletes the archive's id", records.delete_identity, FOREIGN, None, ALL),
]
