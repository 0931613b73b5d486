"""Manipulations of the logs and their files, for tests that need one of them.

All that is reported of manipulations is in the table of attacks.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from sqlalchemy import Executable, delete

from app.audit.archive.logs import CHANGES
from tests.audit.archive.attacks.acts import files as folder
from tests.audit.archive.attacks.acts import (
    inserts,
    records,
    rows,
    seals,
    stored_files,
    tree,
)
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import AuditLog

Tamper = Callable[[AuditLog], None]
ROWS = CHANGES.live
FILES = records.FILES
swap = stored_files.swap


def target_of(audit_log: AuditLog) -> Target:
    return Target(audit_log.settings.DATABASE_URL, audit_log.directory)


def on_log(act: Callable[[Target], None]) -> Tamper:
    """Return an attack as a function of the logs."""

    @wraps(act)
    def tamper(audit_log: AuditLog) -> None:
        act(target_of(audit_log))

    return tamper


def execute(audit_log: AuditLog, *queries: Executable) -> None:
    """Execute statements with the triggers disabled."""
    target_of(audit_log).execute(*queries)


def clear_changes(audit_log: AuditLog) -> AuditLog:
    """Delete the changes that the creation of the test users has logged."""
    execute(audit_log, delete(ROWS))
    return audit_log


def files(audit_log: AuditLog, ending: str = stored_files.DATA) -> list[Path]:
    return stored_files.files(target_of(audit_log), ending)


def find_file_set(audit_log: AuditLog, which: int) -> list[Path]:
    """Return the paths of a file, its index and its manifest."""
    return stored_files.file_set(target_of(audit_log), which)


def replace_lines(audit_log: AuditLog, content: bytes) -> None:
    stored_files.write_content(target_of(audit_log), content)


change_a_row = on_log(rows.change_reason)
delete_a_row = on_log(rows.delete_row)
insert_a_row = on_log(inserts.insert_row)
add_an_access = on_log(inserts.insert_access_without_number)
change_a_file = on_log(folder.change_archived_line)
truncate_a_file = on_log(folder.truncate_file)
make_file_a_directory = on_log(folder.make_file_directory)
change_a_manifest = on_log(folder.change_manifest)
sign_a_manifest_again = on_log(folder.sign_manifest)
make_manifest_a_list = on_log(folder.make_manifest_list)
make_manifest_a_directory = on_log(folder.make_manifest_directory)
drop_the_last_seals = on_log(seals.delete_newest_seal)
drop_all_seals = on_log(seals.delete_all_seals)
drop_all_runs = on_log(seals.delete_all_runs)
change_a_seal = on_log(seals.change_count)
change_the_roots = on_log(seals.change_roots)
change_a_tile_s_hashes = on_log(tree.change_tiles)
replace_a_key = on_log(tree.replace_key)
remove_the_rotation = on_log(tree.remove_rotations)
