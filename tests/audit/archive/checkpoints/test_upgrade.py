"""A database and an archive that commit 74c87da has made, upgraded to this release."""

import asyncio
import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from alembic.command import upgrade
from sqlalchemy import make_url

from tests.audit.archive.rows import AuditLog
from tests.databases import alembic_config, make_settings

pytestmark = pytest.mark.slow

FIXTURE = Path(__file__).parents[1] / "fixtures" / "74c87da"
REVISION = "c41244e58c02"


def test_the_release_before_is_upgraded(empty_url: str, tmp_path: Path) -> None:
    kind = make_url(empty_url).get_backend_name()
    directory = tmp_path / "archive"
    shutil.copytree(FIXTURE / kind / "archive", directory)
    upgrade(alembic_config(empty_url), REVISION)
    load(empty_url, gzip.decompress((FIXTURE / kind / "app.sql.gz").read_bytes()))
    upgrade(alembic_config(empty_url), "head")
    audit_log = AuditLog(make_settings(empty_url), directory)
    report = audit_log.verify()
    assert (report.findings, report.live, report.cold) == ([], 83, 52)
    assert audit_log.seal() == 83
    report = audit_log.verify()
    assert (report.findings, report.unsealed, report.sealed_late) == ([], 0, 0)
    audit_log.archive()
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], 134)
    assert report.proven["changes"].size == report.proven["changes"].of


def load(url: str, dump: bytes) -> None:
    """Insert the rows of a dump, which has no schema."""
    lines = dump.decode().splitlines()
    script = "\n".join(line for line in lines if not line.startswith("\\"))
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "")) as connection:
            connection.executescript(script)
    else:
        asyncio.run(execute(url, script))


async def execute(url: str, script: str) -> None:
    dsn = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(dsn.render_as_string(hide_password=False))
    await connection.execute(script)
    await connection.close()
