"""Attacks of a database administrator on the schema, with their reports."""

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts import events, schemas
from tests.audit.archive.attacks.attack import Attack

SCHEMA = FindingKind.SCHEMA_CHANGED
STOPPED = "the other commands stop with a sentence and exit code 4"

SCHEMA_ATTACKS = [
    Attack(
        "renames a column of the change log",
        schemas.rename_column_of_log,
        {SCHEMA: 1},
        note=STOPPED,
    ),
    Attack(
        "renames a column of the seals", schemas.rename_column_of_seals, {SCHEMA: 1}
    ),
    Attack(
        "renames a column of the files", schemas.rename_column_of_files, {SCHEMA: 1}
    ),
    Attack("drops the table of the tiles", schemas.drop_tiles, {SCHEMA: 1}),
    Attack("drops the table of restored rows", schemas.drop_restored, {SCHEMA: 1}),
    Attack(
        "deletes a row, and renames a column of the other log",
        schemas.delete_access_and_rename_column,
        {SCHEMA: 1, FindingKind.MISSING: 1},
    ),
    Attack(
        "puts a view in the place of the change log that shows another reason of a row",
        schemas.change_row_by_view,
        {SCHEMA: 1},
    ),
    Attack(
        "moves the accesses out of the log, by detaching partitions on PostgreSQL",
        schemas.move_accesses,
        {FindingKind.MISSING: 4},
    ),
    Attack(
        "creates a trigger that discards new seals, before the application seals a row",
        schemas.discard_seals,
        then=events.fail_to_seal,
        note="the sealing stops with a sentence, and `run` with exit code 4",
    ),
]
