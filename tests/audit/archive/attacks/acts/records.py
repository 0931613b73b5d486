"""Attacks of a database administrator on the records of files and the identity."""

import gzip
import json
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app.audit.archive.logs import ACCESSES, CHANGES, model_table
from app.audit.archive.models import (
    AuditArchive,
    AuditIdentity,
    FileState,
    RestoredAccess,
    RestoredChange,
)
from app.core.clock import EPOCH, TICK
from app.core.db.ids import uuid7
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


def call_file_by_no_state(target: Target) -> None:
    first = update(FILES).where(OWN, FILES.c.day == FIRST)
    target.execute(first.values(state="gone"))


def redate_record(target: Target) -> None:
    """Date the records of all files back, as if only older changes were archived."""
    target.execute(update(FILES).where(OWN).values(last_at=EPOCH))


def change_count_of_record(target: Target) -> None:
    first = update(FILES).where(OWN, FILES.c.day == FIRST)
    target.execute(first.values(count=1))


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


def invent_restored_row(target: Target) -> None:
    """Insert a row between archived ones that was never in the log."""
    first = stored_files.read_rows(target)[0]
    forged = first | {"id": uuid7(), "at": first["at"] + TICK}
    target.execute(insert(model_table(RestoredChange)).values(forged))


def redate_restored_access(target: Target) -> None:
    """Insert a copy of an archived access at the time of no other row."""
    path = sorted(target.folder.glob(f"accesses/**/*.{stored_files.DATA}"))[0]
    line = gzip.decompress(path.read_bytes()).splitlines()[0]
    row = ACCESSES.parse_row(json.loads(line))
    forged = row | {"at": row["at"] + TICK}
    target.execute(insert(model_table(RestoredAccess)).values(forged))
