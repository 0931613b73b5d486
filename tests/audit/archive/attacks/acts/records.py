"""Attacks of a database administrator on the records of files and the identity."""

from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app.audit.archive.logs import CHANGES, model_table
from app.audit.archive.models import (
    AuditArchive,
    AuditIdentity,
    FileState,
    RestoredChange,
)
from tests.audit.archive.attacks.acts import files, stored_files
from tests.audit.archive.attacks.acts.target import Target

FILES = model_table(AuditArchive)
OWN = FILES.c.log == CHANGES.name
FIRST = select(func.min(FILES.c.day)).where(OWN).scalar_subquery()
LAST = select(func.max(FILES.c.day)).where(OWN).scalar_subquery()


def set_state(target: Target, state: FileState) -> None:
    first = update(FILES).where(OWN, FILES.c.day == FIRST)
    target.execute(first.values(state=state))


def call_file_unfinished(target: Target) -> None:
    set_state(target, FileState.WRITING)


def call_file_verified(target: Target) -> None:
    """Insert a changed copy of an archived row, as if it were not deleted yet."""
    forged = stored_files.read_rows(target)[0] | {"actor_label": "eve@example.com"}
    target.add(CHANGES, forged | {"transaction_id": None})
    set_state(target, FileState.VERIFIED)


def delete_record(target: Target) -> None:
    target.execute(delete(FILES).where(OWN, FILES.c.day == FIRST))


def delete_last_record(target: Target) -> None:
    target.execute(delete(FILES).where(OWN, FILES.c.day == LAST))


def delete_last_file_and_record(target: Target) -> None:
    """Remove all traces of the newest archived day but the seals."""
    files.delete_newest_file_set(target)
    delete_last_record(target)


def record_changed_manifest(target: Target) -> None:
    """Change a line and all hashes, also the recorded one; only the key is missing."""
    files.change_line_and_sign(target)
    path = stored_files.files(target, stored_files.MANIFEST)[0]
    digest = stored_files.hash_manifest(path)
    first = update(FILES).where(OWN, FILES.c.day == FIRST)
    target.execute(first.values(manifest=digest))


def change_identity(target: Target) -> None:
    target.execute(update(model_table(AuditIdentity)).values(id=UUID(int=1)))


def delete_identity(target: Target) -> None:
    target.execute(delete(model_table(AuditIdentity)))


def insert_restored_row(target: Target) -> None:
    """Insert a changed copy of an archived row into the table of restored rows."""
    forged = stored_files.read_rows(target)[0] | {"actor_label": "eve@example.com"}
    target.execute(insert(model_table(RestoredChange)).values(forged))
