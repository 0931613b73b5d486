"""Checks of the archive folder before a run writes to it."""

from collections.abc import AsyncIterator

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.files.manifest import read_manifest
from app.audit.archive.files.ownership import (
    check_identity,
    write_identity,
)
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.identity import get_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.run.numbering import number_files
from app.audit.archive.run.unfinished import verify_unfinished
from app.audit.archive.store.store import ADOPT


async def check_folder(context: ArchiveContext) -> None:
    """Refuse a folder that is not of this database; claim one without an identity.

    A folder of the release before has manifests but no identity. It is claimed if this
    database has recorded all of them.

    Raises:
        ArchiveException: the newest manifest is missing.
        VerificationException: the folder, or a file in it, is not of this database.
    """
    # Read once: another database may claim the folder at any moment.
    is_claimed = await check_identity(context.database, context.store) is not None
    for log in LOGS.values():
        await check_newest(context, log)
        async for path in find_unknown(context, log, is_claimed):
            raise VerificationException(
                f"{path} in {context.store.location} is not recorded in this "
                f"database. {ADOPT} Else give this database a folder of its own "
                "(--dest or AUDIT_ARCHIVE_DIR). Nothing was written."
            )
    if not is_claimed:
        await claim_folder(context)


async def claim_folder(context: ArchiveContext) -> None:
    for log in LOGS.values():
        await number_files(context, log)
    async with context.database.writing() as session:
        archive = await get_archive_id(session)
    write_identity(context.store, archive)


async def check_newest(context: ArchiveContext, log: Log) -> None:
    """Raise ArchiveException if the newest manifest is not in the folder."""
    async with context.database.reading() as session:
        last = await FileRepository(session).get_newest_with_manifest(log)
    if last and not context.store.file_exists(last.manifest_path):
        raise ArchiveException(
            f"{context.store.location} is not the archive directory of this "
            f"database: {last.manifest_path} is missing. Check --dest and mounts."
        )


async def find_unknown(
    context: ArchiveContext, log: Log, is_claimed: bool
) -> AsyncIterator[str]:
    """Yield the paths of manifests that the database has not recorded."""
    async with context.database.reading() as session:
        files = await FileRepository(session).list_files(log)
    known = {file.manifest_path: file for file in files}
    for path in context.store.list_manifests(log.name):
        file = known.get(path)
        if not file or not (is_claimed or await is_recorded(context, log, file)):
            yield path


async def is_recorded(context: ArchiveContext, log: Log, file: AuditArchive) -> bool:
    """Return whether the manifest in the folder is the one that was recorded."""
    try:
        if file.state == FileState.WRITING:
            await verify_unfinished(context, log, file)
            return True
        signed = read_manifest(context.store, file.manifest_path)
    except VerificationException:
        return False
    return signed.manifest.compute_hash() == file.manifest
