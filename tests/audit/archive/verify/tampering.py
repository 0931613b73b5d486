"""Manipulations by an attacker with write access to the database or the disk."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Executable, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.checkpoints.models import AuditKey, AuditSeal, AuditTile
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import read_manifest
from app.audit.archive.files.store import Store
from app.audit.archive.logs import ACCESSES, CHANGES, Log, model_table
from app.audit.archive.models import AuditArchive, FileState
from app.audit.archive.seals.leaves import (
    LEAF_BYTES,
    make_leaves,
    pack_leaves,
    unpack_leaves,
)
from app.audit.archive.seals.signing import Signer
from app.audit.archive.tree.merkle import merkle_root
from app.audit.archive.tree.notes import Note
from app.audit.archive.tree.signer_keys import SignerKey
from app.core.clock import to_ticks
from app.core.db.ids import uuid7
from tests.audit.archive.rows import KEPT, OLD, AuditLog, make_access, make_change
from tests.databases import make_settings

Tamper = Callable[[AuditLog], None]
OTHER_SECRET = "another-" + "s" * 40
ROWS = CHANGES.live
SEALS = model_table(AuditSeal)
TILES = model_table(AuditTile)
KEYS = model_table(AuditKey)
FILES = model_table(AuditArchive)
NEWEST = select(func.max(SEALS.c.number)).scalar_subquery()


def execute(audit_log: AuditLog, *queries: Executable) -> None:
    """Execute statements with the triggers disabled."""

    async def run(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            triggers = await take_triggers(session)
            for query in queries:
                done: Any = await session.execute(query)
                assert done.rowcount
            for trigger in triggers:
                await session.execute(text(trigger))

    audit_log.run(run)


def clear_changes(audit_log: AuditLog) -> AuditLog:
    """Delete the changes that the creation of the test users has logged."""
    execute(audit_log, delete(ROWS))
    return audit_log


async def take_triggers(session: AsyncSession) -> list[str]:
    """Disable the triggers; return the statements that restore them."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        return []
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = list(await session.execute(query))
    for name, _ in triggers:
        await session.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _, sql in triggers]


def files(audit_log: AuditLog, ending: str = "jsonl.gz") -> list[Path]:
    return sorted(audit_log.directory.glob(f"changes/**/*.{ending}"))


def find_file_set(audit_log: AuditLog, which: int) -> list[Path]:
    """Return the paths of a file, its index and its manifest."""
    base = files(audit_log)[which].name.removesuffix("jsonl.gz")
    return sorted(audit_log.directory.glob(f"changes/**/{base}*"))


def match_one_row(audit_log: AuditLog) -> Any:
    """Return a condition that matches one sealed live row."""
    rows = (row for row in audit_log.rows(CHANGES) if row["entity"] == "Product")
    return ROWS.c.id == next(rows)["id"]


def change_a_row(audit_log: AuditLog) -> None:
    execute(audit_log, update(ROWS).where(match_one_row(audit_log)).values(reason="x"))


def change_a_value(audit_log: AuditLog) -> None:
    execute(
        audit_log,
        update(ROWS).where(match_one_row(audit_log)).values(new={"price": "2.51"}),
    )


def change_a_time(audit_log: AuditLog) -> None:
    moved = KEPT + timedelta(hours=5)
    execute(audit_log, update(ROWS).where(match_one_row(audit_log)).values(at=moved))


def delete_a_row(audit_log: AuditLog) -> None:
    execute(audit_log, delete(ROWS).where(match_one_row(audit_log)))


def insert_a_row(audit_log: AuditLog) -> None:
    """Insert a row with the number of a transaction whose rows are sealed."""
    audit_log.add(CHANGES, [make_change(OLD, 1_000, transaction_id=1)])


def insert_a_row_without_a_number(audit_log: AuditLog) -> None:
    audit_log.add(CHANGES, [make_change(OLD, 1_000, transaction_id=None)])


def insert_a_row_of_the_future(audit_log: AuditLog) -> None:
    audit_log.add(CHANGES, [make_change(OLD, 1_000, transaction_id=2**62)])


