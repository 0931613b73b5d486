"""The restore of a backup, which overwrites nothing, and what is left to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app import __version__
from app.audit.access.spool import spool_folder
from app.core.config import Settings
from app.core.startup.archive_location import parse_location
from scripts.backups.databases import ARCHIVE, SEALS, SPOOL, find_database
from scripts.backups.erasures import reapply_erasures
from scripts.backups.exceptions import BackupException
from scripts.backups.files import (
    BackupList,
    copy_file,
    copy_new_files,
    has_others,
    list_files,
    read_list,
)

UPGRADE = "alembic upgrade head"
NEW_SEALS = """\
{file} may have checkpoints that the restored database lacks. Keep it as
   evidence, and begin a new one:
       mv {file} {file}.lost
       python scripts/archive_audit.py checkpoint > {file}"""
LOAD = """\
Start the application for a moment, and stop it: it loads the spool. `adopt` would
   seal these rows, too, if files have them, and loading them later seals them again."""
ADOPT = """\
Adopt the archive files that were written after the backup:
       python scripts/archive_audit.py adopt --dry-run
       python scripts/archive_audit.py adopt --yes"""
VERIFY = """\
python scripts/check_audit.py
       python scripts/archive_audit.py verify"""


def restore_backup(settings: Settings, folder: Path) -> list[str]:
    """Restore the database and what is lost of the rest; return what is left to do."""
    values = read_list(folder)
    database = find_database(settings.DATABASE_URL)
    if values.database != database.copy_name:
        raise BackupException(
            f"{folder} has {values.database}, which is not for DATABASE_URL"
        )
    database.check_free()
    copy_new_files(folder / SPOOL, spool_folder(settings))
    database.load(folder / database.copy_name)
    return list(next_steps(settings, folder, values))


def next_steps(settings: Settings, folder: Path, values: BackupList) -> Iterator[str]:
    if values.release != __version__:
        yield f"The backup is of release {values.release}, this is {__version__}."
    yield UPGRADE
    yield from reapply_erasures(settings)
    if file := settings.AUDIT_SEAL_FILE:
        if Path(file).exists():
            yield NEW_SEALS.format(file=file)
        elif (folder / SEALS).exists():
            yield from copied_or_left(copy_file, folder / SEALS, Path(file))
    if archive := settings.AUDIT_ARCHIVE_DIR:
        if parse_location(archive) is None:
            yield from restore_archive(Path(archive), folder / ARCHIVE)
        # Without an identity, the application would make another one than the folder's.
        if values.archive and any(list_files(folder / SPOOL)):
            yield LOAD
        yield ADOPT
    yield VERIFY
    yield "Start the application."


def restore_archive(target: Path, copied: Path) -> Iterator[str]:
    """Restore the folder unless it has other files: newer ones have the only copy.

    A restore that was killed has left a part of those of the backup.
    """
    if not target.is_dir():
        yield f"Mount or create {target}, and copy the archive folder there."
    elif copied.is_dir() and not has_others(target, copied):
        yield from copied_or_left(copy_new_files, copied, target)


def copied_or_left(
    copy: Callable[[Path, Path], object], source: Path, target: Path
) -> Iterator[str]:
    """Copy, or yield that it is left to do: the database is restored already."""
    try:
        copy(source, target)
    except BackupException as error:
        yield f"{error}. Mend that, and copy {source} to {target}."
