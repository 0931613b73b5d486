"""Queries on the files of cold storage: how far each one has come."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.logs import CHANGES, Log
from app.audit.archive.models import AuditArchive, State
from app.audit.models import AuditChange


class FileRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of(self, log: Log) -> list[AuditArchive]:
        """Return a log's files, in the order of their making."""
        query = select(AuditArchive).where(col(AuditArchive.log) == log.name)
        return list(await self.session.scalars(query.order_by(col(AuditArchive.id))))

    async def last_manifest(self, log: Log) -> AuditArchive | None:
        """Return the newest file of a log that has a manifest."""
        query = select(AuditArchive).where(
            col(AuditArchive.log) == log.name, col(AuditArchive.manifest).is_not(None)
        )
        ordered = query.order_by(col(AuditArchive.id).desc()).limit(1)
        return (await self.session.scalars(ordered)).first()

    async def add(self, log: Log, day: date) -> AuditArchive:
        """Begin the next file of a day."""
        query = select(func.max(AuditArchive.number)).where(
            col(AuditArchive.log) == log.name, col(AuditArchive.day) == day
        )
        number = (await self.session.scalar(query) or 0) + 1
        file = AuditArchive(log=log.name, day=day, number=number)
        self.session.add(file)
        await self.session.flush()
        return file

    async def save(self, file: AuditArchive) -> None:
        await self.session.merge(file)

    async def delete(self, file: AuditArchive) -> None:
        await self.session.delete(await self.session.merge(file))

    async def archived_until(self, entity: str, entity_id: UUID) -> datetime | None:
        """Say until when changes of this entity may be in cold storage only.

        None when its live history is whole: it goes back to the first version, or
        nothing was ever archived. Its later changes are all in the live table.
        """
        row = AuditChange
        query = select(func.min(row.version)).where(
            col(row.entity) == entity, col(row.entity_id) == entity_id
        )
        if await self.session.scalar(query) == 1:
            return None
        pruned = select(func.max(AuditArchive.last_at)).where(
            col(AuditArchive.log) == CHANGES.name,
            col(AuditArchive.state) == State.PRUNED,
        )
        return await self.session.scalar(pruned)
