"""Restore a backup that scripts/backup.py has made. Overwrites nothing.

python scripts/restore.py /backup/20261129T080000Z

Restores the database, and the spool, the checkpoints and the archive folder where they
are lost; then prints what is left to do. Stop the application on every host first. Exit
codes: 0 restored, 1 error, 2 usage.
"""

import sys
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.core.startup.project_python import use_project_python

use_project_python()

import typer

from app.core.config import settings
from scripts.archive.runner import exit_with_error
from scripts.backups.exceptions import BackupException
from scripts.backups.restoring import restore_backup
from scripts.commands import run_command

Folder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Folder of one backup.")
]


def main(folder: Folder) -> None:
    """Restore a backup, and print what is left to do."""
    try:
        steps = restore_backup(settings, folder)
    except BackupException as error:
        exit_with_error(f"{error}. The database was not restored.", error.exit_code)
    except OSError as error:
        exit_with_error(f"{error}. The restore is not complete.", 1)
    print("The database is restored. Left to do:")
    for number, step in enumerate(steps, 1):
        print(f"{number}. {step}")


if __name__ == "__main__":
    run_command(lambda: typer.run(main))
