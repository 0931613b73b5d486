"""Verification of the seal chain, the archive files and every row."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Table
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from sqlmodel import SQLModel

from app.audit.archive.canonical import MALFORMED
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import LOGS, Log, model_table
from app.audit.archive.models import AuditArchive, AuditIdentity
from app.audit.archive.rows.odd import OddRowRepository
from app.audit.archive.verify.files import ArchivedFile, FileVerifier
from app.audit.archive.verify.leaves import LeafVerifier
from app.audit.archive.verify.report import FindingKind, VerificationReport
from app.audit.archive.verify.rows import RowVerifier
from app.audit.archive.verify.seals import SealVerifier
from app.audit.archive.verify.witness_question import ask_witness
from app.core.db.columns import find_missing_columns, find_unreadable
from app.core.db.database import Database

FILES = (model_table(AuditArchive), model_table(AuditIdentity))
SEALS = (model_table(AuditSeal), model_table(AuditIdentity))
PREFIX = "audit_"  # of the names of all tables of the log and its archive
Files = dict[Log, list[ArchivedFile]]


async def verify(
    context: ArchiveContext, logs: Iterable[Log], evidence: Sequence[SealRef | str]
) -> VerificationReport:
    """Verify all data of the logs.

    `evidence` is kept outside the database: signed checkpoints, and references to
    seals of former releases. What a damaged table prevents is left out.
    """
    report = VerificationReport()
    damaged = await find_missing_columns(context.database, list_tables())
    for table, error in damaged.items():
        report.add_finding(FindingKind.SCHEMA_CHANGED, table, error)
        report.damaged.append(table)
    files: Files = {log: [] for log in logs}
    if report.can_read(*FILES):
        with named_values(report, *FILES):
            files = await verify_files(context, logs, report)
    if report.can_read(*FILES, *SEALS):
        with named_values(report, *SEALS):
            await verify_seals(context, files, evidence, report)
    await name_other_values(context, report)
    report.merge_moved_rows()
    return report


async def name_other_values(
    context: ArchiveContext, report: VerificationReport
) -> None:
    """Report the unreadable values of the tables around the logs, which are small."""
    logs = {table for log in LOGS.values() for table in (log.live, log.restored)}
    for table in filter(report.can_read, list_tables()):
        found = [] if table in logs else await find_unreadable(context.database, table)
        for key, column in found:
            detail = f"in {table.name}: {column} is unreadable"
            report.add_finding(FindingKind.UNREADABLE, key, detail)


def list_tables() -> list[Table]:
    tables = SQLModel.metadata.tables.values()
    return [table for table in tables if table.name.startswith(PREFIX)]


async def find_damage(database: Database) -> list[str]:
    """Return a clause about each table or value of the log that cannot be read."""
    tables = list_tables()
    if damaged := await find_missing_columns(database, tables):
        return [*damaged.values()]
    return [
        f"{column} of the row {key} of {table.name} cannot be read"
        for table in tables
        for key, column in await find_unreadable(database, table)
    ]


async def verify_files(
    context: ArchiveContext, logs: Iterable[Log], report: VerificationReport
) -> Files:
    verifier = FileVerifier(context, report)
    await verifier.verify_identity()
    files = {log: await verifier.verify_files(log) for log in logs}
    listed = (each.manifest for found in files.values() for each in found)
    verifier.verify_identity_file(listed)
    return files


async def verify_seals(
    context: ArchiveContext,
    files: Files,
    evidence: Sequence[SealRef | str],
    report: VerificationReport,
) -> None:
    """Verify the seals, then compare the rows of each log with them."""
    listed = [each for found in files.values() for each in found]
    manifests = [each.manifest for each in listed if not each.adopted]
    leaves = {log: LeafVerifier(context, log, report) for log in files}
    for log, found in files.items():
        await leaves[log].add_files(found)
    seals = SealVerifier(context, leaves, report)
    await seals.verify_chain(manifests, evidence)
    await ask_witness(context, seals.outside)
    for log, found in files.items():
        tree = seals.trees[log.name]
        proven = {*seals.hashes} - tree.faulty - seals.old_seals.faulty
        if report.can_read(log.live):
            with named_values(report, log.live, log.restored):
                await RowVerifier(leaves[log], tree, proven).verify_rows(found)
                await name_unreadable(context, report, log)


async def name_unreadable(
    context: ArchiveContext, report: VerificationReport, log: Log
) -> None:
    """Report the values that are not as the application writes them."""
    for table in filter(report.can_read, (log.live, log.restored)):
        async with context.database.reading() as session:
            is_odd = await OddRowRepository(session, table).have_unsealable()
        if is_odd or table.name in report.unreadable:
            for key, column in await find_unreadable(context.database, table):
                detail = f"in {table.name}: {column} is unreadable"
                report.add_finding(FindingKind.UNREADABLE, key, detail)


@contextmanager
def named_values(report: VerificationReport, *tables: Table) -> Iterator[None]:
    """Report that a value of these tables cannot be read, instead of failing on it."""
    try:
        yield
    except (*MALFORMED, ArithmeticError, StatementError) as error:
        if isinstance(error, OperationalError | InterfaceError):
            raise  # the database does not answer
        where = " or ".join(table.name for table in tables)
        detail = f"a value is unreadable, so not all was compared: {error!r:.200}"
        report.add_finding(FindingKind.UNREADABLE, where, detail)
