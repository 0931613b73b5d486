"""Damage that a run passes over and names: rows without a key, and other manifests."""

from collections.abc import Iterator
from datetime import datetime

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import SignedManifest, read_manifest
from app.audit.archive.files.records import find_record_error
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.rows.odd import OddRowRepository
from app.core.db.columns import find_unreadable


async def find_damage(context: ArchiveContext, log: Log, before: datetime) -> list[str]:
    """Return a clause about each value and each manifest that a run passes over."""
    async with context.database.reading() as session:
        files = await FileRepository(session).list_files(log)
        has_odd = await OddRowRepository(session, log.live).have_unarchivable(before)
    found = [*find_damaged_manifests(context, files)]
    if has_odd:
        found += [
            f"{column} of the row {key} of {log.live.name} cannot be read"
            for key, column in await find_unreadable(context.database, log.live)
        ]
    return found


def find_damaged_manifests(
    context: ArchiveContext, files: list[AuditArchive]
) -> Iterator[str]:
    """Yield a clause about each manifest that is not as it was recorded.

    Files that are missing as a whole may have been deleted by law: `verify` names them.
    """
    for file in files:
        try:
            signed = file.manifest and read_manifest(context.store, file.manifest_path)
        except FileNotFoundError:
            if context.store.find_files(file.name):
                yield f"{file.manifest_path} is missing"
        except (VerificationException, OSError) as error:
            yield str(error).removesuffix(".")
        else:
            fault = signed and find_fault(context, file, signed)
            if fault:
                yield f"{file.manifest_path}: {fault}"


def find_fault(
    context: ArchiveContext, file: AuditArchive, signed: SignedManifest
) -> str | None:
    return find_record_error(file, signed) or signed.find_error(context.sealer.signer)
