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

from app.main import create_app
from tests.accounts import add_account
from tests.audit.archive.rows import AuditLog
from tests.clients import Client
from tests.databases import alembic_config, make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

pytestmark = pytest.mark.slow

FIXTURE = Path(__file__).parents[1] / "fixtures" / "74c87da"
REVISION = "c41244e58c02"


@pytest.fixture
def upgraded(empty_url: str) -> str:
    """The URL of its database, after the upgrade."""
    kind = make_url(empty_url).get_backend_name()
    upgrade(alembic_config(empty_url), REVISION)
    load(empty_url, gzip.decompress((FIXTURE / kind / "app.sql.gz").read_bytes()))
    upgrade(alembic_config(empty_url), "head")
    return empty_url


def test_the_release_before_is_upgraded(upgraded: str, tmp_path: Path) -> None:
    kind = make_url(upgraded).get_backend_name()
    directory = tmp_path / "archive"
    shutil.copytree(FIXTURE / kind / "archive", directory)
    audit_log = AuditLog(make_settings(upgraded), directory)
    report = audit_log.verify()
    assert (report.findings, report.live, report.cold) == ([], 83, 52)
    assert audit_log.seal() == 83
    report = audit_log.verify()
    assert (report.findings, report.unsealed, report.sealed_late) == ([], 0, 0)
    audit_log.archive()
    report = audit_log.verify()
    assert (report.findings, report.cold) == ([], 134)
    assert report.proven["changes"].size == report.proven["changes"].of


def test_its_records_are_served(upgraded: str) -> None:
    settings = make_settings(upgraded)
    names = [f"{name}:read" for name in ("products", "customers", "tasks", "users")]
    account = add_account(settings, *names, "products:update")
    with Client(create_app(settings), "http://test/api/v1/") as client:
        client.headers.update(account.header)
        for name in ("products", "customers", "tasks"):
            assert client.get(name).json()["total"] == 5
            assert client.get(f"{name}/export").status_code == 200
        assert client.get("users").json()["total"] == 6 + 1
        for record in client.get("products").json()["items"]:
            path = f"products/{record['id']}"
            found = client.get("products", params={"q": record["sku"]}).json()
            assert record["id"] in {each["id"] for each in found["items"]}
            before = client.get(f"{path}/history").json()
            assert before["items"] or before["archived_until"], before
            changed = client.patch(path, json={"stock": record["stock"] + 1}).json()
            history = client.get(f"{path}/history").json()["items"]
            versions = changed["version"], history[0]["version"]
            assert versions == (record["version"] + 1,) * 2
    done = command(("scripts/check_audit.py",), environment(upgraded))
    # Its superuser was written without the log, when the data were made.
    records = {line.partition(" version ")[0] for line in done.output.splitlines()}
    assert len(records) == 1


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
