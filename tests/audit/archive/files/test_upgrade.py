"""The database and the folder that an earlier release has written."""

import gzip
import json
import shutil
from asyncio import run
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.command import upgrade
from sqlalchemy import Connection

from tests.audit.archive.rows import AuditLog
from tests.core.db.test_migrations import run_on
from tests.databases import alembic_config, make_settings

pytestmark = pytest.mark.slow

BEFORE = "c41244e58c02"
FIXTURES = Path(__file__).parents[1] / "fixtures/74c87da"


@pytest.fixture
def old_log(empty_url: str, tmp_path: Path) -> AuditLog:
    folder = FIXTURES / empty_url.partition(":")[0]
    upgrade(alembic_config(empty_url), BEFORE)
    dump = gzip.decompress((folder / "app.sql.gz").read_bytes()).decode()

    def load(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for line in dump.splitlines():
            if line:
                connection.exec_driver_sql(line)

    run(run_on(empty_url, load))
    upgrade(alembic_config(empty_url), "head")
    shutil.copytree(folder / "archive", tmp_path / "archive")
    return AuditLog(make_settings(empty_url), tmp_path / "archive")


def test_the_archive_of_an_earlier_release_is_continued(old_log: AuditLog) -> None:
    assert old_log.count_findings() == {}
    assert old_log.archive(datetime(2026, 11, 4, tzinfo=UTC))["changes"].rows > 0
    paths = sorted(old_log.directory.rglob("*.manifest.json"))
    formats = [json.loads(path.read_text())["format"] for path in paths]
    assert sorted(formats) == [1] * 4 + [2] * 2
    assert old_log.count_findings() == {}
    assert old_log.restore()["changes"].files == 3
