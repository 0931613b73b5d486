"""Schemas that do not fit: two heads, a newer one, a file that does not exist."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.command import upgrade
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.audit.changes.guard import unaudited
from app.core.db import migrations
from app.core.db.database import Database
from app.core.web.health import Health
from tests.databases import alembic_config, make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

pytestmark = pytest.mark.anyio
CHECK = ("scripts/check_audit.py",)


@pytest.fixture
def branched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A release whose migrations have two heads, as after a merge of two branches."""
    folder = tmp_path / "alembic"
    shutil.copytree(
        migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    newest = ScriptDirectory(str(folder)).get_revision("head")
    code = Path(newest.path).read_text().replace(newest.revision, "other")
    (folder / "versions/other.py").write_text(code)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    migrations.head.cache_clear()
    yield
    monkeypatch.undo()
    migrations.head.cache_clear()


@pytest.mark.usefixtures("branched")
async def test_two_heads_are_named(database: Database) -> None:
    fault = await Health(database).check()
    assert fault
    assert "other" in fault
    assert "run `alembic merge heads`" in fault


@pytest.mark.slow
async def test_a_newer_schema_is_no_reason_to_upgrade(
    url: str, database: Database
) -> None:
    with unaudited("a newer release"):
        async with database.writing() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '_'"))
    for words in (("-m", "alembic", "upgrade", "head"), CHECK):
        done = command(words, environment(url))
        assert done.code not in (0, None)
        assert "Traceback" not in done.errors
        sentence = (done.errors + done.output).splitlines()[-1]
        assert sentence.endswith("run the release that has migrated it")


@pytest.mark.slow
def test_a_command_does_not_create_a_database(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    done = command(CHECK, environment(f"sqlite:///{path}"))
    assert (done.code, done.output) == (3, "")
    assert done.errors == "The database has no schema yet: run `alembic upgrade head`\n"
    assert not path.exists()


@pytest.fixture
def migrated_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/app.db"
    upgrade(alembic_config(url), "head")
    return url


@pytest.mark.slow
async def test_the_files_of_sqlite_are_their_owner_s(
    tmp_path: Path, migrated_url: str
) -> None:
    database = Database(make_settings(migrated_url))
    async with database.writing() as session:
        await session.execute(text("DELETE FROM login_throttle"))
    async with database.background_turn():
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    await database.close()
    assert len(modes) == 5  # with the WAL, its index, and two locks
    assert set(modes.values()) == {0o600}


async def test_the_server_does_not_create_a_database(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    database = Database(make_settings(f"sqlite:///{path}"))
    assert "alembic upgrade head" in str(await Health(database).check())
    assert not path.exists()
    await database.close()
