"""Queries of the consistency check: rows and changes in id order, in batches."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import DELETED, AuditArchive
from app.audit.archive.rows.reading import UNREADABLE
from app.audit.consistency.archived import ArchivedChanges, newest_archived_id
from app.audit.consistency.revealed import Unreadable, reveal_rows
from app.audit.models import Action
from app.core.db.personal.key_urls import key_url_of
from app.core.db.sqlite.spelling import IsUuid
from app.core.models import Entity, recorded_names

BATCH = 1_000
MAX_UNAUDITED = 10_000  # newest unaudited writes to a table
NEWEST_SEALS = 3  # concurrent transactions mix the ids of neighbouring seals
LOG = CHANGES.live.c
REPLAYED = (LOG.entity_id, LOG.version, LOG.at, LOG.action, LOG.old, LOG.new)


class ConsistencyRepository:
    def __init__(self, session: AsyncSession, model: type[Entity]) -> None:
        self.session = session
        self.is_own = LOG.entity.in_(recorded_names(model))
        self.table: Table = model.__table__

    def rows(self) -> AsyncIterator[Any]:
        id = self.table.c.id
        return self.read(select(self.table).where(IsUuid(id)), (id,))

    async def changes(self) -> AsyncIterator[Any]:
        keys = (LOG.entity_id, LOG.version)
        query = select(*REPLAYED).where(self.is_own)
        complete = query.where(IsUuid(LOG.entity_id), LOG.version.is_not(None))
        url = key_url_of(self.session)
        async for batch in self.batches(complete, keys):
            for row in await reveal_rows(url, batch):
                yield row

    async def read(
        self, query: Select[Any], keys: Sequence[ColumnElement[Any]]
    ) -> AsyncIterator[Any]:
        async for batch in self.batches(query, keys):
            for row in batch:
                yield row

    async def batches(
        self, query: Select[Any], keys: Sequence[ColumnElement[Any]]
    ) -> AsyncIterator[Sequence[Any]]:
        """Yield the query's rows in the order of the keys, which are unique."""
        batch = query.order_by(*keys).limit(BATCH)
        after = batch
        while found := await self.read_batch(after, keys):
            yield found
            last = key_of(found[-1], keys)
            after = batch.where(tuple_(*keys) > tuple_(*last))

    async def read_batch(
        self, batch: Select[Any], keys: Sequence[ColumnElement[Any]]
    ) -> Sequence[Any]:
        try:
            return list(await self.session.execute(batch))
        except UNREADABLE:
            found = await self.session.execute(batch.with_only_columns(*keys))
            return [await self.read_one(batch, keys, key) for key in found.all()]

    async def read_one(
        self, batch: Select[Any], keys: Sequence[ColumnElement[Any]], key: Any
    ) -> Any:
        same = (column == value for column, value in zip(keys, key, strict=True))
        try:
            return (await self.session.execute(batch.where(*same))).one()
        except UNREADABLE as error:
            return Unreadable(key, str(error))

    async def archived_changes(self) -> ArchivedChanges:
        files = AuditArchive
        query = select(func.max(files.last_at)).where(
            col(files.log) == CHANGES.name, col(files.state).in_(DELETED)
        )
        until = await self.session.scalar(query)
        if until is None:
            return ArchivedChanges(None)
        seals = select(col(AuditSeal.leaves), col(AuditSeal.sealed_at)).where(
            col(AuditSeal.log) == CHANGES.name,
            col(AuditSeal.first_at) <= until,
            col(AuditSeal.count) > 0,
        )
        newest = seals.order_by(col(AuditSeal.number).desc()).limit(NEWEST_SEALS)
        found = [(row[0], row[1]) for row in await self.session.execute(newest)]
        return ArchivedChanges(newest_archived_id(until, found))

    async def unaudited_writes(self) -> list[tuple[datetime, str]]:
        """Return time and reason of the table's unaudited writes, oldest first."""
        query = select(LOG.at, LOG.reason).where(
            LOG.entity == self.table.name, LOG.action == Action.UNAUDITED
        )
        newest = query.order_by(LOG.at.desc()).limit(MAX_UNAUDITED)
        rows = await self.session.execute(newest)
        return sorted((at, reason or "") for at, reason in rows)

    async def count_without_key(self) -> int:
        """Return how many changes have no record or no version that can be read."""
        incomplete = or_(~IsUuid(LOG.entity_id), LOG.version.is_(None))
        query = select(func.count()).where(self.is_own, incomplete)
        return await self.session.scalar(query) or 0

    async def count_without_id(self) -> int:
        """Return how many records have an id that cannot be read."""
        id = self.table.c.id
        query = select(func.count()).select_from(self.table).where(~IsUuid(id))
        return await self.session.scalar(query) or 0


def key_of(row: Any, keys: Sequence[ColumnElement[Any]]) -> Sequence[Any]:
    if isinstance(row, Unreadable):
        return row.key
    return [row._mapping[key] for key in keys]


def id_of(row: Any, name: str) -> UUID:
    id: UUID = row.key[0] if isinstance(row, Unreadable) else getattr(row, name)
    return id
