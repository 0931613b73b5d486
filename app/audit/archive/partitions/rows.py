"""Queries on the rows of one partition."""

from uuid import UUID

from sqlalchemy import MetaData, select

from app.audit.archive.logs import Log
from app.audit.archive.repository import LogRepository
from app.core.db.session import DatabaseSession


class PartitionRows(LogRepository):
    """The rows of one partition."""

    def __init__(self, session: DatabaseSession, log: Log, partition: str) -> None:
        super().__init__(session, log)
        self.table = log.live.to_metadata(MetaData(), name=partition)

    async def list_ids(self, limit: int) -> list[UUID]:
        query = select(self.table.c.id).order_by(self.table.c.id).limit(limit)
        return list(await self.session.scalars(query))
