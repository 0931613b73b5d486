"""Fixtures of the archive: empty logs, and copies of filled ones."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import Template, make_settings


@pytest.fixture
def audit_log(settings: Settings, tmp_path: Path) -> AuditLog:
    directory = tmp_path / "archive"
    directory.mkdir()
    return clear_changes(AuditLog(settings, directory))


@pytest.fixture(scope="session")
def archived_original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuditLog]:
    """Logs whose rows are sealed and mostly archived, without findings."""
    with empty_log(template, tmp_path_factory.mktemp("archive")) as audit_log:
        audit_log.fill()
        audit_log.archive()
        assert audit_log.count_findings() == {}
        yield audit_log


@pytest.fixture
def archived(
    archived_original: AuditLog, template: Template, tmp_path: Path
) -> Iterator[AuditLog]:
    with copy_log(archived_original, template, tmp_path / "archived") as copy:
        yield copy


@contextmanager
def empty_log(template: Template, directory: Path) -> Iterator[AuditLog]:
    with template.copy() as url:
        yield clear_changes(AuditLog(make_settings(url), directory))


@contextmanager
def copy_log(
    audit_log: AuditLog, template: Template, directory: Path
) -> Iterator[AuditLog]:
    """Copy the logs with their archive, which is faster than filling them."""
    shutil.copytree(audit_log.directory, directory)
    with template.copy(audit_log.settings.DATABASE_URL) as url:
        yield AuditLog(make_settings(url), directory)