def seal_a_row_again(audit_log: AuditLog) -> None:
    """Insert an archived row as a new one, which is then sealed."""
    line = gzip.decompress(files(audit_log)[0].read_bytes()).splitlines()[0]
    row = CHANGES.parse_row(json.loads(line))
    del row["transaction_id"]
    audit_log.add(CHANGES, [row])
    audit_log.seal()


def replace_a_row(audit_log: AuditLog) -> None:
    delete_a_row(audit_log)
    insert_a_row(audit_log)


def reinsert_a_row(audit_log: AuditLog) -> None:
    """Insert an archived row into the live table again."""
    line = gzip.decompress(files(audit_log)[0].read_bytes()).splitlines()[0]
    audit_log.add(CHANGES, [CHANGES.parse_row(json.loads(line))])


def change_a_file(audit_log: AuditLog) -> None:
    file = files(audit_log)[0]
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content.replace(b'"stock":0', b'"stock":9')))


def truncate_a_file(audit_log: AuditLog) -> None:
    file = files(audit_log)[0]
    file.write_bytes(file.read_bytes()[:-20])


def corrupt_a_file(audit_log: AuditLog) -> None:
    file = files(audit_log)[0]
    content = bytearray(file.read_bytes())
    content[20] ^= 255
    file.write_bytes(content)


def delete_a_file(audit_log: AuditLog) -> None:
    files(audit_log)[0].unlink()


def delete_the_last_file_and_its_record(audit_log: AuditLog) -> None:
    """Remove all traces of the newest archived day but the seals."""
    for file in find_file_set(audit_log, -1):
        file.unlink()
    last = select(func.max(FILES.c.day)).where(FILES.c.log == CHANGES.name)
    newest = FILES.c.day == last.scalar_subquery(), FILES.c.log == CHANGES.name
    execute(audit_log, delete(FILES).where(*newest))


def swap(first: Path, second: Path) -> None:
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def swap_two_files(audit_log: AuditLog) -> None:
    swap(*files(audit_log)[:2])


def swap_two_manifests(audit_log: AuditLog) -> None:
    swap(*files(audit_log, "manifest.json")[:2])


def change_an_index(audit_log: AuditLog) -> None:
    files(audit_log, "keys")[0].write_bytes(b"")


def change_a_manifest(audit_log: AuditLog) -> None:
    path = files(audit_log, "manifest.json")[0]
    path.write_text(path.read_text().replace('"count": 6', '"count": 5'))


def delete_a_manifest(audit_log: AuditLog) -> None:
    files(audit_log, "manifest.json")[0].unlink()


def other_signer() -> Signer:
    """Return a signer with a key that the application does not have."""
    return Signer(make_settings("sqlite:///", SECRET_KEY=SecretStr(OTHER_SECRET)))


def sign_a_manifest_again(audit_log: AuditLog) -> None:
    path = files(audit_log, "manifest.json")[0]
    store = Store(audit_log.directory)
    manifest = read_manifest(store, str(path.relative_to(audit_log.directory))).manifest
    path.write_bytes(manifest.encode_signed(other_signer()))


def add_a_file(audit_log: AuditLog) -> None:
    for file in find_file_set(audit_log, 0):
        copy = file.with_name(file.name.replace(".0001", ".0002"))
        copy.write_bytes(file.read_bytes())


def drop_the_last_seals(audit_log: AuditLog) -> None:
    execute(audit_log, delete(SEALS).where(SEALS.c.number == NEWEST))


def drop_all_seals(audit_log: AuditLog) -> None:
    execute(audit_log, delete(SEALS))


def drop_all_runs(audit_log: AuditLog) -> None:
    """Delete the seals of the tree, as if the release had just been installed."""
    execute(audit_log, delete(SEALS).where(SEALS.c.start.is_not(None)))


def change_the_roots(audit_log: AuditLog) -> None:
    execute(audit_log, update(SEALS).values(root="0" * 64))


def change_a_tile_s_hashes(audit_log: AuditLog) -> None:
    execute(audit_log, update(TILES).values(hashes=b"x" * 96))


