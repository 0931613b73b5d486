"""What is checked before a row may leave the live table."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from app.audit.archive.canonical import Row, from_line, to_line
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.models import AuditArchive
from app.audit.archive.repository import LogRepository
from app.audit.archive.seals.merkle import leaf_hash
from app.audit.archive.seals.repository import SealRepository

ADVICE = "Nothing was deleted. Run `verify`."


async def check_sealed(
    context: ArchiveContext, log: Log, rows: list[Row]
) -> list[bytes]:
    """Compare rows with their seals; return them as lines."""
    sealed = await digests(context, log, rows)
    if late := [row for row in rows if row["id"] not in sealed]:
        await seal_late(context, log, late)
    lines = [to_line(row) for row in rows]
    for row, line in zip(rows, lines, strict=True):
        digest = leaf_hash(line)
        if sealed.get(row["id"], digest) != digest:
            raise VerificationException(
                f"Row {row['id']} of {log.name} has changed since its seal. {ADVICE}"
            )
    return lines


async def digests(
    context: ArchiveContext, log: Log, rows: list[Row]
) -> dict[UUID, bytes]:
    """Return what the seals say of these rows, and of others around them."""
    first, last = rows[0], rows[-1]
    span = LogRange((first["at"], first["id"]), (last["at"], last["id"]))
    async with context.database.reading() as session:
        leaves = SealRepository(session).leaves(log, span)
        return {each.id: each.digest async for each in leaves}


async def seal_late(context: ArchiveContext, log: Log, late: list[Row]) -> None:
    """Seal accesses that came too late for a seal; no change may do that."""
    if not log.may_be_late:
        raise VerificationException(
            f"{len(late)} rows of {log.name} were added after their time had been "
            f"sealed, the first is {late[0]['id']}. {ADVICE}"
        )
    await context.sealer.seal_late(log, late)


async def check_copied(context: ArchiveContext, log: Log, manifest: Manifest) -> None:
    """Read a file back from the disk, and find each of its rows alive and the same."""
    content = sha256()
    count = 0
    for lines in batches(context.store.lines(manifest.file), context.batch_size):
        for line in lines:
            content.update(line + b"\n")
        count += len(lines)
        await check_alive(context, log, lines)
        context.progress.rows(len(lines))
    if (count, content.hexdigest()) != (manifest.count, manifest.content_sha256):
        raise VerificationException(f"{manifest.file} was not written whole. {ADVICE}")


async def check_alive(context: ArchiveContext, log: Log, lines: list[bytes]) -> None:
    async with context.database.reading() as session:
        rows = await LogRepository(session, log).by_ids([id_of(line) for line in lines])
    differing = set(lines) ^ {to_line(row) for row in rows}
    if differing:
        raise VerificationException(
            f"Row {id_of(differing.pop())} differs from its copy in the file. {ADVICE}"
        )


def check_manifest(context: ArchiveContext, file: AuditArchive) -> Manifest:
    """Return a file's manifest, if the file is still what was verified.

    Raises:
        VerificationException: it is not.
        OSError: it cannot be read, or is not there.
    """
    signed = read_manifest(context.store, file.manifest_path)
    fault: str | None = "it is not the one that was written"
    if signed.hash == file.manifest:
        fault = file_fault(context, signed)
    if fault:
        raise VerificationException(f"The manifest of {file.name}: {fault}. {ADVICE}")
    return signed.manifest


def file_fault(context: ArchiveContext, signed: SignedManifest) -> str | None:
    """Say what is wrong with a manifest, or with the file that it tells of."""
    manifest = signed.manifest
    if fault := signed.fault(context.sealer.signer):
        return fault
    if context.store.file_hash(manifest.file) != manifest.file_sha256:
        return "the file is not the one it tells of"
    return None


def batches(lines: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while batch := list(islice(lines, size)):
        yield batch


def id_of(line: bytes) -> UUID:
    row: dict[str, Any] = from_line(line)
    return UUID(row["id"])
