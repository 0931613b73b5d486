"""Background work on SQLite: one process at a time, and the wait has an end."""

import asyncio
import fcntl
from errno import ENOLCK
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.core.db.sqlite import turns
from app.core.db.sqlite.turns import background_turn

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_work_is_done_in_turns(tmp_path: Path) -> None:
    url, working, most = make_url(f"sqlite:///{tmp_path}/app.db"), 0, 0

    async def work() -> None:
        nonlocal working, most
        async with background_turn(url):
            working += 1
            most = max(most, working)
            await asyncio.sleep(0.01)
            working -= 1

    await asyncio.gather(*(work() for _ in range(5)))
    assert most == 1


async def test_a_suspended_process_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.1)
    url = make_url(f"sqlite:///{tmp_path}/app.db")
    async with background_turn(url), background_turn(url):
        pass


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "postgresql://db.example.com/app"]
)
async def test_other_databases_have_no_turns(url: str) -> None:
    async with background_turn(make_url(url)), background_turn(make_url(url)):
        pass


async def test_work_is_done_although_no_lock_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = make_url(f"sqlite:///{tmp_path}/missing/app.db")
    async with background_turn(missing), background_turn(missing):
        pass

    def fail(*_: object) -> None:
        raise OSError(ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    async with background_turn(make_url(f"sqlite:///{tmp_path}/app.db")):
        pass


async def test_an_error_of_the_work_is_raised(tmp_path: Path) -> None:
    for error in (OSError, TimeoutError):
        with pytest.raises(error):
            async with background_turn(make_url(f"sqlite:///{tmp_path}/app.db")):
                raise error
