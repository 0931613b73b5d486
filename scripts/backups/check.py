"""Verification of a copy: what check_audit.py and `archive_audit.py verify` do."""

from pathlib import Path

from app.audit.archive.context import ArchiveContext
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS
from app.audit.archive.progress import Progress
from app.audit.archive.seals.sealer import Sealer
from app.audit.archive.store.opened import open_store
from app.audit.archive.verify.evidence_file import read_evidence
from app.audit.archive.verify.verify import verify
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.migrations import check_head
from scripts.archive.output import print_report
from scripts.archive.runner import STATEMENT_TIMEOUT
from scripts.backups.exceptions import BackupException, DifferenceException
from scripts.check_audit import ExitCode, check

BATCH_ROWS = 1_000


def settings_of_copy(settings: Settings, url: str) -> Settings:
    timeout = max(STATEMENT_TIMEOUT, settings.DATABASE_TIMEOUT)
    values = {"DATABASE_URL": url, "DATABASE_TIMEOUT": timeout, "AUDIT_WITNESS": ""}
    return settings.model_copy(update=values)


async def check_copy(settings: Settings, archive: str, seals: Path | None) -> str:
    """Compare records, log, seals and archive files; return the archive's id.

    Raises:
        BackupException: the schema is not this release's.
        DifferenceException: something differs, or can't be compared.
    """
    database = Database(settings)
    try:
        if fault := await check_head(database):
            raise BackupException(fault)
        evidence = read_evidence(seals) if seals else []
        context = ArchiveContext(
            database,
            open_store(archive, settings),
            Sealer(database, settings),
            Progress(),
            BATCH_ROWS,
        )
        report = await verify(context, LOGS.values(), evidence)
        print_report(report)
        async with database.reading() as session:
            identity = await read_archive_id(session)
    finally:
        await database.close()
    code = await check(settings, str(seals or ""))
    if report.findings or code is not ExitCode.CONSISTENT:
        raise DifferenceException(
            "The copy differs from its log or its seals: see above"
        )
    return str(identity or "")
