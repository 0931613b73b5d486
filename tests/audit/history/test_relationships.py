"""Past states of entities that are related in all the ways that a model can state."""

from typing import Any, Optional
from uuid import UUID

import pytest
from sqlalchemy import MetaData
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlmodel import Field, Relationship

from app.audit.history.entity_repository import EntityRepository
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.moments import just_before, until
from app.audit.history.repository import HistoryRepository, deleted_state
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.ids import uuid7
from app.core.db.records.versions import counting_from
from app.core.db.session import DatabaseSession
from app.core.entity_pages import EntityPageRepository
from app.core.models import Entity

pytestmark = pytest.mark.anyio
FIRST, SECOND, ONE, TWO, COVER, JAZZ, LINK = (uuid7() for _ in range(7))
OWNED = {"cascade": "all, delete-orphan", "lazy": "selectin"}
FOLLOWED = {"lazy": "selectin"}


class MusicEntity(Entity):
    # Metadata of its own, because migrations are compared with the application's.
    metadata = MetaData()


class Genre(MusicEntity, table=True):
    name: str


class AlbumGenre(MusicEntity, table=True):
    album_id: UUID = Field(foreign_key="album.id")
    genre_id: UUID = Field(foreign_key="genre.id")


class Album(MusicEntity, table=True):
    name: str
    before_id: UUID | None = Field(default=None, foreign_key="album.id")
    tracks: list["Track"] = Relationship(
        back_populates="album", sa_relationship_kwargs=OWNED
    )
    cover: Optional["Cover"] = Relationship(
        back_populates="album", sa_relationship_kwargs=OWNED | {"uselist": False}
    )
    before: Optional["Album"] = Relationship(
        back_populates="after",
        sa_relationship_kwargs=FOLLOWED | {"remote_side": "Album.id"},
    )
    after: list["Album"] = Relationship(back_populates="before")
    genres: list[Genre] = Relationship(
        sa_relationship_kwargs=FOLLOWED | {"secondary": "albumgenre", "viewonly": True}
    )


class Track(MusicEntity, table=True):
    title: str
    album_id: UUID = Field(foreign_key="album.id")
    album: Album = Relationship(
        back_populates="tracks", sa_relationship_kwargs=FOLLOWED
    )


class Cover(MusicEntity, table=True):
    image: str
    album_id: UUID = Field(foreign_key="album.id")
    album: Album = Relationship(back_populates="cover", sa_relationship_kwargs=FOLLOWED)


class Single(MusicEntity, table=True):
    """An entity with a relationship of which the log has no past."""

    name: str
    namesakes: list[Genre] = Relationship(
        sa_relationship_kwargs=FOLLOWED
        | {"primaryjoin": "foreign(Genre.name) == Single.name", "viewonly": True}
    )


class Tracks(EntityPageRepository[Track]):
    model = Track


@pytest.fixture
async def music(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(MusicEntity.metadata.create_all)
    async with database.writing() as session:
        session.add(Album(id=FIRST, name="First"))
        session.add(Genre(id=JAZZ, name="Jazz"))
        await session.flush()
        session.add(Album(id=SECOND, name="Second", before_id=FIRST))
        await session.flush()
        session.add(AlbumGenre(id=LINK, album_id=SECOND, genre_id=JAZZ))
        session.add(Cover(id=COVER, image="a.png", album_id=SECOND))
        session.add(Track(id=ONE, title="One", album_id=SECOND))
        session.add(Track(id=TWO, title="Two", album_id=SECOND))
    return database


async def change_all(session: DatabaseSession) -> None:
    album = await session.get_one(Album, SECOND)
    album.name, album.before_id = "Changed", None
    album.tracks[0].title = "Changed"
    await session.delete(album.tracks[1])
    await session.delete(album.cover)
    await session.delete(await session.get_one(AlbumGenre, LINK))


async def test_a_past_state_has_what_was_loaded_with_it(music: Database) -> None:
    instant = now()
    async with music.writing() as session:
        await change_all(session)
    async with music.reading() as session:
        then = until(instant)
        state: Any = await HistoryRepository(session).state(Album, SECOND, then)
        album = await EntityRepository(session).build(Album, state, then)
    assert album.name == "Second"
    assert [track.title for track in album.tracks] == ["One", "Two"]
    assert all(track.album is album for track in album.tracks)
    assert (album.cover.image, album.cover.album) == ("a.png", album)
    assert (album.before.name, album.before.tracks) == ("First", [])
    assert [genre.name for genre in album.genres] == ["Jazz"]
    with pytest.raises(DetachedInstanceError):
        _ = album.after


async def test_what_was_deleted_with_a_record_is_restored(music: Database) -> None:
    async with music.writing() as session:
        await session.delete(await session.get_one(AlbumGenre, LINK))
        await session.flush()
        await session.delete(await session.get_one(Album, SECOND))
    async with music.writing() as session:
        past, repository = HistoryRepository(session), EntityRepository(session)
        deletion: Any = await past.last_change(Album, SECOND)
        state = deleted_state(Album, deletion)
        album = await repository.rebuild(Album, state, just_before(deletion["at"]))
        with counting_from(await repository.last_versions(album)):
            session.add(album)
            await session.flush()
    async with music.reading() as session:
        album = await session.get_one(Album, SECOND)
        assert {it.id: it.version for it in album.tracks} == {ONE: 3, TWO: 3}
        assert (album.version, album.cover.version, album.before_id) == (3, 3, FIRST)
        assert (await session.get_one(Album, FIRST)).version == 1


async def test_a_relationship_without_a_past_is_not_known(music: Database) -> None:
    async with music.reading() as session:
        state = {"id": uuid7(), "version": 1, "name": "Jazz"}
        times = dict.fromkeys(("created_at", "updated_at"), now())
        with pytest.raises(UnknownStateException, match="namesakes"):
            await EntityRepository(session).build(Single, state | times, until(now()))


async def test_a_written_entity_has_what_a_query_would_load(music: Database) -> None:
    async with music.writing() as session:
        tracks = Tracks(session)
        track = await tracks.create({"title": "Three", "album_id": SECOND})
        assert track.album.name == "Second"
        track = await tracks.update(track, {"album_id": FIRST})
        assert track.album.name == "First"