def replace_a_key(audit_log: AuditLog) -> None:
    """Record a key of the attacker's as the first one of the changes."""
    other = other_signer_key(audit_log)
    first = select(func.min(KEYS.c.number)).where(KEYS.c.log == CHANGES.name)
    query = update(KEYS).where(KEYS.c.number == first.scalar_subquery())
    execute(audit_log, query.values(key=str(other.verifier)))


def remove_the_rotation(audit_log: AuditLog) -> None:
    signed = KEYS.c.rotation.is_not(None)
    execute(audit_log, update(KEYS).where(signed).values(rotation=None))


def other_signer_key(audit_log: AuditLog) -> SignerKey:
    """Return a key of the newest seal's log that the application does not have."""
    note = Note.parse(audit_log.seals()[-1].note or "")
    return SignerKey(note.signatures[0].name, b"x" * 32)


def drop_a_seal(audit_log: AuditLog) -> None:
    execute(audit_log, delete(SEALS).where(SEALS.c.number == 1))


def change_a_seal(audit_log: AuditLog) -> None:
    execute(audit_log, update(SEALS).where(SEALS.c.number == 1).values(count=0))


def change_its_leaves(audit_log: AuditLog) -> None:
    """Remove the last row's leaf from a seal."""
    leaves = audit_log.seals()[0].leaves[:-56]
    execute(audit_log, update(SEALS).where(SEALS.c.number == 1).values(leaves=leaves))


def change_its_leaves_and_root(audit_log: AuditLog) -> None:
    """Drop the last leaf of a seal, and compute its root again."""
    leaves = unpack_leaves(audit_log.seals()[0].leaves)[:-1]
    values = {
        "leaves": pack_leaves(leaves),
        "root": merkle_root(e.digest for e in leaves),
    }
    execute(audit_log, update(SEALS).where(SEALS.c.number == 1).values(values))


def change_a_row_and_its_leaf(audit_log: AuditLog) -> None:
    """Change a sealed row, and its hash in the seal."""
    (old,) = make_leaves(match_rows(audit_log))
    change_a_row(audit_log)
    (new,) = make_leaves(match_rows(audit_log))
    for seal in audit_log.seals():
        leaves = seal.leaves.replace(old.digest, new.digest)
        values = {"leaves": leaves}
        query = update(SEALS).where(SEALS.c.number == seal.number)
        execute(audit_log, query.values(values))


def change_a_row_its_leaf_and_root(audit_log: AuditLog) -> None:
    change_a_row_and_its_leaf(audit_log)
    for seal in audit_log.seals():
        root = merkle_root(each.digest for each in unpack_leaves(seal.leaves))
        query = update(SEALS).where(SEALS.c.number == seal.number)
        execute(audit_log, query.values(root=root))


def match_rows(audit_log: AuditLog) -> list[dict[str, Any]]:
    rows = (row for row in audit_log.rows(CHANGES) if row["entity"] == "Product")
    return [next(rows)]


def sign_a_seal_again(audit_log: AuditLog) -> None:
    """Sign the same checkpoint with a key that the application does not have."""
    note = Note.parse(audit_log.seals()[-1].note or "")
    forged = str(Note(note.text).sign(other_signer_key(audit_log)))
    execute(
        audit_log, update(SEALS).where(SEALS.c.number == NEWEST).values(note=forged)
    )


def change_a_tile(audit_log: AuditLog) -> None:
    execute(
        audit_log, insert(TILES).values(log="changes", level=1, number=0, hashes=b"x")
    )


def add_an_access(audit_log: AuditLog) -> None:
    """Insert an access as a release has done whose rows had no numbers."""
    audit_log.add(ACCESSES, [make_access(OLD, 1_000, transaction_id=None)])


def add_an_access_of_a_sealed_transaction(audit_log: AuditLog) -> None:
    audit_log.add(ACCESSES, [make_access(OLD, 1_000, transaction_id=1)])


