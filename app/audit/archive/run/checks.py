"""Checks that precede the deletion of live rows."""

from collections.abc import Collection, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from app.audit.archive.canonical import Row, decode_row, encode_row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, SignedManifest, read_manifest
from app.audit.archive.files.records import find_record_error
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive
from app.audit.archive.repository import LogRepository
from app.audit.archive.run.leaf_hashes import LeafHashes
from app.audit.archive.tree.merkle import leaf_hash

ADVICE = "This run deleted no row of the file. Run `verify`."


async def select_sealed(
    context: ArchiveContext, log: Log, leaves: LeafHashes, rows: list[Row]
) -> list[tuple[Row, bytes, bytes]]:
    """Compare rows with their leaves; return those that have one: row, line, hash.

    Raises:
        VerificationException: a row was modified after sealing.
    """
    sealed = await leaves.find(rows)
    sealed |= await seal_late_rows(context, log, sealed.keys(), rows)
    found = [
        (row, encode_row(row), sealed[row["id"]]) for row in rows if row["id"] in sealed
    ]
    for row, line, digest in found:
        if digest != leaf_hash(line):
            raise VerificationException(
                f"Row {row['id']} of {log.name} was modified after sealing. {ADVICE}"
            )
    return found


async def seal_late_rows(
    context: ArchiveContext, log: Log, sealed: Collection[UUID], rows: list[Row]
) -> dict[UUID, bytes]:
    """Seal accesses without a number that came late; return their leaf hashes."""
    late = [
        row
        for row in rows
        if row["id"] not in sealed and log.may_be_late and not row["transaction_id"]
    ]
    if late:
        await context.sealer.seal_late_rows(log, late)
    return {row["id"]: leaf_hash(encode_row(row)) for row in late}


async def compare_copy(
    context: ArchiveContext, log: Log, manifest: Manifest
) -> list[UUID]:
    """Read a file back; compare it with its manifest and the live rows; return ids."""
    ids: list[UUID] = []
    for lines in read_batches(context, manifest):
        ids += await compare_live_rows(context, log, lines)
        context.progress.report_rows(len(lines))
    return ids


async def compare_remaining_rows(
    context: ArchiveContext, log: Log, manifest: Manifest
) -> list[UUID]:
    """Compare those rows of a verified file that are still live; return their ids."""
    remaining: list[UUID] = []
    for lines in read_batches(context, manifest):
        async with context.database.reading() as session:
            ids = [parse_id(line) for line in lines]
            rows = await LogRepository(session, log).read_by_ids(ids)
        if differing := {encode_row(row) for row in rows} - set(lines):
            raise VerificationException(
                f"Row {parse_id(differing.pop())} of {log.name} was modified after it "
                f"was archived. {ADVICE}"
            )
        remaining += [row["id"] for row in rows]
    return remaining


def read_batches(context: ArchiveContext, manifest: Manifest) -> Iterator[list[bytes]]:
    """Yield the lines of a file, and raise at its end if they are not as recorded."""
    content, count = sha256(), 0
    lines = context.store.read_lines(manifest.data_path)
    for batch in split_batches(lines, context.batch_size):
        content.update(b"".join(line + b"\n" for line in batch))
        count += len(batch)
        yield batch
    if (count, content.hexdigest()) != (manifest.count, manifest.content_sha256):
        raise VerificationException(
            f"{manifest.data_path} is not as recorded, or incomplete. {ADVICE}"
        )


async def compare_live_rows(
    context: ArchiveContext, log: Log, lines: list[bytes]
) -> list[UUID]:
    ids = [parse_id(line) for line in lines]
    async with context.database.reading() as session:
        rows = await LogRepository(session, log).read_by_ids(ids)
    differing = set(lines) ^ {encode_row(row) for row in rows}
    if differing:
        raise VerificationException(
            f"Row {parse_id(differing.pop())} differs between {log.live.name} and the "
            f"file. {ADVICE}"
        )
    return ids


def verify_manifest(context: ArchiveContext, file: AuditArchive) -> Manifest:
    """Return a file's manifest, after comparing both with what was verified.

    Raises:
        VerificationException: the file or its manifest differs.
        OSError: the file or its manifest is missing or unreadable.
    """
    signed = read_manifest(context.store, file.manifest_path)
    error = find_record_error(file, signed) or find_file_error(context, signed)
    if error:
        raise VerificationException(f"Manifest of {file.name}: {error}. {ADVICE}")
    return signed.manifest


def find_file_error(context: ArchiveContext, signed: SignedManifest) -> str | None:
    """Return why a manifest or its file is invalid, or None if both are valid."""
    manifest = signed.manifest
    if error := signed.find_error(context.sealer.signer):
        return error
    if context.store.hash_file(manifest.data_path) != manifest.file_sha256:
        return "the file does not match its SHA-256"
    return None


def split_batches(lines: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while batch := list(islice(lines, size)):
        yield batch


def parse_id(line: bytes) -> UUID:
    row: dict[str, Any] = decode_row(line)
    return UUID(row["id"])
