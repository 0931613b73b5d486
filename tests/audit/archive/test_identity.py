"""The identity of the archive in the database."""

import asyncio
from uuid import UUID

from app.audit.archive.context import ArchiveContext
from app.audit.archive.identity import get_archive_id, read_archive_id
from app.core.db.database import Database
from tests.audit.archive.rows import AuditLog


async def get_id(database: Database) -> UUID:
    async with database.writing() as session:
        return await get_archive_id(session)


async def read_id(database: Database) -> UUID | None:
    async with database.reading() as session:
        return await read_archive_id(session)


def test_an_identity_is_made_once(audit_log: AuditLog) -> None:
    async def use(context: ArchiveContext) -> None:
        assert await read_id(context.database) is None
        id = await get_id(context.database)
        assert id.version == 4
        assert await get_id(context.database) == id
        assert await read_id(context.database) == id

    audit_log.run(use)


def test_two_processes_make_one_identity(audit_log: AuditLog) -> None:
    async def use(context: ArchiveContext) -> set[UUID]:
        databases = [Database(audit_log.settings) for _ in range(4)]
        ids = await asyncio.gather(*(get_id(each) for each in databases))
        for each in databases:
            await each.close()
        return {*ids, *[await read_id(context.database) or UUID(int=0)]}

    assert len(audit_log.run(use)) == 1
