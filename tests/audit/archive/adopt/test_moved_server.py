"""The restore chapter of the guide, walked with a second PostgreSQL server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from fastapi.testclient import TestClient

from app.audit.access.spool import spool_folder
from app.audit.archive.logs import ACCESSES, CHANGES
from app.core.config import Settings
from app.main import create_app
from tests.audit.archive.adopt.restored import BACKUP_DAY
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog, make_accesses, make_changes
from tests.databases import (
    Engine,
    PostgresTemplate,
    Template,
    make_settings,
    template_on,
)

pytestmark = pytest.mark.heavy
# Before the backup, so that the numbers of the first server are higher.
TRANSACTIONS = """
DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$
"""
SEGMENT = "00000000000070008000000000000000.jsonl"
SPOOLED = (
    b'{"id":"019ac000-0000-7000-8000-000000000001","at":"2026-11-20T00:00:00Z",'
    b'"request_id":"spooled","user_id":null,"user_label":null,"session_id":null,'
    b'"ip":"unknown","method":"GET","path":"/spooled","route":null,"query":"",'
    b'"status":200,"duration_ms":1.5,"bytes":0,"user_agent":null,'
    b'"outcome":"answered"}\n'
)


@pytest.fixture
def other_server() -> Iterator[str]:
    with template_on(Engine.POSTGRESQL) as server, server.empty() as url:
        yield url


def programs_of(server: PostgresTemplate) -> Path:
    """Return the folder of the programs that have the server's version."""
    query = "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
    return Path(server.server.psql(f"COPY ({query}) TO STDOUT").strip())


def execute(*words: str | Path) -> None:
    subprocess.run(words, check=True, timeout=60)


def restore_spool(kept: Path, settings: Settings) -> Path:
    """Put the segments into the folder of the database at its new address."""
    folder = spool_folder(settings)
    folder.mkdir(parents=True)
    for path in kept.glob("*/*"):
        shutil.copy(path, folder)
    return folder


def wait_until_empty(folder: Path, name: str) -> None:
    until = monotonic() + 60
    while (folder / name).exists():
        assert monotonic() < until
        sleep(0.05)


def test_a_backup_of_another_server_goes_on(
    template: Template, audit_log: AuditLog, other_server: str, tmp_path: Path
) -> None:
    if not isinstance(template, PostgresTemplate):
        pytest.skip("SQLite has no server")
    template.server.psql(TRANSACTIONS)
    audit_log.add(CHANGES, make_changes(days=7))
    audit_log.add(ACCESSES, make_accesses(days=7))
    audit_log.archive(BACKUP_DAY)
    audit_log.add(CHANGES, make_changes(days=9)[42:])  # not sealed yet

    spool, file = tmp_path / "backup", tmp_path / "app.dump"
    spool_of_lost = spool / spool_folder(audit_log.settings).name
    spool_of_lost.mkdir(parents=True)
    (spool_of_lost / SEGMENT).write_bytes(SPOOLED)
    source = audit_log.settings.DATABASE_URL
    programs = programs_of(template)
    execute(programs / "pg_dump", "--format=custom", f"--file={file}", source)
    audit_log.archive()  # after the backup
    execute(programs / "pg_restore", f"--dbname={other_server}", file)

    settings = make_settings(other_server, AUDIT_SPOOL_DIR=tmp_path / "spool")
    restored = AuditLog(settings, audit_log.directory)
    adopted = command(restored, "adopt", "--yes", "--json")
    assert adopted.code == 0
    assert adopted.json["foreign"]["changes"] >= 12
    verified = command(restored, "verify", "--json")
    assert (verified.code, verified.json["counts"]) == (0, {})
    folder = restore_spool(spool, settings)
    with TestClient(create_app(settings), "http://test") as client:
        wait_until_empty(folder, SEGMENT)
        assert client.get("/readyz").status_code == 200
    assert b"/spooled" in b"".join(restored.live_lines(ACCESSES))
    assert command(restored, "run", *KEEP, "--yes").code == 0
    assert restored.count_findings() == {}