def edit_leaves(
    audit_log: AuditLog, edit: Callable[[list[bytes]], list[bytes]], log: Log = CHANGES
) -> None:
    """Rewrite the packed leaves of the newest seal that has several."""
    found = [each for each in audit_log.seals() if each.log == log.name]
    seal = [each for each in found if each.count > 2][-1]
    leaves = [
        seal.leaves[at : at + LEAF_BYTES]
        for at in range(0, len(seal.leaves), LEAF_BYTES)
    ]
    packed = b"".join(edit(leaves))
    query = update(SEALS).where(SEALS.c.number == seal.number)
    execute(audit_log, query.values(leaves=packed))


def delete_leaf_row(audit_log: AuditLog, leaf: bytes, log: Log = CHANGES) -> None:
    execute(audit_log, delete(log.live).where(log.live.c.id == UUID(bytes=leaf[8:24])))


def redate_leaf(audit_log: AuditLog, log: Log = CHANGES) -> None:
    """Move the newest leaf to the year 9999, and delete its row."""
    year_9999 = to_ticks(datetime(9999, 12, 31, tzinfo=UTC)).to_bytes(8, "big")

    def edit(leaves: list[bytes]) -> list[bytes]:
        delete_leaf_row(audit_log, leaves[-1], log)
        return [*leaves[:-1], year_9999 + leaves[-1][8:]]

    edit_leaves(audit_log, edit, log)


def redate_an_access(audit_log: AuditLog) -> None:
    redate_leaf(audit_log, ACCESSES)


def redate_beyond_any_calendar(audit_log: AuditLog) -> None:
    def edit(leaves: list[bytes]) -> list[bytes]:
        delete_leaf_row(audit_log, leaves[-1])
        return [*leaves[:-1], (2**63 - 1).to_bytes(8, "big") + leaves[-1][8:]]

    edit_leaves(audit_log, edit)


def give_a_leaf_its_neighbours_id(audit_log: AuditLog) -> None:
    def edit(leaves: list[bytes]) -> list[bytes]:
        delete_leaf_row(audit_log, leaves[-1])
        return [*leaves[:-1], leaves[-2][:24] + leaves[-1][24:]]

    edit_leaves(audit_log, edit)


def replace_an_access(audit_log: AuditLog) -> None:
    """Replace the user of a sealed access, whose leaf is moved away."""
    newest = audit_log.rows(ACCESSES)[-1]
    redate_leaf(audit_log, ACCESSES)
    audit_log.add(ACCESSES, [newest | {"id": uuid7(), "user_label": "eve@example.com"}])


def append_a_byte_to_leaves(audit_log: AuditLog) -> None:
    edit_leaves(audit_log, lambda leaves: [*leaves, b"x"])


def leave_one_byte_of_leaves(audit_log: AuditLog) -> None:
    edit_leaves(audit_log, lambda _: [b"x"])


def call_a_pruned_file_verified(audit_log: AuditLog) -> None:
    """Insert a forged copy of an archived row, and hide it behind the file's state."""
    line = gzip.decompress(files(audit_log)[0].read_bytes()).splitlines()[0]
    forged = CHANGES.parse_row(json.loads(line)) | {"actor_label": "eve@example.com"}
    audit_log.add(CHANGES, [forged])
    pruned = FILES.c.log == CHANGES.name, FILES.c.state == FileState.PRUNED
    execute(audit_log, update(FILES).where(*pruned).values(state=FileState.VERIFIED))


def replace_lines(audit_log: AuditLog, content: bytes) -> None:
    files(audit_log)[0].write_bytes(gzip.compress(content))


def make_manifest_a_list(audit_log: AuditLog) -> None:
    files(audit_log, "manifest.json")[0].write_text("[1]")


def make_manifest_null(audit_log: AuditLog) -> None:
    files(audit_log, "manifest.json")[0].write_text("null")


def make_manifest_s_hash_a_number(audit_log: AuditLog) -> None:
    path = files(audit_log, "manifest.json")[0]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"hash": 1}))


def make_manifest_a_directory(audit_log: AuditLog) -> None:
    path = files(audit_log, "manifest.json")[0]
    path.unlink()
    path.mkdir()


def make_file_a_directory(audit_log: AuditLog) -> None:
    path = files(audit_log)[0]
    path.unlink()
    path.mkdir()
