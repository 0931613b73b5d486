"""Verification of a file that has a manifest, but is not recorded as verified.

A run ended in between; or the database was restored from a backup that was made then.
"""

from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.run.checks import compare_copy, find_file_error
from app.audit.archive.seals.old_seal import GENESIS_HASH
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.store.store import ADOPT


async def verify_unfinished(
    context: ArchiveContext, log: Log, file: AuditArchive
) -> tuple[SignedManifest, list[UUID]]:
    """Return the manifest, and the ids of the rows, if it is valid and they are live.

    Raises:
        VerificationException: another database, or this one after its backup was
            made, has written the file.
    """
    ids: list[UUID] = []
    try:
        signed = read_manifest(context.store, file.manifest_path)
        error = find_file_error(context, signed)
        error = error or await find_branch_error(context, log, file, signed.manifest)
        if error is None:
            ids = await compare_copy(context, log, signed.manifest)
    except VerificationException as failure:
        error = str(failure).removesuffix(".")
    if error:
        raise VerificationException(f"Unfinished file {file.name}: {error}. {ADOPT}")
    return signed, ids


async def find_branch_error(
    context: ArchiveContext, log: Log, file: AuditArchive, manifest: Manifest
) -> str | None:
    """Return why the file does not continue this database's archive, or None."""
    async with context.database.reading() as session:
        archive = await read_archive_id(session)
        last = await FileRepository(session).get_newest_with_manifest(log)
        found = await SealRepository(session).get_hash(manifest.seal.number)
    if error := manifest.find_archive_error(archive):
        return error
    if manifest.path != file.manifest_path:
        return "the manifest is that of another file"
    previous = (last and last.manifest) or GENESIS_HASH
    sealed = found or GENESIS_HASH
    if (manifest.previous, manifest.seal.hash) != (previous, sealed):
        return "it does not continue the files and seals of this database"
    return None
