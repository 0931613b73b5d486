"""Back up the database, the spool and the checkpoints, and verify the copy.

python scripts/backup.py /backup            makes /backup/20261129T080000Z
python scripts/restore.py /backup/20261129T080000Z

Safe while the application runs. Exit codes: 0 copied and verified, 1 error, 2 usage,
3 another archive command is running, 4 the copy differs from its log or its seals.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer

from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.run.lock import run_lock
from app.core.config import settings
from app.core.db.database import Database
from app.core.db.migrations import check_schema
from scripts.archive.runner import exit_with_error, log_to_stderr
from scripts.backups.exceptions import BackupException
from scripts.backups.files import PARTIAL, complete
from scripts.backups.making import make_backup
from scripts.commands import exit_on_database_error, run_command

FAILED = "No backup was completed; what there is of it has a name that ends in"
Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Folder of the backups.")
]
WithArchive = Annotated[
    bool, typer.Option("--archive", help="Also copy AUDIT_ARCHIVE_DIR.")
]
Unverified = Annotated[bool, typer.Option("--no-check", help="Do not verify the copy.")]


async def back_up(folder: Path, *, archive: bool, verified: bool) -> Path:
    """Make a backup, and return its folder. No archive command runs meanwhile.

    A run moves rows from the database to the archive folder.
    """
    database = Database(settings)
    partial = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{PARTIAL}"
    try:
        if fault := await check_schema(database):
            raise BackupException(fault)
        async with run_lock(database):
            await make_backup(settings, partial, archive=archive, verified=verified)
    finally:
        await database.close()
    return complete(partial)


def main(
    folder: Folder, archive: WithArchive = False, no_check: Unverified = False
) -> None:
    """Back up the database, the spool and the checkpoints, and verify the copy."""
    log_to_stderr()
    failed = f"{FAILED} {PARTIAL}."
    try:
        with exit_on_database_error(failed):
            made = asyncio.run(back_up(folder, archive=archive, verified=not no_check))
    except (ArchiveException, BackupException) as error:
        exit_with_error(f"{str(error).rstrip('.')}. {failed}", error.exit_code)
    print(f"Backup: {made}")


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
