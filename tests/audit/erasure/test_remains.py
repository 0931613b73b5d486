"""Remains of an erasure in the files of the database, the archive and the keys."""

import gzip
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, update

from app.audit.archive.logs import CHANGES
from app.core.config import Settings
from scripts.backups.postgresql import conninfo
from scripts.backups.vacuum import vacuum
from tests.audit.archive.rows import OLD, AuditLog
from tests.audit.archive.verify.tampering import execute
from tests.audit.erasure.conftest import ADA, PERSONAL, Commands, history
from tests.databases import Template
from tests.scripts.backups.conftest import programs_of


def dump(settings: Settings, template: Template) -> bytes:
    """Return all bytes of the database's files, or a dump of PostgreSQL."""
    url = make_url(settings.DATABASE_URL)
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        return b"".join(it.read_bytes() for it in path.parent.glob(f"{path.name}*"))
    program = str(Path(programs_of(template), "pg_dump"))
    password = {"PGPASSWORD": url.password} if url.password else {}
    words = [program, f"--dbname={conninfo(url)}"]
    return subprocess.run(
        words, check=True, capture_output=True, env=os.environ | password
    ).stdout


def found_in(content: bytes) -> list[str]:
    """Return the personal values in the content, also folded for the search."""
    lower = content.lower()
    return [value for value in PERSONAL if value.lower().encode() in lower]


def archive(audit_log: AuditLog, id: str) -> bytes:
    """Archive the changes of a record; return what the files have."""
    log = CHANGES.live
    execute(audit_log, update(log).where(log.c.entity_id == UUID(id)).values(at=OLD))
    audit_log.seal()
    assert audit_log.archive()["changes"].rows > 0
    paths = [path for path in audit_log.directory.rglob("*") if path.is_file()]
    unpacked = (gzip.decompress(it.read_bytes()) for it in paths if it.suffix == ".gz")
    return b"".join([*unpacked, *(path.read_bytes() for path in paths)])


@pytest.mark.slow
def test_no_dump_and_no_archive_has_a_personal_value(
    client: TestClient,
    commands: Commands,
    audit_log: AuditLog,
    template: Template,
    ada: str,
) -> None:
    assert "Ada King" in found_in(dump(commands.settings, template))
    archived = archive(audit_log, ada)
    assert ada.encode() in archived
    assert found_in(archived) == []
    client.patch(f"customers/{ada}", json={"name": "Ada Byron"}).raise_for_status()
    commands.erase(ada)
    vacuum(commands.settings.DATABASE_URL)
    left = dump(commands.settings, template)
    assert ADA["company"].encode() in left
    assert found_in(left) == []
    audit_log.seal()
    assert audit_log.count_findings() == {}
    assert commands.findings() == []
    assert history(client, ada)[0]["old"]["name"] == "[erased]"


def test_no_search_index_has_a_part_of_a_former_name(
    client: TestClient, commands: Commands, template: Template, ada: str
) -> None:
    client.patch(f"customers/{ada}", json={"name": "Ada ☃жщ"}).raise_for_status()
    # An index shares the beginnings of parts, not their ends.
    end = "жщ".encode()
    assert end in dump(commands.settings, template)
    commands.erase(ada)
    vacuum(commands.settings.DATABASE_URL)
    assert end not in dump(commands.settings, template)


def test_no_file_has_a_destroyed_key(commands: Commands, ada: str) -> None:
    query = "SELECT key FROM personal_key WHERE subject = ?"
    with closing(sqlite3.connect(commands.keys)) as keys:
        ((secret,),) = keys.execute(query, [UUID(ada).hex])
    commands.erase(ada)
    folder = Path(commands.keys).parent
    content = b"".join(it.read_bytes() for it in folder.glob("keys.db*"))
    assert ada.replace("-", "").encode() in content
    assert secret.encode() not in content


@pytest.mark.heavy
def test_the_report_counts_what_was_sealed_in_clear(
    client: TestClient, commands: Commands, ada: str, audit_log: AuditLog
) -> None:
    assert "in clear" not in commands.unreachable(ada)
    log = CHANGES.live
    clear = update(log).where(log.c.entity_id == UUID(ada), log.c.version == 2)
    execute(audit_log, clear.values(new={"name": "Ada King"}))
    commands.erase(ada)
    assert "1 entries of the change log have" in commands.unreachable(ada)
    assert history(client, ada)[1]["new"]["name"] == "Ada King"
