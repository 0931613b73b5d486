"""Listeners of other code, in a flush: the log has what was written, or nothing is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError

from app.audit.changes.guard import UnauditedWriteError
from tests.audit.changes.conftest import Library
from tests.audit.changes.models import LIST, MEMO, Note

pytestmark = [
    pytest.mark.anyio,
    # SQLAlchemy says that it does not write what is set after the statements, and that
    # it finds no transaction to roll back.
    pytest.mark.filterwarnings("ignore:Attribute history events"),
    pytest.mark.filterwarnings("ignore:transaction already deassociated"),
]

MOMENTS = ("before_insert", "after_insert", "before_update", "after_update")
SESSION_MOMENTS = ("before_flush", "after_flush", "after_flush_postexec")
NOTES: Any = Note.__table__


@pytest.fixture(params=["records", "orm"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def library(library: Library) -> Library:
    async with library.database.writing() as session:
        for id, title in ((MEMO, "Memo"), (LIST, "List")):
            session.add(Note(id=id, title=title, pages=1))
    return library


@contextmanager
def listening(target: Any, name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)


async def require_log_equals_rows(library: Library) -> None:
    """Replay the log: it ends with the rows as they are."""
    replayed: dict[Any, Any] = {MEMO: ("Memo", 1, 1), LIST: ("List", 1, 1)}
    for change in await library.changes():
        id, old, new = change.entity_id, change.old or {}, change.new or {}
        title, pages, _ = replayed.get(id, (None, None, 0))
        assert (old.get("title", title), old.get("pages", pages)) == (title, pages)
        values = new.get("title", title), new.get("pages", pages)
        replayed[id] = (*values, change.version)
    async with library.database.reading() as session:
        rows = await session.execute(select(NOTES))
        assert {it.id: (it.title, it.pages, it.version) for it in rows} == replayed


async def write_each(session: Any, way: str, seen: list[Note] | None = None) -> None:
    """Change two notes, and insert two, in one flush."""
    if way == "orm":
        await session.connection()
    notes = [await session.find_for_update(Note, id) for id in (MEMO, LIST)]
    for note in notes:
        note.pages = 2
    new = [Note(title=f"New {n}", pages=1) for n in range(2)]
    session.add_all(new)
    if seen is not None:
        seen += [*notes, *new]
    await session.flush()
    assert session.has_orm_session == (way == "orm")


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_listener_may_change_another_object(
    library: Library, way: str, moment: str
) -> None:
    def change_all(*_: Any) -> None:
        calls.append(moment)
        for note in notes:
            note.pages, note.title = 7, "Another"

    notes: list[Note] = []
    calls: list[str] = []
    with listening(Note, moment, change_all):
        await library.write(lambda session: write_each(session, way, notes))
    assert len(calls) == 2
    await require_log_equals_rows(library)


@pytest.mark.parametrize("moment", SESSION_MOMENTS)
async def test_a_listener_of_the_session_may_change_objects(
    library: Library, moment: str
) -> None:
    def change(session: Any, *_: Any) -> None:
        if not done:
            done.append(1)
            for note in [*session.identity_map.values(), *session.new]:
                note.pages = 7

    done: list[int] = []

    async def path(session: Any) -> None:
        opened: Any = (await session.connection()) and session.sync_session
        with listening(opened, moment, change):
            await write_each(session, "orm")
        await session.flush()

    await library.write(path)
    assert done
    await require_log_equals_rows(library)


def roll_back(connection: Any) -> None:
    connection.get_transaction().rollback()


def commit(connection: Any) -> None:
    connection.get_transaction().commit()


def begin_again(connection: Any) -> None:
    connection.get_transaction().rollback()
    connection.begin()


def roll_back_savepoint(connection: Any) -> None:
    connection.begin_nested().rollback()


@pytest.mark.sampled(4, on=["postgresql"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("end", [roll_back, commit, begin_again, roll_back_savepoint])
async def test_a_transaction_that_ends_in_a_flush_is_refused(
    library: Library, way: str, moment: str, end: Callable[[Any], None]
) -> None:
    def listener(_: Any, connection: Any, __: Any) -> None:
        if not done:
            done.append(1)
            end(connection)

    done: list[int] = []
    refused = pytest.raises((UnauditedWriteError, SQLAlchemyError))
    with listening(Note, moment, listener), refused:
        await library.write(lambda session: write_each(session, way))
    assert done
    assert not await library.changes()
    async with library.database.reading() as session:
        rows = [*await session.execute(select(NOTES))]
    assert [(row.pages, row.version) for row in rows] == [(1, 1)] * 2
