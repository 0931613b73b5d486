"""A real rename of a column and of its class, between two releases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

import pytest
from fastapi import APIRouter
from sqlalchemy import MetaData, text
from sqlalchemy.orm import registry
from sqlmodel import Field

from app.audit.changes.guard import unaudited
from app.audit.history.schemas import HistoryQuery
from app.audit.history.service import HistoryService
from app.core.db.database import Database
from app.core.models import Entity
from app.core.pagination import PageQuery
from app.core.repository import BaseRepository
from app.core.schemas import Body, Read, optional
from app.core.service import CrudService
from app.core.web.collections.resource import Resource
from app.core.web.etag import Preconditions

pytestmark = pytest.mark.anyio


class Earlier(Entity, registry=registry()):
    metadata = MetaData()


class Later(Entity, registry=registry()):
    metadata = MetaData()


class Memo(Earlier, table=True):
    __tablename__ = "note"

    label: str


class Note(Later, table=True):
    former_names: ClassVar[dict[str, str | None]] = {"label": "title"}
    former_entities: ClassVar[frozenset[str]] = frozenset({"Memo"})

    title: str
    stars: int = Field(default=1)


class NoteUpdate(Body):
    title: str = optional()
    stars: int = optional()


class NoteRead(Read):
    title: str


MIGRATION = (
    "ALTER TABLE note RENAME COLUMN label TO title",
    "ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 1",
)


def service_of(session: Any) -> CrudService[Note, Body, NoteUpdate]:
    repository: BaseRepository[Note] = BaseRepository(session)
    repository.model = Note
    return CrudService(repository, Preconditions())


@asynccontextmanager
async def past_of(database: Database, id: UUID) -> AsyncIterator[HistoryService]:
    router: Any = APIRouter()
    resource = Resource(
        router=router,
        listing=router,
        reading=router,
        entity=Note,
        read=NoteRead,
        create=Body,
        update=NoteUpdate,
        query=PageQuery,
        get_service=service_of,
        id="note_id",
        name="note",
        plural="notes",
    )
    async with database.writing() as session:
        yield HistoryService(resource, service_of(session), id)


async def migrate(database: Database) -> None:
    async with database.engine.begin() as connection:
        for statement in MIGRATION:
            with unaudited("migration"):
                await connection.execute(text(statement))


async def write_memos(database: Database) -> tuple[UUID, UUID]:
    """Write with the earlier release: a memo in two versions, and a deleted one."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Earlier.metadata.create_all)
    async with database.writing() as session:
        kept, gone = Memo(label="Tea"), Memo(label="Milk")
        session.add_all([kept, gone])
    async with database.writing() as session:
        (await session.get_one(Memo, kept.id)).label = "Green tea"
        await session.delete(await session.get_one(Memo, gone.id))
    return kept.id, gone.id


async def test_a_record_keeps_its_past(database: Database) -> None:
    kept, _ = await write_memos(database)
    await migrate(database)
    async with past_of(database, kept) as past:
        changes = (await past.history(HistoryQuery())).changes
        assert [change["entity"] for change in changes] == ["Memo", "Memo"]
        assert changes[0]["new"]["label"] == "Green tea"
        seen: list[Any] = [await past.as_of(change["at"]) for change in changes]
        assert [(note.title, note.stars) for note in seen] == [
            ("Green tea", 1),
            ("Tea", 1),
        ]
        plan = await past.preview(1)
        assert plan.changes == {"title": ("Green tea", "Tea")}
    async with past_of(database, kept) as past:
        reverted: Any = await past.revert(1)
        assert (reverted.version, reverted.title) == (3, "Tea")
        newest = (await past.history(HistoryQuery())).changes[0]
        assert (newest["entity"], newest["version"]) == ("Note", 3)


async def test_a_deleted_record_is_restored(database: Database) -> None:
    _, gone = await write_memos(database)
    await migrate(database)
    async with past_of(database, gone) as past:
        restored: Any = await past.restore()
        assert (restored.title, restored.version, restored.stars) == ("Milk", 3, 1)
