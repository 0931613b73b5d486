"""Verification of the seal chain, the archive files and every row."""

from collections.abc import Iterable, Sequence

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import Log
from app.audit.archive.verify.files import FileVerifier
from app.audit.archive.verify.leaves import LeafVerifier
from app.audit.archive.verify.report import VerificationReport
from app.audit.archive.verify.rows import RowVerifier
from app.audit.archive.verify.seals import SealVerifier


async def verify(
    context: ArchiveContext, logs: Iterable[Log], witnesses: Sequence[SealRef | str]
) -> VerificationReport:
    """Verify all data of the logs.

    `witnesses` are kept outside the database: signed checkpoints, and references to
    seals of former releases.
    """
    report = VerificationReport()
    file_verifier = FileVerifier(context, report)
    await file_verifier.verify_identity()
    files = {log: await file_verifier.verify_files(log) for log in logs}
    listed = [each for found in files.values() for each in found]
    file_verifier.verify_identity_file(each.manifest for each in listed)
    manifests = [each.manifest for each in listed if not each.adopted]
    leaves = {log: LeafVerifier(context, log, report) for log in files}
    for log, found in files.items():
        await leaves[log].add_files(found)
    await SealVerifier(context, leaves, report).verify_chain(manifests, witnesses)
    for log, found in files.items():
        await RowVerifier(context, leaves[log], report).verify_rows(found)
    report.merge_moved_rows()
    return report
