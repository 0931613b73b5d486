"""What the history promises beyond covering every path."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from app.audit.changes.guard import UnauditedWriteError, unaudited
from app.audit.changes.install import install_cdc
from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.database import ReadOnlyError
from app.core.db.ids import uuid7
from app.modules.products.models import Product
from app.modules.tasks.models import Task
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import ANN, TEA, Author, Book, Chapter

pytestmark = pytest.mark.anyio
BOOK: Any = Book


async def rename(session: AsyncSession) -> None:
    (await session.get_one(Author, ANN)).name = "Anna"


async def test_a_row_says_who_in_which_request_and_what(library: Library) -> None:
    await library.write(rename)
    (change,) = await library.changes()
    assert (change.actor_id, change.actor_label) == (ANN, "ann@example.com")
    assert change.request_id == "path"
    assert (change.entity, change.entity_id, change.version) == ("Author", ANN, 2)
    assert change.at.utcoffset() is not None
    assert change.old
    assert change.new
    assert (change.old.pop("name"), change.new.pop("name")) == ("Ann", "Anna")
    # Nothing else has changed, but for the time.
    assert change.old.keys() == change.new.keys() == {"updated_at"}
    assert change.old["updated_at"] < change.new["updated_at"]


async def test_values_are_told_as_the_columns_hold_them(library: Library) -> None:
    east = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=5)))

    async def add(session: AsyncSession) -> None:
        session.add(Product(sku="TEA", name="Tea", price=Decimal("1.5")))
        session.add(Task(title="Drink", due_at=east))

    await library.write(add)
    product, task = sorted(await library.changes(), key=lambda change: change.entity)
    assert product.new
    assert task.new
    assert product.old is None
    assert product.new["price"] == "1.50"
    assert task.new["due_at"] == "2026-05-01T07:00:00Z"
    assert task.new["status"] == "todo"
    async with library.database.reading() as session:
        stored = (await session.scalars(select(Product))).one()
    assert Product.model_validate(product.new).model_dump() == stored.model_dump()


async def test_a_secret_is_told_apart_but_not_told(library: Library) -> None:
    for secret in ("hunter3", "hunter2", "hunter3"):

        async def write(session: AsyncSession, secret: str = secret) -> None:
            (await session.get_one(Author, ANN)).secret = secret
            session.add(Author(name="Bob", secret=secret))

        await library.write(write)
    changes = await library.changes()
    anns = [each.new["secret"] for each in changes if each.new and each.old]
    bobs = [each.new["secret"] for each in changes if each.new and not each.old]
    assert anns[0] == anns[2] != anns[1]
    # Nobody learns from it that two people share a secret.
    assert len({*anns, *bobs}) == 2 + 3
    assert not any("hunter" in str(change) for change in changes)


async def test_a_stale_read_cannot_lie(library: Library) -> None:
    async with library.database.reading() as session:
        stale = await session.get_one(Book, TEA)

    async def overtake(session: AsyncSession) -> None:
        (await session.get_one(Book, TEA)).pages = 5

    async def too_late(session: AsyncSession) -> None:
        session.add(stale)
        stale.pages = 2

    await library.write(overtake)
    with pytest.raises(StaleDataError):
        await library.write(too_late)
    ((title, diff),) = await library.story()
    assert (title, diff["pages"]) == ("UPDATE Book v2", [1, 5])


async def test_a_stale_delete_is_refused(library: Library) -> None:
    async with library.database.reading() as session:
        stale = await session.get_one(Author, ANN)

    async def too_late(session: AsyncSession) -> None:
        await session.delete(stale)

    await library.write(rename)
    with pytest.raises(StaleDataError):
        await library.write(too_late)
    assert [title for title, _ in await library.story()] == ["UPDATE Author v2"]


async def test_what_is_deleted_is_told_as_it_was_stored(library: Library) -> None:
    async def change_and_delete(session: AsyncSession) -> None:
        chapter = (await session.scalars(select(Chapter))).one()
        chapter.title = "never written"
        await session.delete(chapter)

    await library.write(change_and_delete)
    *_, (_, diff) = await library.story()
    story = [title for title, _ in await library.story()]
    stored = "never written" if story[0].startswith("UPDATE") else "Leaves"
    assert diff["title"] == [stored, None]


async def lose_the_log(session: AsyncSession) -> None:
    with unaudited("a test of a broken log"):
        await session.execute(text("ALTER TABLE audit_change RENAME TO lost"))


async def test_without_its_history_a_change_is_undone(library: Library) -> None:
    async def rename_unwritably(session: AsyncSession) -> None:
        await lose_the_log(session)
        await rename(session)

    before = await library.rows()
    with pytest.raises(DBAPIError):
        await library.write(rename_unwritably)
    assert await library.rows() == before


async def test_a_caught_failure_of_the_history_is_no_way_around_it(
    library: Library,
) -> None:
    async def rename_and_carry_on(session: AsyncSession) -> None:
        await lose_the_log(session)
        try:
            await rename(session)
            await session.flush()
        except DBAPIError:
            await session.commit()

    before = await library.rows()
    with pytest.raises(Exception, match="rolled back"):
        await library.write(rename_and_carry_on)
    assert await library.rows() == before


async def test_what_failed_leaves_no_row(library: Library) -> None:
    async def fail_and_go_on(session: AsyncSession) -> None:
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                session.add(Chapter(title="Lost", book_id=ANN))
        session.add(Chapter(title="Kept", book_id=TEA))

    await library.write(fail_and_go_on)
    ((title, diff),) = await library.story()
    assert (title, diff["title"]) == ("INSERT Chapter v1", [None, "Kept"])


async def test_installing_twice_records_once(
    library: Library, settings: Settings
) -> None:
    install_cdc(library.database, settings)
    await library.write(rename)
    assert len(await library.changes()) == 1


async def test_a_reading_session_cannot_write(library: Library) -> None:
    with pytest.raises(ReadOnlyError):
        async with library.database.reading() as session:
            await rename(session)

    async def flush_too() -> None:
        async with library.database.reading() as session:
            await rename(session)
            await session.flush()

    with pytest.raises(ReadOnlyError):
        await flush_too()
    with pytest.raises(UnauditedWriteError):
        async with library.database.reading() as session:
            await session.execute(text("DELETE FROM book"))
    assert await library.story() == []


async def test_an_excuse_leaves_its_reason_and_ends_with_its_block(
    library: Library,
) -> None:
    async def fix(session: AsyncSession) -> None:
        with unaudited("repair of broken pages"):
            await session.execute(text("UPDATE book SET pages = 9"))
        with pytest.raises(RuntimeError, match="does not record this write"):
            await session.execute(text("UPDATE book SET pages = 8"))

    await library.write(fix)
    (change,) = await library.changes()
    assert (change.action, change.entity) == ("UNAUDITED", "book")
    assert (change.reason, change.actor_id) == ("repair of broken pages", ANN)


FORGERY = {"id": uuid7(), "request_id": "path", "action": "DELETE", "entity": "Book"}


async def test_nobody_adds_to_the_log_but_the_audit(library: Library) -> None:
    async def forge(session: AsyncSession) -> None:
        await session.execute(insert(AuditChange), [FORGERY])

    async def forge_as_object(session: AsyncSession) -> None:
        session.add(AuditChange.model_validate(FORGERY))

    for path in (forge, forge_as_object):
        with pytest.raises(UnauditedWriteError):
            await library.write(path)
    assert await library.story() == []


async def test_four_thousand_children_go_with_their_parent(library: Library) -> None:
    async def fill(session: AsyncSession) -> None:
        session.add_all(Chapter(title=f"{n}", book_id=TEA) for n in range(4_000))

    async def clear(session: AsyncSession) -> None:
        chapters = selectinload(BOOK.chapters)
        await session.delete(
            (await session.scalars(select(Book).options(chapters))).one()
        )

    await library.write(fill)
    await library.write(clear)
    titles = [title for title, _ in await library.story()]
    assert titles.count("DELETE Chapter v2") == 4_000 + 1
    assert titles.count("DELETE Book v2") == 1


async def test_a_stolen_row_version_is_no_second_story(library: Library) -> None:
    """Raw SQL that is excused must raise the version, or its successor is refused."""

    async def turn_back(session: AsyncSession) -> None:
        with unaudited("a version set back"):
            await session.execute(text("UPDATE author SET version = 1"))

    await library.write(rename)
    await library.write(turn_back)

    async def rename_again(session: AsyncSession) -> None:
        (await session.get_one(Author, ANN)).name = "Hannah"

    with pytest.raises(UnauditedWriteError):
        await library.write(rename_again)
