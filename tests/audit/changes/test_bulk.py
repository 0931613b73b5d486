"""Bulk statements: the log has what has happened to the rows, and nothing else."""

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.changes.guard import UnauditedWriteError
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import BOB, LIST, MEMO, Chapter, Note

pytestmark = pytest.mark.anyio

CHAPTER: Any = Chapter
CHAPTERS = 30


@pytest.fixture
async def library(library: Library) -> Library:
    async with library.database.writing() as session:
        session.add_all(Chapter(title=f"{n}") for n in range(CHAPTERS - 1))
        session.add(Note(id=MEMO, title="Memo", secret="1"))
        session.add(Note(id=LIST, title="List", secret="2"))
    return library


def by_chance() -> Any:
    """Return a condition that other rows match at each look."""
    some = select(CHAPTER.id).order_by(func.random()).limit(CHAPTERS // 2)
    return CHAPTER.id.in_(some)


async def test_rows_that_a_bulk_delete_leaves_are_not_recorded(
    library: Library,
) -> None:
    async def path(session: AsyncSession) -> None:
        await session.execute(delete(Chapter).where(by_chance()))

    before = await library.rows(Chapter)
    await library.write(path)
    deleted = before.keys() - (await library.rows(Chapter)).keys()
    assert {change.entity_id for change in await library.changes()} == deleted


async def test_rows_that_a_bulk_update_leaves_are_not_recorded(
    library: Library,
) -> None:
    async def path(session: AsyncSession) -> None:
        await session.execute(update(Chapter).where(by_chance()).values(title="x"))

    await library.write(path)
    after = await library.rows(Chapter)
    updated = {id for id, version in after.items() if version > 1}
    assert {change.entity_id for change in await library.changes()} == updated


async def test_a_refused_statement_has_changed_nothing_for_who_goes_on(
    library: Library,
) -> None:
    async def path(session: AsyncSession) -> None:
        with suppress(UnauditedWriteError):
            changed = update(Chapter).where(CHAPTER.title == "1").values(id=BOB)
            await session.execute(changed)

    before = await library.rows(Chapter)
    await library.write(path)
    assert await library.rows(Chapter) == before
    assert await library.changes() == []


async def test_a_failed_statement_has_changed_nothing_for_who_goes_on(
    library: Library,
) -> None:
    async def path(session: AsyncSession) -> None:
        with suppress(IntegrityError):
            await session.execute(update(Note).values(secret="3"))

    before = await library.rows(Note)
    await library.write(path)
    assert await library.rows(Note) == before
    assert await library.changes() == []
