"""Verification: the chain of seals, the files, and every row of both logs."""

from collections.abc import Iterable

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealMark
from app.audit.archive.logs import Log
from app.audit.archive.verify.files import FileCheck
from app.audit.archive.verify.report import Report
from app.audit.archive.verify.rows import RowCheck
from app.audit.archive.verify.seals import SealCheck


async def verify(
    context: ArchiveContext, logs: Iterable[Log], witnesses: list[SealMark]
) -> Report:
    """Look at everything; `witnesses` are seals that were seen outside the database."""
    report = Report()
    checks = FileCheck(context, report)
    files = {log: await checks.check(log) for log in logs}
    seen = [each.manifest.seal for found in files.values() for each in found]
    await SealCheck(context, report).check([*seen, *witnesses])
    for log, found in files.items():
        await RowCheck(context, log, report).check(found)
    report.join_moved()
    return report
