"""Queries on archive files and their states."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, type_coerce
from sqlalchemy.types import NULLTYPE
from sqlmodel import col

from app.audit.archive.logs import CHANGES, Log
from app.audit.archive.models import DELETED, AuditArchive, FileState, base_path
from app.audit.archive.rows.entities import read_readable
from app.audit.models import AuditChange
from app.core.db.driver.statements import Prepared
from app.core.db.session import DatabaseSession

FIRST_VERSION = Prepared(
    select(func.min(col(AuditChange.version))).where(
        col(AuditChange.entity) == bindparam("entity"),
        col(AuditChange.entity_id) == bindparam("entity_id"),
    )
)
LAST_PRUNED = Prepared(
    select(func.max(AuditArchive.last_at)).where(
        col(AuditArchive.log) == CHANGES.name,
        col(AuditArchive.state).in_(DELETED),
    )
)


class FileRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def list_files(self, log: Log) -> list[AuditArchive]:
        """Return a log's files, in the order of their chain, but damaged records."""
        query = select(AuditArchive).where(col(AuditArchive.log) == log.name)
        ordered = query.order_by(col(AuditArchive.sequence))
        key = type_coerce(col(AuditArchive.id), NULLTYPE)
        return await read_readable(self.session, ordered, key)

    async def list_between(
        self, log: Log, first: datetime, last: datetime
    ) -> list[AuditArchive]:
        """Return the files with a manifest whose rows may be of this time."""
        query = select(AuditArchive).where(
            col(AuditArchive.log) == log.name,
            col(AuditArchive.manifest).is_not(None),
            col(AuditArchive.first_at) <= last,
            col(AuditArchive.last_at) >= first,
        )
        ordered = query.order_by(col(AuditArchive.sequence))
        return list(await self.session.scalars(ordered))

    async def get_last_pruned(self, log: Log) -> datetime | None:
        """Return the time of the newest row of pruned files."""
        query = select(func.max(AuditArchive.last_at)).where(
            col(AuditArchive.log) == log.name,
            col(AuditArchive.state) == FileState.PRUNED,
        )
        return await self.session.scalar(query)

    async def list_held(self, log: Log) -> list[str]:
        """Return the names of files that have rows which a hold keeps live."""
        files = await self.list_files(log)
        return [file.name for file in files if file.state == FileState.HELD]

    async def get_newest_with_manifest(self, log: Log) -> AuditArchive | None:
        """Return the log's newest file that has a manifest, or None."""
        query = select(AuditArchive).where(
            col(AuditArchive.log) == log.name, col(AuditArchive.manifest).is_not(None)
        )
        ordered = query.order_by(col(AuditArchive.sequence).desc()).limit(1)
        return (await self.session.scalars(ordered)).first()

    async def add_file(self, log: Log, day: date) -> AuditArchive:
        """Insert the next file of a day, in state WRITING."""
        number = await self.next_number(log, day)
        sequence = await self.next_sequence(log)
        file = AuditArchive(log=log.name, day=day, number=number, sequence=sequence)
        self.session.add(file)
        await self.session.flush()
        return file

    async def next_name(self, log: Log, day: date) -> str:
        """Return the base path of the next file of a day."""
        return base_path(log.name, day, await self.next_number(log, day))

    async def next_number(self, log: Log, day: date) -> int:
        query = select(func.max(AuditArchive.number)).where(
            col(AuditArchive.log) == log.name, col(AuditArchive.day) == day
        )
        return (await self.session.scalar(query) or 0) + 1

    async def next_sequence(self, log: Log) -> int:
        """Return the next number in the order of a log's files."""
        query = select(func.max(AuditArchive.sequence))
        query = query.where(col(AuditArchive.log) == log.name)
        return (await self.session.scalar(query) or 0) + 1

    async def save_file(self, file: AuditArchive) -> None:
        await self.session.merge(file)

    async def delete_file(self, file: AuditArchive) -> None:
        await self.session.delete(await self.session.merge(file))

    async def archived_until(self, entity: str, entity_id: UUID) -> datetime | None:
        """Return the time up to which changes of this entity may be in archives only.

        None if the live history is complete: it has version 1, or no change was ever
        archived. All changes after the returned time are in the live table.
        """
        record = {"entity": entity, "entity_id": entity_id}
        if await self.session.value(FIRST_VERSION, record) == 1:
            return None
        return await self.last_pruned()

    async def last_pruned(self) -> datetime | None:
        """Return the time up to which changes of any entity may be in archives only."""
        archived: datetime | None = await self.session.value(LAST_PRUNED)
        return archived

    async def may_have_moved(self, log: Log, first: datetime, last: datetime) -> bool:
        """Return whether this database may have moved a row of this time to a file.

        It never had the rows of a file that it has adopted.
        """
        query = select(func.count().label("count")).where(
            col(AuditArchive.log) == log.name,
            col(AuditArchive.state).in_(DELETED),
            col(AuditArchive.adopted_at).is_(None),
            col(AuditArchive.first_at) <= last,
            col(AuditArchive.last_at) >= first,
        )
        return bool(await self.session.value(query))
