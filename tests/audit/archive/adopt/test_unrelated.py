"""A database does not adopt the files of another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.audit.archive.logs import CHANGES
from tests.audit.archive.adopt.restored import contents
from tests.audit.archive.adopt.test_adopt import IDENTITIES
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import clear_changes, execute
from tests.databases import Template, make_settings


@pytest.fixture
def other(
    template: Template, audit_log: AuditLog, tmp_path: Path
) -> Iterator[AuditLog]:
    """Another database, which has an archive of its own."""
    audit_log.fill()
    audit_log.archive()
    with template.copy() as url:
        own = AuditLog(make_settings(url), tmp_path / "own")
        own.directory.mkdir()
        clear_changes(own).fill(days=2)
        assert command(own, "run", "--until", "2020-01-01", "--yes").code == 0
        yield AuditLog(own.settings, audit_log.directory)


def check_refusal(other: AuditLog, reason: str) -> None:
    before = contents(other.directory), other.rows(CHANGES)
    done = command(other, "adopt", "--yes")
    assert done.code == 4
    assert reason in done.output
    assert (contents(other.directory), other.rows(CHANGES)) == before
    assert command(other, "run", *KEEP, "--yes").code == 4


def test_files_of_another_identity_are_not_adopted(other: AuditLog) -> None:
    check_refusal(other, "the archive of another database")


def test_a_database_without_an_identity_adopts_no_unrelated_files(
    other: AuditLog,
) -> None:
    execute(other, delete(IDENTITIES))
    check_refusal(other, "no identity in common")


def test_unrelated_files_without_an_identity_are_not_adopted(other: AuditLog) -> None:
    (other.directory / "identity.json").unlink()
    check_refusal(other, "another archive")
