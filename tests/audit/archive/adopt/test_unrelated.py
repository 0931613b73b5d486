"""A database does not adopt the files of another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.audit.archive.logs import CHANGES
from tests.audit.archive.adopt.restored import contents
from tests.audit.archive.adopt.test_adopt import IDENTITIES
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.conftest import copy_log, empty_log
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import execute
from tests.databases import Template

pytestmark = pytest.mark.either


@pytest.fixture(scope="module")
def original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuditLog]:
    """Another database, which has an archive of its own."""
    folder, own_folder = map(tmp_path_factory.mktemp, ("archive", "own"))
    with empty_log(template, folder) as audit_log:
        audit_log.fill()
        audit_log.archive()
    with empty_log(template, own_folder) as own:
        own.fill(days=2)
        assert command(own, "run", "--until", "2020-01-01", "--yes").code == 0
        yield AuditLog(own.settings, folder)


@pytest.fixture
def other(original: AuditLog, template: Template, tmp_path: Path) -> Iterator[AuditLog]:
    with copy_log(original, template, tmp_path / "archive") as other:
        yield other


def check_refusal(other: AuditLog, reason: str) -> None:
    before = contents(other.directory), other.rows(CHANGES)
    done = command(other, "adopt", "--yes")
    assert done.code == 4
    assert reason in done.output
    assert (contents(other.directory), other.rows(CHANGES)) == before
    assert command(other, "run", *KEEP, "--yes").code == 4


@pytest.mark.slow
def test_files_of_another_identity_are_not_adopted(other: AuditLog) -> None:
    check_refusal(other, "the archive of another database")


@pytest.mark.heavy
def test_a_database_without_an_identity_adopts_no_unrelated_files(
    other: AuditLog,
) -> None:
    execute(other, delete(IDENTITIES))
    check_refusal(other, "no identity in common")


@pytest.mark.heavy
def test_unrelated_files_without_an_identity_are_not_adopted(other: AuditLog) -> None:
    (other.directory / "identity.json").unlink()
    check_refusal(other, "another archive")
