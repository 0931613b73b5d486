"""Change data capture: content of the entries, failures and forgeries."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from app.audit.changes.guard import UnauditedWriteError, unaudited
from app.audit.changes.install import install_cdc
from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.driver.read_only import ReadOnlyError
from app.core.db.ids import uuid7
from app.modules.products.models import Product
from app.modules.tasks.models import Task
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import (
    ANN,
    TEA,
    Author,
    Book,
    Chapter,
    Converted,
    Counted,
    Signed,
)

pytestmark = pytest.mark.anyio
BOOK: Any = Book


async def rename(session: AsyncSession) -> None:
    (await session.get_one(Author, ANN)).name = "Anna"


async def test_an_entry_has_the_user_the_request_and_the_values(
    library: Library,
) -> None:
    await library.write(rename)
    (change,) = await library.changes()
    assert (change.actor_id, change.actor_label) == (ANN, "ann@example.com")
    assert change.request_id == "path"
    assert (change.entity, change.entity_id, change.version) == ("Author", ANN, 2)
    assert change.at.utcoffset() is not None
    assert change.old
    assert change.new
    assert (change.old.pop("name"), change.new.pop("name")) == ("Ann", "Anna")
    # Of the other columns, only the timestamp has changed.
    assert change.old.keys() == change.new.keys() == {"updated_at"}
    assert change.old["updated_at"] < change.new["updated_at"]


async def test_values_are_logged_as_they_are_stored(library: Library) -> None:
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


async def test_a_secret_is_logged_as_a_keyed_hash(library: Library) -> None:
    for secret in ("hunter3", "hunter2", "hunter3"):

        async def write(session: AsyncSession, secret: str = secret) -> None:
            (await session.get_one(Author, ANN)).secret = secret
            session.add(Author(name="Bob", secret=secret))

        await library.write(write)
    changes = await library.changes()
    anns = [each.new["secret"] for each in changes if each.new and each.old]
    bobs = [each.new["secret"] for each in changes if each.new and not each.old]
    assert anns[0] == anns[2] != anns[1]
    # The hashes do not show that two users have the same secret.
    assert len({*anns, *bobs}) == 2 + 3
    assert not any("hunter" in str(change) for change in changes)


async def test_an_update_of_a_stale_row_is_rejected(library: Library) -> None:
    async with library.database.reading() as session:
        stale = await session.get_one(Book, TEA)

    async def update_first(session: AsyncSession) -> None:
        (await session.get_one(Book, TEA)).pages = 5

    async def write_stale(session: AsyncSession) -> None:
        session.add(stale)
        stale.pages = 2

    await library.write(update_first)
    with pytest.raises(StaleDataError):
        await library.write(write_stale)
    ((title, diff),) = await library.entries()
    assert (title, diff["pages"]) == ("UPDATE Book v2", [1, 5])


async def test_a_delete_of_a_stale_row_is_rejected(library: Library) -> None:
    async with library.database.reading() as session:
        stale = await session.get_one(Author, ANN)

    async def write_stale(session: AsyncSession) -> None:
        await session.delete(stale)

    await library.write(rename)
    with pytest.raises(StaleDataError):
        await library.write(write_stale)
    assert [title for title, _ in await library.entries()] == ["UPDATE Author v2"]


async def test_a_delete_logs_the_stored_values(library: Library) -> None:
    async def change_and_delete(session: AsyncSession) -> None:
        chapter = (await session.scalars(select(Chapter))).one()
        chapter.title = "never written"
        await session.delete(chapter)

    await library.write(change_and_delete)
    *_, (_, diff) = await library.entries()
    titles = [title for title, _ in await library.entries()]
    stored = "never written" if titles[0].startswith("UPDATE") else "Leaves"
    assert diff["title"] == [stored, None]


async def lose_the_log(session: AsyncSession) -> None:
    with unaudited("a test of a broken log"):
        await session.execute(text("ALTER TABLE audit_change RENAME TO lost"))


async def test_a_change_is_rolled_back_if_logging_fails(library: Library) -> None:
    async def rename_without_log(session: AsyncSession) -> None:
        await lose_the_log(session)
        await rename(session)

    before = await library.rows()
    with pytest.raises(DBAPIError):
        await library.write(rename_without_log)
    assert await library.rows() == before


async def test_a_caught_logging_failure_still_rolls_back(
    library: Library,
) -> None:
    async def rename_and_commit(session: AsyncSession) -> None:
        await lose_the_log(session)
        try:
            await rename(session)
            await session.flush()
        except DBAPIError:
            await session.commit()

    before = await library.rows()
    with pytest.raises(Exception, match=r"rolled back|no such table: audit_change"):
        await library.write(rename_and_commit)
    assert await library.rows() == before


async def test_a_failed_insert_is_not_logged(library: Library) -> None:
    async def fail_and_continue(session: AsyncSession) -> None:
        lost = Chapter(title="Lost", book_id=ANN)
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                session.add_all([Author(name="Written first"), lost])
        session.add(Chapter(title="Kept", book_id=TEA))

    await library.write(fail_and_continue)
    ((title, diff),) = await library.entries()
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

    async def write_and_flush() -> None:
        async with library.database.reading() as session:
            await rename(session)
            await session.flush()

    with pytest.raises(ReadOnlyError):
        await write_and_flush()
    with pytest.raises(UnauditedWriteError):
        async with library.database.reading() as session:
            await session.execute(text("DELETE FROM book"))
    assert await library.entries() == []


async def test_an_unaudited_block_logs_its_reason(
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


async def test_log_rows_cannot_be_inserted_directly(library: Library) -> None:
    async def forge(session: AsyncSession) -> None:
        await session.execute(insert(AuditChange), [FORGERY])

    async def forge_as_object(session: AsyncSession) -> None:
        session.add(AuditChange.model_validate(FORGERY))

    for path in (forge, forge_as_object):
        with pytest.raises(UnauditedWriteError):
            await library.write(path)
    assert await library.entries() == []


@pytest.mark.slow
async def test_a_cascade_to_four_thousand_rows_is_logged(library: Library) -> None:
    async def fill(session: AsyncSession) -> None:
        session.add_all(Chapter(title=f"{n}", book_id=TEA) for n in range(4_000))

    async def clear(session: AsyncSession) -> None:
        chapters = selectinload(BOOK.chapters)
        await session.delete(
            (await session.scalars(select(Book).options(chapters))).one()
        )

    await library.write(fill)
    await library.write(clear)
    titles = [title for title, _ in await library.entries()]
    assert titles.count("DELETE Chapter v2") == 4_000 + 1
    assert titles.count("DELETE Book v2") == 1


async def test_a_statement_on_too_many_rows_is_rejected(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.changes.bulk.MAX_ROWS", 2)

    async def fill(session: AsyncSession) -> None:
        session.add_all(Chapter(title=f"{n}", book_id=TEA) for n in range(2))

    async def clear(session: AsyncSession) -> None:
        await session.execute(delete(Chapter))

    await library.write(fill)
    before = await library.rows()
    with pytest.raises(UnauditedWriteError):
        await library.write(clear)
    assert await library.rows() == before


async def test_a_reused_row_version_is_rejected(library: Library) -> None:
    """Unaudited SQL must increment the version, or the next change is rejected."""

    async def reset_version(session: AsyncSession) -> None:
        with unaudited("a version set back"):
            await session.execute(text("UPDATE author SET version = 1"))

    await library.write(rename)
    await library.write(reset_version)

    async def rename_again(session: AsyncSession) -> None:
        (await session.get_one(Author, ANN)).name = "Hannah"

    with pytest.raises(UnauditedWriteError):
        await library.write(rename_again)


SET_BY_UPDATE = [(Signed, "by", ["Ann", "Bob"]), (Counted, "changes", [0, 1])]


@pytest.mark.parametrize("way", ["records", "orm"])
@pytest.mark.parametrize(("model", "name", "expected"), SET_BY_UPDATE)
async def test_a_column_that_each_update_sets_is_recorded(
    library: Library, way: str, model: Any, name: str, expected: list[object]
) -> None:
    id = uuid7()

    async def add(session: Any) -> None:
        session.add(model(id=id, title="Tea"))

    async def change(session: Any) -> None:
        if way == "orm":
            assert session.sync_session
        (await session.find(model, id)).title = "Coffee"

    await library.write(add)
    await library.write(change)
    (_, (_, diff)) = await library.entries()
    assert (diff["title"], diff[name]) == (["Tea", "Coffee"], expected)


async def test_a_response_shows_what_the_database_has_computed(
    library: Library,
) -> None:
    """It is made outside the session's greenlet, so it can't ask for the value."""

    async def write(session: Any) -> None:
        row = Converted(id=uuid7(), number=1)
        session.add(row)
        await session.flush()
        assert (row.twice, row.origin) == (2, "here")
        row.number = 2
        await session.flush()
        assert row.twice == 4

    await library.write(write)
    (_, (_, diff)) = await library.entries()
    assert (diff["number"], diff["twice"]) == ([1, 2], [2, 4])
