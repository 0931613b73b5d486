"""Write paths: each way to write to an entity is either recorded or refused.

One function per write path. `recorded` gives the expected entries of the change log;
with `refused`, the write must fail and change nothing.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Query, load_only, selectinload

from app.audit.changes.guard import UnauditedWriteError, unaudited
from tests.audit.changes.conftest import Diff, Library, Path
from tests.audit.changes.models import ANN, BOB, LEAVES, TEA, Author, Book, Chapter

pytestmark = pytest.mark.anyio

# Type checkers see an entity's attributes as values; here they are columns.
AUTHOR: Any = Author
BOOK: Any = Book
BOOKS = BOOK.__table__

RECORDED: list[Any] = []
REFUSED: list[Any] = []


def recorded(*entries: tuple[str, Diff]) -> Callable[[Path], Path]:
    def keep(path: Path) -> Path:
        RECORDED.append(pytest.param(path, list(entries), id=path.__name__))
        return path

    return keep


def refused(path: Path) -> Path:
    REFUSED.append(pytest.param(path, id=path.__name__))
    return path


def pages(old: int, new: int, version: int = 2) -> tuple[str, Diff]:
    return f"UPDATE Book v{version}", {"pages": [old, new]}


# Unit of work.


@recorded(("INSERT Author v1", {"name": [None, "Bob"], "secret": [None, None]}))
async def add(session: AsyncSession) -> None:
    session.add(Author(name="Bob"))


@recorded(*[("INSERT Chapter v1", {"title": [None, f"{n}"]}) for n in range(3)])
async def add_all(session: AsyncSession) -> None:
    session.add_all(Chapter(title=f"{n}") for n in range(3))


@recorded(pages(1, 2))
async def attribute(session: AsyncSession) -> None:
    (await session.get_one(Book, TEA)).pages = 2


@recorded(pages(1, 2), pages(2, 3, version=3))
async def two_flushes(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.pages = 2
    await session.flush()
    book.pages = 3


@recorded()
async def same_value(session: AsyncSession) -> None:
    (await session.get_one(Book, TEA)).pages = 1


@recorded()
async def changed_and_changed_back(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.pages = 2
    book.pages = 1


@recorded(pages(1, 2))
async def expired_then_overwritten(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    session.expire(book)
    await session.run_sync(lambda _: setattr(book, "pages", 2))


@recorded(pages(1, 2))
async def unloaded_then_overwritten(session: AsyncSession) -> None:
    only_title = select(Book).options(load_only(BOOK.title))
    book = (await session.scalars(only_title)).one()
    await session.run_sync(lambda _: setattr(book, "pages", 2))


@recorded(pages(1, 2))
async def merge(session: AsyncSession) -> None:
    stored = await session.get_one(Book, TEA)
    copy = Book(**stored.model_dump() | {"pages": 2})
    session.expunge(stored)
    await session.merge(copy)


@recorded(("UPDATE Book v2", {"notes": [{"a": 1}, {"a": 2}]}))
async def document_replaced(session: AsyncSession) -> None:
    (await session.get_one(Book, TEA)).notes = {"a": 2}


@recorded(("UPDATE Author v2", {"secret": ["***", "***"]}))
async def secret(session: AsyncSession) -> None:
    (await session.get_one(Author, ANN)).secret = "hunter3"


@recorded(("DELETE Chapter v2", {"title": ["Leaves", None], "version": [1, None]}))
async def remove(session: AsyncSession) -> None:
    await session.delete(await session.get_one(Chapter, LEAVES))


@recorded(("DELETE Chapter v2", {"title": ["Leaves", None], "version": [1, None]}))
async def remove_expired(session: AsyncSession) -> None:
    chapter = await session.get_one(Chapter, LEAVES)
    session.expire(chapter)
    await session.delete(chapter)


@refused
async def key_changed(session: AsyncSession) -> None:
    (await session.get_one(Chapter, LEAVES)).id = BOB


# Relationships.


async def author_with_books(session: AsyncSession) -> Author:
    books = selectinload(AUTHOR.books)
    chapters = books.selectinload(BOOK.chapters)
    query = select(Author).where(AUTHOR.id == ANN)
    return (await session.scalars(query.options(chapters))).one()


@recorded(
    ("INSERT Author v1", {}), ("UPDATE Book v2", {"author_id": [str(ANN), str(BOB)]})
)
async def key_set_by_relationship(session: AsyncSession) -> None:
    book = (await author_with_books(session)).books[0]
    book.author = Author(id=BOB, name="Bob")


@recorded(
    ("UPDATE Book v2", {"author_id": [str(ANN), None]}),
    ("DELETE Author v2", {"name": ["Ann", None], "secret": ["***", None]}),
)
async def key_cleared_by_parent(session: AsyncSession) -> None:
    await session.delete(await author_with_books(session))


@recorded(("DELETE Chapter v2", {"title": ["Leaves", None]}))
async def orphan(session: AsyncSession) -> None:
    ann = await author_with_books(session)
    ann.books[0].chapters.clear()


@recorded(("DELETE Chapter v2", {}), ("DELETE Book v2", {"pages": [1, None]}))
async def cascade(session: AsyncSession) -> None:
    await session.delete((await author_with_books(session)).books[0])


# Transactions.


@recorded(pages(1, 2), pages(2, 4, version=3))
async def savepoint_rolled_back(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.pages = 2
    savepoint = await session.begin_nested()
    book.pages = 3
    await session.flush()
    await savepoint.rollback()
    await session.refresh(book)
    book.pages = 4


@recorded()
async def savepoint_first_then_all_rolled_back(session: AsyncSession) -> None:
    async with session.begin_nested():
        session.add(Author(name="Ghost"))
    await session.rollback()


# Bulk statements.


@recorded(pages(1, 7))
async def bulk_update(session: AsyncSession) -> None:
    await session.execute(update(Book).values(pages=7))


@recorded(pages(1, 11))
async def bulk_update_by_expression(session: AsyncSession) -> None:
    changed = update(Book).where(BOOK.title == "Tea").values(pages=BOOK.pages + 10)
    result = await session.execute(changed.returning(BOOK.pages))
    assert result.scalars().all() == [11]


@recorded(pages(1, 2), pages(2, 3, version=3), pages(3, 4, version=4))
async def bulk_update_between_changes(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.pages = 2
    await session.execute(update(Book).values(pages=3))
    book.pages = 4


@recorded(pages(1, 7))
async def bulk_update_from_another_table(session: AsyncSession) -> None:
    by_ann = BOOK.author_id == AUTHOR.id, AUTHOR.name == "Ann"
    await session.execute(update(Book).where(*by_ann).values(pages=7))


@recorded(pages(1, 7))
async def bulk_update_by_query(session: AsyncSession) -> None:
    await session.run_sync(lambda sync: Query(Book, sync).update({"pages": 7}))


@recorded()
async def bulk_update_of_nothing(session: AsyncSession) -> None:
    await session.execute(update(Book).where(BOOK.pages > 9).values(pages=7))


@recorded(("UPDATE Author v2", {"secret": ["***", None]}))
async def bulk_update_of_a_secret(session: AsyncSession) -> None:
    await session.execute(update(Author).values(secret=None))


@recorded(("DELETE Chapter v2", {"title": ["Leaves", None]}))
async def bulk_delete(session: AsyncSession) -> None:
    await session.execute(delete(Chapter))


@recorded(("UNAUDITED book vNone", {}))
async def declared_unaudited(session: AsyncSession) -> None:
    with unaudited("a test of the exception"):
        await session.execute(text("UPDATE book SET pages = 9"))


# Writes that the hooks of the session cannot record.


@refused
async def bulk_insert(session: AsyncSession) -> None:
    await session.execute(insert(Author), [{"name": "Bob"}, {"name": "Cid"}])


@refused
async def bulk_insert_from_select(session: AsyncSession) -> None:
    names = select(func.upper(AUTHOR.name))
    await session.execute(insert(Author).from_select(["name"], names))


@refused
async def upsert(session: AsyncSession) -> None:
    flavour: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    statement = flavour[session.get_bind().dialect.name](Author)
    await session.execute(statement.values(id=ANN, name="Bob").on_conflict_do_nothing())


@refused
async def bulk_update_by_keys(session: AsyncSession) -> None:
    await session.execute(update(Book), [{"id": TEA, "pages": 2}])


@refused
async def bulk_update_of_keys(session: AsyncSession) -> None:
    await session.execute(update(Chapter).values(id=BOB))


@refused
async def expression_assigned(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.pages = BOOK.pages + 1


@refused
async def document_edited_in_place(session: AsyncSession) -> None:
    book = await session.get_one(Book, TEA)
    book.notes["a"] = 2


@refused
async def core_in_session(session: AsyncSession) -> None:
    await session.execute(update(BOOKS).values(pages=2))


@refused
async def core_on_connection(session: AsyncSession) -> None:
    connection = await session.connection()
    await connection.execute(delete(BOOKS))


@refused
async def core_in_a_cte(session: AsyncSession) -> None:
    gone = delete(BOOKS).returning(BOOKS.c.id).cte()
    await session.execute(select(gone.c.id))


@refused
async def driver_sql(session: AsyncSession) -> None:
    connection = await session.connection()
    await connection.exec_driver_sql("UPDATE book SET pages = 2")


def as_text(sql: str) -> None:
    async def path(session: AsyncSession) -> None:
        await session.execute(text(sql))

    REFUSED.append(pytest.param(path, id=re.sub(r"\W+", "_", sql)))


as_text("UPDATE book SET pages = 2")
as_text('/* SELECT */ update\n"book" SET pages = 2')
as_text("WITH x AS (SELECT 1) DELETE FROM book")
as_text("INSERT INTO book SELECT * FROM book")
as_text("REPLACE INTO book VALUES (1)")
as_text("TRUNCATE public.book")
as_text("SELECT 1; DELETE FROM book")


def in_bulk(name: str, *arguments: Any) -> None:
    async def path(session: AsyncSession) -> None:
        await session.run_sync(lambda sync: getattr(sync, name)(*arguments))

    REFUSED.append(pytest.param(path, id=name))


in_bulk("bulk_save_objects", [Author(name="Bob")])
in_bulk("bulk_insert_mappings", Author, [{"id": BOB, "name": "Bob"}])
in_bulk("bulk_update_mappings", Book, [{"id": TEA, "version": 1, "pages": 2}])


@pytest.mark.parametrize(("path", "entries"), RECORDED)
async def test_a_write_path_is_recorded(
    library: Library, path: Path, entries: list[tuple[str, Diff]]
) -> None:
    await library.write(path)
    found = await library.entries()
    assert [title for title, _ in found] == [title for title, _ in entries]
    for (_, diff), (_, expected) in zip(found, entries, strict=True):
        assert {name: diff.get(name) for name in expected} == expected


@pytest.mark.parametrize("path", REFUSED)
async def test_a_write_path_is_refused(library: Library, path: Path) -> None:
    before = await library.rows()
    with pytest.raises(UnauditedWriteError):
        await library.write(path)
    assert await library.rows() == before
    assert await library.entries() == []
