"""Entities of one row are recorded alike, whether records or the ORM writes them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from app.audit.changes.guard import UnauditedWriteError, unaudited
from app.core.clock import now
from app.core.db.records.versions import counting_from
from app.core.db.session import DatabaseSession
from app.core.repository import BaseRepository
from tests.audit.changes.cases import Recorded, Refused
from tests.audit.changes.conftest import Diff, Library
from tests.audit.changes.models import ANN, BOB, LIST, MEMO, Note

pytestmark = pytest.mark.anyio

UPDATE = text("UPDATE note SET pages = 2")
Path = Callable[[DatabaseSession], Any]
recorded, refused = Recorded(), Refused()


class Notes(BaseRepository[Note]):
    model = Note


@pytest.fixture
async def library(library: Library) -> Library:
    async with library.database.writing() as session:
        for id, title in ((MEMO, "Memo"), (LIST, "List")):
            await Notes(session).create({"id": id, "title": title, "notes": {"a": 1}})
    return library


@pytest.fixture(params=["records", "orm"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def write(library: Library, way: str, path: Path) -> None:
    """Execute the path, by an ORM session from the start or without any."""

    async def go(session: Any) -> None:
        if way == "orm":
            assert session.sync_session
        await path(session)
        assert session.has_orm_session == (way == "orm")

    await library.write(go)


def pages(old: int, new: int, version: int = 2) -> tuple[str, Diff]:
    return f"UPDATE Note v{version}", {"pages": [old, new]}


async def memo(session: DatabaseSession) -> Note:
    return await Notes(session).get_for_update(MEMO)


@recorded(("INSERT Note v1", {"title": [None, "New"], "secret": [None, "***"]}))
async def created(session: DatabaseSession) -> None:
    await Notes(session).create({"title": "New", "secret": "hunter2"})


@recorded(*[("INSERT Note v1", {"title": [None, f"{n}"]}) for n in range(3)])
async def many_created(session: DatabaseSession) -> None:
    await Notes(session).create_many([{"title": f"{n}"} for n in range(3)])


@recorded(("INSERT Note v8", {"title": [None, "Again"], "notes": [None, {"b": 2}]}))
async def restored(session: DatabaseSession) -> None:
    with counting_from({BOB: 7}):
        await Notes(session).add(Note(id=BOB, title="Again", notes={"b": 2}))


@recorded(("INSERT Note v1", {"pages": [None, 1]}))
async def default_for_null(session: DatabaseSession) -> None:
    note: Any = Note(title="New", pages=None)  # type: ignore[arg-type]
    session.add(note)
    await session.flush()
    assert note.pages == 1


@recorded(pages(1, 2))
async def updated(session: DatabaseSession) -> None:
    await Notes(session).update(await memo(session), {"pages": 2})


@recorded(pages(1, 2))
async def read_without_lock(session: DatabaseSession) -> None:
    note = await Notes(session).get(MEMO)
    await Notes(session).update(note, {"pages": 2})


@recorded(pages(1, 2), pages(2, 3, version=3))
async def updated_twice(session: DatabaseSession) -> None:
    note = await memo(session)
    await Notes(session).update(note, {"pages": 2})
    assert await memo(session) is note
    await Notes(session).update(note, {"pages": 3})


@recorded(pages(1, 2))
async def changed_without_flush(session: DatabaseSession) -> None:
    (await memo(session)).pages = 2


@recorded(pages(1, 2))
async def changed_then_read_again(session: DatabaseSession) -> None:
    (await memo(session)).pages = 2
    assert (await memo(session)).pages == 2


@recorded()
async def same_value(session: DatabaseSession) -> None:
    await Notes(session).update(await memo(session), {"pages": 1, "notes": {"a": 1}})


@recorded()
async def changed_and_changed_back(session: DatabaseSession) -> None:
    note = await memo(session)
    note.pages = 2
    note.pages = 1


@recorded(("UPDATE Note v2", {"notes": [{"a": 1}, {"a": 2}]}))
async def document_replaced(session: DatabaseSession) -> None:
    note = await memo(session)
    dict.update(note.notes, b=2)
    await Notes(session).update(note, {"notes": {"a": 2}})


@recorded(("UPDATE Note v2", {"secret": [None, "***"]}))
async def secret(session: DatabaseSession) -> None:
    await Notes(session).update(await memo(session), {"secret": "hunter3"})


@recorded(("DELETE Note v2", {"title": ["Memo", None], "version": [1, None]}))
async def deleted(session: DatabaseSession) -> None:
    await Notes(session).delete(await memo(session))


@recorded(pages(1, 2), ("DELETE Note v3", {"pages": [2, None]}))
async def updated_then_deleted(session: DatabaseSession) -> None:
    note = await memo(session)
    await Notes(session).update(note, {"pages": 2})
    await Notes(session).delete(note)


@recorded(("INSERT Note v1", {}), pages(1, 2))
async def created_then_updated(session: DatabaseSession) -> None:
    note = await Notes(session).create({"title": "New"})
    await Notes(session).update(note, {"pages": 2})


@recorded(pages(1, 2), pages(2, 3, version=3))
async def kept_over_a_commit(session: DatabaseSession) -> None:
    note = await memo(session)
    note.pages = 2
    await session.commit()
    set_committed_value(note, "pages", 50)
    note.pages = 3


@recorded(pages(1, 2))
async def committed_value_set(session: DatabaseSession) -> None:
    note = await memo(session)
    set_committed_value(note, "pages", 50)
    await Notes(session).update(note, {"pages": 2})


@recorded(pages(1, 2))
async def dictionary_overwritten(session: DatabaseSession) -> None:
    note = await memo(session)
    note.__dict__["pages"] = 50
    note.pages = 2


@recorded()
async def rolled_back(session: DatabaseSession) -> None:
    await Notes(session).update(await memo(session), {"pages": 2})
    await session.rollback()


@recorded(pages(1, 3))
async def rolled_back_then_changed(session: DatabaseSession) -> None:
    await Notes(session).update(await memo(session), {"pages": 2})
    await session.rollback()
    await Notes(session).update(await memo(session), {"pages": 3})


@refused
async def key_changed(session: DatabaseSession) -> None:
    (await memo(session)).id = BOB


@refused
async def document_edited_in_place(session: DatabaseSession) -> None:
    note = await memo(session)
    note.notes["a"] = 2


@refused
async def expression(session: DatabaseSession) -> None:
    (await memo(session)).pages = text("1")  # type: ignore[assignment]


@refused
async def unstorable_value(session: DatabaseSession) -> None:
    await Notes(session).create({"title": "New", "pages": True})


def in_flush(name: str, write: Callable[[Any], Any]) -> None:
    """Write in a listener of the mapper's event."""

    async def path(session: DatabaseSession) -> None:
        def listener(_: Any, connection: Any, __: Any) -> None:
            write(connection)

        event.listen(Note, name, listener)
        try:
            note = await memo(session)
            if "delete" in name:
                await session.delete(note)
            elif "insert" in name:
                session.add(Note(title="New"))
            else:
                note.pages = 3
            await session.flush()
        finally:
            event.remove(Note, name, listener)

    refused.append(pytest.param(path, id=f"in_{name}"))


