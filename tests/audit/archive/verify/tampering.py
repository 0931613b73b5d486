"""What somebody with the database's password, or the disk's, could do to the trail."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Executable, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import read_manifest
from app.audit.archive.files.store import Store
from app.audit.archive.logs import ACCESSES, CHANGES, table_of
from app.audit.archive.models import AuditArchive, AuditSeal
from app.audit.archive.seals.leaves import pack, unpack
from app.audit.archive.seals.merkle import merkle_root
from app.audit.archive.seals.signing import Signer
from tests.audit.archive.rows import KEPT, OLD, Trail, access, change
from tests.databases import make_settings

Tamper = Callable[[Trail], None]
OTHER_SECRET = "another-" + "s" * 40
ROWS = CHANGES.live
SEALS = table_of(AuditSeal)
FILES = table_of(AuditArchive)
NEWEST = select(func.max(SEALS.c.number)).scalar_subquery()


def execute(trail: Trail, *queries: Executable) -> None:
    """Change the database behind everybody's back: the triggers are off meanwhile."""

    async def run(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            triggers = await take_triggers(session)
            for query in queries:
                done: Any = await session.execute(query)
                assert done.rowcount
            for trigger in triggers:
                await session.execute(text(trigger))

    trail.use(run)


def empty(trail: Trail) -> Trail:
    """Forget how the accounts of the tests were made: the trail begins here."""
    execute(trail, delete(ROWS))
    return trail


async def take_triggers(session: AsyncSession) -> list[str]:
    """Switch the triggers off; return what brings them back."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        return []
    find = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = list(await session.execute(find))
    for name, _ in triggers:
        await session.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _, sql in triggers]


def files(trail: Trail, ending: str = "jsonl.gz") -> list[Path]:
    return sorted(trail.folder.glob(f"changes/**/*.{ending}"))


def family(trail: Trail, which: int) -> list[Path]:
    """Return a file with its index and its manifest."""
    base = files(trail)[which].name.removesuffix("jsonl.gz")
    return sorted(trail.folder.glob(f"changes/**/{base}*"))


def one(trail: Trail) -> Any:
    """Return the condition that finds one sealed row that is alive."""
    rows = (row for row in trail.rows(CHANGES) if row["entity"] == "Product")
    return ROWS.c.id == next(rows)["id"]


def change_a_row(trail: Trail) -> None:
    execute(trail, update(ROWS).where(one(trail)).values(reason="x"))


def change_a_value(trail: Trail) -> None:
    execute(trail, update(ROWS).where(one(trail)).values(new={"price": "2.51"}))


def change_a_time(trail: Trail) -> None:
    later = KEPT + timedelta(hours=5)
    execute(trail, update(ROWS).where(one(trail)).values(at=later))


def delete_a_row(trail: Trail) -> None:
    execute(trail, delete(ROWS).where(one(trail)))


def insert_a_row(trail: Trail) -> None:
    trail.add(CHANGES, [change(OLD, 1_000)])


def replace_a_row(trail: Trail) -> None:
    delete_a_row(trail)
    insert_a_row(trail)


def bring_a_row_back(trail: Trail) -> None:
    """Put an archived row into the live table again."""
    line = gzip.decompress(files(trail)[0].read_bytes()).splitlines()[0]
    trail.add(CHANGES, [CHANGES.parse(json.loads(line))])


def change_a_file(trail: Trail) -> None:
    file = files(trail)[0]
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content.replace(b'"stock":0', b'"stock":9')))


def truncate_a_file(trail: Trail) -> None:
    file = files(trail)[0]
    file.write_bytes(file.read_bytes()[:-20])


def spoil_a_file(trail: Trail) -> None:
    file = files(trail)[0]
    content = bytearray(file.read_bytes())
    content[20] ^= 255
    file.write_bytes(content)


def delete_a_file(trail: Trail) -> None:
    files(trail)[0].unlink()


def delete_the_last_file_and_its_record(trail: Trail) -> None:
    """Make the newest day look as if it had never been archived."""
    for file in family(trail, -1):
        file.unlink()
    last = select(func.max(FILES.c.day)).where(FILES.c.log == CHANGES.name)
    gone = FILES.c.day == last.scalar_subquery(), FILES.c.log == CHANGES.name
    execute(trail, delete(FILES).where(*gone))


def swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def swap_two_files(trail: Trail) -> None:
    swap(*files(trail)[:2])


def swap_two_manifests(trail: Trail) -> None:
    swap(*files(trail, "manifest.json")[:2])


def change_an_index(trail: Trail) -> None:
    files(trail, "keys")[0].write_bytes(b"")


def change_a_manifest(trail: Trail) -> None:
    path = files(trail, "manifest.json")[0]
    path.write_text(path.read_text().replace('"count": 6', '"count": 5'))


def delete_a_manifest(trail: Trail) -> None:
    files(trail, "manifest.json")[0].unlink()


def stranger() -> Signer:
    """Return one who signs with a key that she has made up."""
    return Signer(make_settings("sqlite:///", SECRET_KEY=SecretStr(OTHER_SECRET)))


def sign_a_manifest_again(trail: Trail) -> None:
    path = files(trail, "manifest.json")[0]
    store = Store(trail.folder)
    manifest = read_manifest(store, str(path.relative_to(trail.folder))).manifest
    path.write_bytes(manifest.signed(stranger()))


def add_a_file(trail: Trail) -> None:
    for file in family(trail, 0):
        copy = file.with_name(file.name.replace(".0001", ".0002"))
        copy.write_bytes(file.read_bytes())


def drop_the_last_seals(trail: Trail) -> None:
    execute(trail, delete(SEALS).where(SEALS.c.number == NEWEST))


def drop_all_seals(trail: Trail) -> None:
    execute(trail, delete(SEALS))


def drop_a_seal(trail: Trail) -> None:
    execute(trail, delete(SEALS).where(SEALS.c.number == 1))


def change_a_seal(trail: Trail) -> None:
    execute(trail, update(SEALS).where(SEALS.c.number == 1).values(count=0))


def change_its_leaves(trail: Trail) -> None:
    """Make the seal say that it never saw its last row."""
    leaves = trail.seals()[0].leaves[:-56]
    execute(trail, update(SEALS).where(SEALS.c.number == 1).values(leaves=leaves))


def change_its_leaves_and_root(trail: Trail) -> None:
    """Drop the last leaf of a seal, and compute its root again."""
    leaves = unpack(trail.seals()[0].leaves)[:-1]
    values = {"leaves": pack(leaves), "root": merkle_root(e.digest for e in leaves)}
    execute(trail, update(SEALS).where(SEALS.c.number == 1).values(values))


def sign_a_seal_again(trail: Trail) -> None:
    signature = vars(stranger().sign(trail.seals()[-1].hash))
    execute(trail, update(SEALS).where(SEALS.c.number == NEWEST).values(**signature))


def add_an_access(trail: Trail) -> None:
    trail.add(ACCESSES, [access(OLD, 1_000)])
