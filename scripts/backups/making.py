"""The parts of a backup, in the order in which no row is between two of them.

1. The spool, whose rows are in the database afterwards, or in the copy, or in both.
2. The checkpoints: the copy of the database then has each of them, and they prove it.
3. The database.
4. The archive folder, which has what a run has deleted from the database.
"""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app import __version__
from app.audit.access.spool import spool_folder
from app.audit.archive.files.ownership import IDENTITY_FILE
from app.audit.archive.store.opened import open_store
from app.core.config import Settings
from app.core.startup.archive_location import parse_location
from scripts.backups.check import check_copy, settings_of_copy
from scripts.backups.databases import ARCHIVE, SEALS, SPOOL, find_database
from scripts.backups.exceptions import BackupException
from scripts.backups.files import (
    copy_file,
    copy_new_files,
    copy_spool,
    write_list,
    write_new,
)

NO_SEALS = (
    "The backup has no checkpoints: AUDIT_SEAL_FILE does not exist: {}. The "
    "application makes it with its first seal; if it has sealed, the file was removed."
)


async def make_backup(
    settings: Settings, target: Path, *, archive: bool, verified: bool
) -> None:
    """Write all parts into a new folder, verify them, and list them."""
    database = find_database(settings.DATABASE_URL)
    target.mkdir(mode=0o700)
    copy_spool(spool_folder(settings), target / SPOOL)
    seals = copy_seals(settings.AUDIT_SEAL_FILE, target / SEALS)
    database.dump(target / database.copy_name)
    copy_archive(settings, target / ARCHIVE, whole=archive)
    values = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "release": __version__,
        "database": database.copy_name,
        "verified": verified,
        "archive": "",
    }
    if verified:
        folder = str(target / ARCHIVE) if archive else settings.AUDIT_ARCHIVE_DIR
        with (
            database.opened(target / database.copy_name) as url,
            TemporaryDirectory() as empty,
        ):
            copy = settings_of_copy(settings, url)
            values["archive"] = await check_copy(copy, folder or empty, seals)
    write_list(target, values)


def copy_seals(source: str, target: Path) -> Path | None:
    copy = copy_optional(source, target)
    if source and copy is None:
        print(NO_SEALS.format(source), file=sys.stderr)
    return copy


def copy_optional(source: str, target: Path) -> Path | None:
    """Copy the file if there is one; return the copy."""
    if not source or not Path(source).exists():
        return None
    copy_file(Path(source), target)
    return target


def copy_archive(settings: Settings, target: Path, *, whole: bool) -> None:
    """Copy the identity of the archive, or the whole folder."""
    source = settings.AUDIT_ARCHIVE_DIR
    if parse_location(source):
        copy_identity(settings, target.parent / IDENTITY_FILE, whole=whole)
    elif whole:
        if not source or not Path(source).is_dir():
            raise BackupException("No archive folder: set AUDIT_ARCHIVE_DIR")
        target.mkdir(mode=0o700)
        copy_new_files(Path(source), target)
    elif source:
        copy_optional(str(Path(source) / IDENTITY_FILE), target.parent / IDENTITY_FILE)


def copy_identity(settings: Settings, target: Path, *, whole: bool) -> None:
    """Copy the identity from a bucket, which is not copied as a whole."""
    if whole:
        raise BackupException(
            f"--archive copies a folder, and {settings.AUDIT_ARCHIVE_DIR} is a bucket. "
            "Leave it out, and let the bucket keep versions or a replica"
        )
    with suppress(FileNotFoundError):
        store = open_store(settings.AUDIT_ARCHIVE_DIR, settings)
        write_new(target, store.read_file(IDENTITY_FILE))
