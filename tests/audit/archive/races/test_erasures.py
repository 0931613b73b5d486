"""Erasures beside a legal hold, the ledger's rotation, and the loading of accesses."""

import asyncio
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditArchive, FileState
from app.audit.erasure import ledger
from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import HeldException
from app.audit.erasure.ledger import Erasure, State
from app.audit.erasure.repository import ErasureRepository
from app.audit.personal.keys import ENTITY, PersonalKeys
from app.audit.personal.sqlite_store import SqliteKeyStore
from app.core.clock import now
from app.core.db.database import Database
from app.core.db.ids import uuid7
from tests.audit.archive.races.meanwhile import Meanwhile, in_thread
from tests.audit.archive.races.placing import Placing
from tests.audit.erasure.conftest import (  # noqa: F401  fixtures
    Commands,
    ada,
    commands,
    settings,
)


def test_who_is_not_erased_when_a_hold_is_placed_stays(
    commands: Commands,  # noqa: F811
    ada: str,  # noqa: F811
    url: str,
    meanwhile: Meanwhile,
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    erased = select(func.count()).where(CHANGES.live.c.entity == ENTITY)
    placing = Placing(commands.settings, "Customer", erased)
    meanwhile.after(ErasureRepository, "forget_answers", placing.begin)
    commands.erase(ada)
    then, now = placing.result()
    assert then == now == 1


def test_an_erasure_that_a_hold_forbids_is_not_finished_later(
    commands: Commands,  # noqa: F811
    ada: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever look at the holds finds it."""
    placing = Placing(commands.settings, "Customer", select(1))
    calls, check, states = count(1), Eraser.check, [State.DONE]

    async def place_and_check(self: Eraser, *args: Any) -> object:
        if next(calls) == 2:
            in_thread(lambda: asyncio.run(placing.place()))
        return await check(self, *args)

    monkeypatch.setattr(Eraser, "check", place_and_check)
    try:
        commands.erase(ada)
    except HeldException:
        states = []
    assert [entry.state for entry in commands.ledger.read()] == states


def test_a_ledger_that_is_moved_away_meanwhile_stays_as_it_was(
    commands: Commands,  # noqa: F811
    ada: str,  # noqa: F811
    meanwhile: Meanwhile,
) -> None:
    """And the line is in the file that is read later."""
    path, content = commands.ledger.path, b'{"moved": true}\n'
    moved = path.with_suffix(".moved")
    path.write_bytes(content)
    meanwhile.after(ledger, "flock", lambda: path.rename(moved))
    commands.erase(ada)
    assert moved.read_bytes() == content
    assert [entry.state for entry in commands.ledger.read()] == [State.DONE]


@pytest.mark.usefixtures("settings")
def test_a_user_who_is_erased_before_they_have_a_key_gets_none(
    tmp_path: Path, meanwhile: Meanwhile
) -> None:
    """An entry about them is loaded from the spool meanwhile."""
    user = uuid7()
    one, other = (SqliteKeyStore(str(tmp_path / "keys.db")) for _ in range(2))

    def erase() -> None:
        # The first is that of the change which anonymises the record.
        PersonalKeys(other).of(set(), {user})
        other.destroy(user, ())

    meanwhile.after(SqliteKeyStore, "erased", erase)
    with closing(one.connection), closing(other.connection):
        assert PersonalKeys(one).of_users({user}) == {user: None}
        assert one.active({user}) == {}


def test_an_erasure_that_was_killed_is_not_taken_for_an_archived_one(
    commands: Commands,  # noqa: F811
    ada: str,  # noqa: F811
) -> None:
    """A run has archived the time at which it began."""

    async def archive(database: Database) -> None:
        day, later = now().date(), now() + timedelta(days=1)
        file = AuditArchive(log=CHANGES.name, day=day, number=1, last_at=later)
        file.state = FileState.PRUNED
        async with database.writing() as session:
            session.add(file)

    erasure = Erasure("Customer", UUID(ada), "Request 7", "Eve")
    commands.ledger.append(erasure, State.BEGUN)
    commands.run(archive)
    assert commands.reapply() == 1
    assert commands.reapply() == 0
