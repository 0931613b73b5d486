"""Backups of a database whose archive is in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import memory
from tests.processes.object_store import BUCKET, ObjectStoreServer, object_store
from tests.scripts.backups.conftest import Site

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStoreServer]:
    with memory() as folder, object_store(folder) as server:
        yield server


@pytest.fixture
def bucket_site(
    site: Site, server: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch
) -> Site:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    site.values["AUDIT_ARCHIVE_DIR"] = f"s3://{BUCKET}/{uuid4()}"
    audit_log = AuditLog(
        site.settings, Path(), location=site.settings.AUDIT_ARCHIVE_DIR
    )
    clear_changes(audit_log).add(CHANGES, make_changes(days=2))
    audit_log.archive()
    return site


def test_a_backup_is_verified_with_the_files_in_the_bucket(
    bucket_site: Site, other_site: Site
) -> None:
    done = bucket_site.back_up()
    assert (done.code, done.errors) == (0, "")
    assert "12 rows in 2 files" in done.output
    (backup,) = bucket_site.backups
    assert (backup / "identity.json").exists()
    other_site.values["AUDIT_ARCHIVE_DIR"] = bucket_site.settings.AUDIT_ARCHIVE_DIR
    done = other_site.restore(backup)
    assert (done.code, done.errors) == (0, "")
    assert "Mount" not in done.output
    assert "archive_audit.py adopt" in done.output
    assert other_site.run("scripts/archive_audit.py", "verify").code == 0


def test_a_bucket_is_not_copied(bucket_site: Site) -> None:
    done = bucket_site.back_up("--archive")
    assert (done.code, done.output) == (1, "")
    assert "is a bucket. Leave it out" in done.errors


def test_a_bucket_that_does_not_answer_ends_a_backup(bucket_site: Site) -> None:
    unused = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AUDIT_ARCHIVE_TIMEOUT": "1"}
    done = bucket_site.back_up(**unused)
    assert (done.code, done.output) == (1, "")
    assert "fails: no connection to it" in done.errors
