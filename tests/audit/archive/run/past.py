"""Accesses of a past month, and its partition (PostgreSQL)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.audit.archive.canonical import Row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import ACCESSES
from app.audit.archive.partitions.months import Month
from app.audit.archive.partitions.repository import list_partitions
from app.audit.archive.partitions.schema import PartitionSchema
from app.audit.archive.repository import LogRepository
from app.core.clock import to_ticks
from app.core.db.ids import uuid7
from tests.audit.archive.rows import OLD, AuditLog, make_access

DEFAULT = "audit_access_default"
START = Month.of(OLD - timedelta(days=70)).start  # of a month that is over
MONTH = Month.of(START)
PARTITION = MONTH.partition_of("audit_access")


def id_at(at: datetime) -> UUID:
    """Return an id that a request at this time has."""
    made = uuid7().int & ((1 << 80) - 1)
    return UUID(int=(to_ticks(at) // 1000 << 80) | made)


def past_accesses(days: int = 2, each: int = 4) -> list[Row]:
    times = (
        START + timedelta(days=day, minutes=number)
        for day in range(days)
        for number in range(each)
    )
    return [make_access(at, n, id=id_at(at)) for n, at in enumerate(times)]


def create_partition(audit_log: AuditLog, month: Month = MONTH) -> None:
    async def create(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            await PartitionSchema(session, ACCESSES).create(month, DEFAULT)

    audit_log.run(create)


def partitions(audit_log: AuditLog) -> set[str]:
    async def read(context: ArchiveContext) -> set[str]:
        async with context.database.reading() as session:
            return {each.name for each in await list_partitions(session, ACCESSES)}

    return audit_log.run(read)


def delete(audit_log: AuditLog, ids: list[UUID]) -> None:
    async def run(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            await LogRepository(session, ACCESSES).delete_unheld_rows(ids)

    audit_log.run(run)


def count_rows(audit_log: AuditLog, table: str) -> int:
    query = f"SELECT count(*) FROM {table}"  # noqa: S608  a test's own name
    return int(execute(audit_log, query)[0][0])


def execute(audit_log: AuditLog, *statements: str) -> list[Any]:
    async def run(context: ArchiveContext) -> list[Any]:
        async with context.database.writing() as session:
            done: list[Any] = [await session.execute(text(e)) for e in statements]
            return list(done[-1]) if done[-1].returns_rows else []

    return audit_log.run(run)