for moment in ("before", "after"):
    for verb in ("insert", "update", "delete"):
        in_flush(f"{moment}_{verb}", lambda connection: connection.execute(UPDATE))
NOTES: Any = Note
in_flush(
    "before_insert", lambda it: it.execute(update(NOTES.__table__).values(pages=2))
)
in_flush(
    "after_update",
    lambda it: it.execute(insert(NOTES.__table__), [{"id": BOB, "title": "New"}]),
)


@pytest.mark.parametrize(("path", "entries"), recorded)
async def test_a_write_path_is_recorded(
    library: Library, way: str, path: Path, entries: list[tuple[str, Diff]]
) -> None:
    await write(library, way, path)
    found = await library.entries()
    assert [title for title, _ in found] == [title for title, _ in entries]
    for (_, diff), (_, expected) in zip(found, entries, strict=True):
        assert {name: diff.get(name) for name in expected} == expected


@pytest.mark.either
@pytest.mark.parametrize("path", refused)
async def test_a_write_path_is_refused(library: Library, way: str, path: Path) -> None:
    before = await library.rows(Note)
    with pytest.raises(UnauditedWriteError):
        await write(library, way, path)
    assert await library.rows(Note) == before
    assert await library.entries() == []


async def test_a_row_that_has_changed_is_stale(library: Library, way: str) -> None:
    other = update(NOTES.__table__).values(version=7).returning(NOTES.id)

    async def path(session: DatabaseSession) -> None:
        note = await Notes(session).get(MEMO)
        with unaudited("test"):
            await session.rows(other)
        note.pages = 2
        await session.flush()

    with pytest.raises(StaleDataError):
        await write(library, way, path)
    assert await library.entries() == []


async def test_times_are_those_of_the_change(library: Library, way: str) -> None:
    start = now()

    async def path(session: DatabaseSession) -> None:
        await Notes(session).create({"title": "New"})
        await Notes(session).update(await memo(session), {"pages": 2})

    await write(library, way, path)
    created, updated = await library.changes()
    assert created.at == updated.at >= start
    assert created.new and updated.new  # noqa: PT018
    assert created.new["created_at"] == created.new["updated_at"]
    assert updated.new["updated_at"] >= created.new["updated_at"]
    assert updated.actor_id == ANN
