"""Copies of logs with 500 rows in pruned files, whose seals are emptied."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.archive.cold import logs
from tests.audit.archive.conftest import copy_log, empty_log
from tests.audit.archive.rows import AuditLog
from tests.databases import Template
from tests.processes.object_store import ObjectStoreServer


@pytest.fixture(scope="session")
def cold_original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuditLog]:
    with empty_log(template, tmp_path_factory.mktemp("cold")) as audit_log:
        logs.fill(audit_log)
        logs.archive_days(audit_log, 9)
        assert logs.emptied(audit_log) == [0, 100, 200, 300, 400]
        yield audit_log


@pytest.fixture
def cold(
    cold_original: AuditLog,
    template: Template,
    tmp_path: Path,
    place: ObjectStoreServer | None,
) -> Iterator[AuditLog]:
    with copy_log(cold_original, template, tmp_path / "cold", place) as copy:
        copy.batch_size = cold_original.batch_size
        yield copy
