"""Attacks of a database administrator on the schema of the log and its archive."""

from tests.audit.archive.attacks.acts import rows
from tests.audit.archive.attacks.acts.target import Target

RENAME = "ALTER TABLE {} RENAME COLUMN {} TO other"


def rename_column_of_log(target: Target) -> None:
    target.define(RENAME.format("audit_change", "request_id"))


def rename_column_of_seals(target: Target) -> None:
    target.define(RENAME.format("audit_seal", "root"))


def rename_column_of_files(target: Target) -> None:
    target.define(RENAME.format("audit_archive", "size"))


def drop_tiles(target: Target) -> None:
    target.define("DROP TABLE audit_tile")


def drop_restored(target: Target) -> None:
    target.define("DROP TABLE audit_change_restored")


def delete_access_and_rename_column(target: Target) -> None:
    rows.delete_access(target)
    rename_column_of_log(target)
