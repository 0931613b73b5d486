"""Numbers of the files of an earlier release, in the order of their chain."""

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.chain import follow_chain
from app.audit.archive.files.manifest import read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.seals.old_seal import GENESIS_HASH


async def number_files(context: ArchiveContext, log: Log) -> None:
    """Set `sequence`, which the migration has set in the order of the ids.

    A clock that was wrong has disordered these. A broken chain is left to `verify`.
    """
    async with context.database.reading() as session:
        files = await FileRepository(session).list_files(log)
    known = {file.manifest: file for file in files if file.manifest}
    try:
        signed = [
            read_manifest(context.store, file.manifest_path) for file in known.values()
        ]
    except (VerificationException, OSError):
        return
    chain = follow_chain(signed, GENESIS_HASH)
    ordered = [known.get(each.manifest.compute_hash()) for each in chain]
    unfinished = [file for file in files if not file.manifest]
    if len(chain) != len(known) or None in ordered:
        return
    async with context.database.writing() as session:
        for number, file in enumerate([*ordered, *unfinished], start=1):
            if file and file.sequence != number:
                file.sequence = number
                await FileRepository(session).save_file(file)
