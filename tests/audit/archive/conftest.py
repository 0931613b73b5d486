"""Fixtures of the archive: empty logs, and copies of filled ones.

Each test has a folder. One with `both_places` has a bucket, too, with --whole.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.audit.archive.bucket_log import BucketLog
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import Template, make_settings, memory
from tests.processes.object_store import ObjectStoreServer, object_store


@pytest.fixture(scope="session")
def server() -> Iterator[ObjectStoreServer]:
    """A server with a bucket, which all programs find."""
    with (
        memory() as folder,
        object_store(folder) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def place(request: pytest.FixtureRequest) -> ObjectStoreServer | None:
    """Return the server of the bucket; None stands for a folder."""
    if getattr(request, "param", "folder") == "folder":
        return None
    found: ObjectStoreServer = request.getfixturevalue("server")
    return found


@pytest.fixture
def only_a_folder(place: ObjectStoreServer | None) -> None:
    if place:
        pytest.skip("Objects have nothing of the kind")


def make_log(
    settings: Settings, directory: Path, place: ObjectStoreServer | None
) -> AuditLog:
    directory.mkdir(exist_ok=True)
    if place:
        return BucketLog(settings, directory, place)
    return AuditLog(settings, directory)


@pytest.fixture
def audit_log(
    settings: Settings, tmp_path: Path, place: ObjectStoreServer | None
) -> AuditLog:
    return clear_changes(make_log(settings, tmp_path / "archive", place))


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
    archived_original: AuditLog,
    template: Template,
    tmp_path: Path,
    place: ObjectStoreServer | None,
) -> Iterator[AuditLog]:
    directory = tmp_path / "archived"
    with copy_log(archived_original, template, directory, place) as copy:
        yield copy


@contextmanager
def empty_log(template: Template, directory: Path) -> Iterator[AuditLog]:
    with template.copy() as url:
        yield clear_changes(AuditLog(make_settings(url), directory))


@contextmanager
def copy_log(
    audit_log: AuditLog,
    template: Template,
    directory: Path,
    place: ObjectStoreServer | None = None,
) -> Iterator[AuditLog]:
    """Copy the logs with their archive, which is faster than filling them."""
    shutil.copytree(audit_log.directory, directory)
    with template.copy(audit_log.settings.DATABASE_URL) as url:
        yield make_log(make_settings(url), directory, place)
