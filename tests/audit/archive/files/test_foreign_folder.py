"""A folder that belongs to another database is neither written nor read."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.ownership import IDENTITY_FILE, write_identity
from app.audit.archive.identity import get_archive_id
from app.audit.archive.logs import CHANGES
from app.audit.archive.store.store import Store
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import OLD, AuditLog, make_changes
from tests.audit.archive.verify.tampering import clear_changes, files
from tests.databases import Template, make_settings

pytestmark = [both_places, pytest.mark.either, pytest.mark.slow]


@pytest.fixture
def new(template: Template, audit_log: AuditLog) -> Iterator[AuditLog]:
    """A database without an identity, by mistake with the folder of `audit_log`."""
    with template.copy() as url:
        yield clear_changes(audit_log.with_settings(make_settings(url)))


@pytest.fixture
def other(new: AuditLog) -> AuditLog:
    """Another database, which has an identity of its own."""

    async def make_identity(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            await get_archive_id(session)

    new.run(make_identity)
    return new


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def check_refusal(audit_log: AuditLog, other: AuditLog) -> None:
    audit_log.fill()
    audit_log.archive()
    other.fill()
    before = contents(audit_log.directory), other.rows(CHANGES)
    done = command(other, "run", *KEEP, "--yes")
    assert (done.code, done.output) == (4, "")
    assert "the archive of another database" in done.errors
    assert (contents(audit_log.directory), other.rows(CHANGES)) == before
    assert audit_log.count_findings() == {}


def test_a_run_refuses_the_folder_of_another_database(
    audit_log: AuditLog, other: AuditLog
) -> None:
    check_refusal(audit_log, other)


def test_a_database_without_an_identity_does_not_take_a_folder_s(
    audit_log: AuditLog, new: AuditLog
) -> None:
    check_refusal(audit_log, new)


def test_a_folder_is_claimed_before_its_first_file(
    audit_log: AuditLog, other: AuditLog
) -> None:
    """The first run has nothing to archive."""
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    other.fill()
    assert command(other, "run", *KEEP, "--yes").code == 4
    assert files(other) == []


def test_the_folder_of_another_database_is_a_finding(
    audit_log: AuditLog, other: AuditLog
) -> None:
    audit_log.fill()
    audit_log.archive()
    other.seal()
    done = command(other, "verify", "--json")
    assert done.code == 4
    assert done.json["counts"]["identity_changed"] == 1


@pytest.mark.heavy
def test_the_folder_of_another_database_is_not_restored(
    audit_log: AuditLog, other: AuditLog
) -> None:
    audit_log.fill()
    audit_log.archive()
    done = command(other, "restore")
    assert (done.code, done.output) == (4, "")
    assert "the archive of another database" in done.errors
    assert other.rows(CHANGES, restored=True) == []


@pytest.mark.heavy
def test_the_folder_of_another_database_is_not_searched(
    audit_log: AuditLog, other: AuditLog
) -> None:
    audit_log.fill()
    audit_log.archive()
    other.add(CHANGES, make_changes(days=1))
    done = command(other, "query", "--entity", "Product")
    assert done.code == 4
    assert len(done.output.splitlines()) == 6
    assert "the archive of another database" in done.errors


def test_a_folder_that_is_claimed_while_it_is_checked_is_refused(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two databases begin at once, by mistake with one folder."""
    audit_log.fill()

    def read_and_claim(store: Store, name: str) -> bytes:
        monkeypatch.undo()
        try:
            return store.read_file(name)
        finally:
            write_identity(store, uuid4())

    monkeypatch.setattr(Store, "read_file", read_and_claim)
    with pytest.raises(VerificationException, match=IDENTITY_FILE):
        audit_log.archive()
    assert files(audit_log) == []


@pytest.mark.sampled
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"archive": 1}'])
def test_a_damaged_identity_file_stops_a_run(audit_log: AuditLog, content: str) -> None:
    audit_log.fill(days=1)
    audit_log.archive()
    (audit_log.directory / "identity.json").write_text(content)
    done = command(audit_log, "run", *KEEP, "--yes")
    assert (done.code, done.output) == (4, "")
    assert "identity.json" in done.errors
    done = command(audit_log, "verify", "--json")
    assert (done.code, done.json["counts"]) == (4, {"identity_changed": 1})


def test_a_missing_identity_file_is_a_finding_and_written_again(
    audit_log: AuditLog,
) -> None:
    audit_log.fill(days=1)
    audit_log.archive()
    identity = audit_log.directory / "identity.json"
    content = identity.read_bytes()
    identity.unlink()
    done = command(audit_log, "verify", "--json")
    assert (done.code, done.json["counts"]) == (4, {"identity_missing": 1})
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert identity.read_bytes() == content
    assert audit_log.count_findings() == {}


@pytest.mark.heavy
def test_a_foreign_folder_without_an_identity_is_refused(
    audit_log: AuditLog, other: AuditLog
) -> None:
    """The release before has written no identity."""
    audit_log.fill()
    audit_log.archive()
    (audit_log.directory / "identity.json").unlink(missing_ok=True)
    other.fill()
    before = contents(audit_log.directory)
    done = command(other, "run", *KEEP, "--yes")
    assert (done.code, done.output) == (4, "")
    assert "adopt" in done.errors
    assert contents(audit_log.directory) == before


@pytest.mark.heavy
def test_a_file_that_is_not_of_this_database_is_not_replaced(
    audit_log: AuditLog,
) -> None:
    audit_log.fill(days=2)
    audit_log.archive(OLD + timedelta(days=1))
    foreign = files(audit_log)[0]
    foreign = foreign.with_name(f"{OLD + timedelta(days=1):%Y-%m-%d}.0001.jsonl.gz")
    foreign.write_bytes(b"the only copy of some rows")
    before = audit_log.rows(CHANGES)
    for _ in range(2):  # the second run finds no file of the first one to resume
        done = command(audit_log, "run", *KEEP, "--yes")
        assert (done.code, done.output) == (4, "")
        assert foreign.name in done.errors
        assert "adopt" in done.errors
        assert foreign.read_bytes() == b"the only copy of some rows"
        assert audit_log.rows(CHANGES) == before
