"""Links, FIFOs and devices in the folder are neither followed nor waited for."""

import os
from pathlib import Path

import pytest

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.store.folder import FolderStore
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import OLD, AuditLog

pytestmark = pytest.mark.either

FOLDER = f"changes/{OLD:%Y/%m}"
FIRST = f"{FOLDER}/{OLD:%Y-%m-%d}.0001"


def plant(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl.gz", "keys", "manifest.json"])
def test_a_run_writes_nothing_through_a_link(
    audit_log: AuditLog, tmp_path: Path, suffix: str
) -> None:
    victim = tmp_path / "app.db"
    victim.write_text("precious")
    audit_log.fill(days=1)
    plant(audit_log.directory / f"{FIRST}.{suffix}.part", victim)
    assert audit_log.count_findings() == {FindingKind.FILE_EXTRA: 1}
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert victim.read_text() == "precious"
    assert audit_log.count_findings() == {}


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["changes", f"changes/{OLD:%Y}", FOLDER])
def test_a_run_refuses_a_linked_folder(
    audit_log: AuditLog, tmp_path: Path, folder: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    audit_log.fill(days=1)
    plant(audit_log.directory / folder, elsewhere)
    done = command(audit_log, "run", *KEEP, "--yes")
    assert (done.code, done.output) == (4, "")
    assert "or a link" in done.errors
    assert [*elsewhere.iterdir()] == []
    assert audit_log.count_findings() == {FindingKind.FILE_EXTRA: 1}


@pytest.mark.slow
def test_adopt_names_what_is_no_file(archived: AuditLog) -> None:
    path = archived.directory / f"{FOLDER}/2000-01-01.0001.manifest.json"
    os.mkfifo(path)
    done = command(archived, "adopt", "--yes")
    assert (done.code, "is no regular file" in done.output) == (4, True)


def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    plant(tmp_path / "archive", tmp_path / "disk")
    FolderStore(tmp_path / "archive").write_file("changes/day", b"rows")
    assert FolderStore(tmp_path / "disk").read_file("changes/day") == b"rows"


@pytest.mark.parametrize("name", ["../secret", "changes/../../secret", "/etc/passwd"])
def test_a_path_stays_in_the_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "archive" / "changes").mkdir(parents=True)
    (tmp_path / "secret").write_text("precious")
    with pytest.raises(VerificationException, match="leaves"):
        FolderStore(tmp_path / "archive").read_file(name)


def test_a_manifest_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.store.store.MAX_BYTES", 10)
    (tmp_path / "long").write_bytes(b"x" * 11)
    with pytest.raises(VerificationException, match="more than 10 bytes"):
        FolderStore(tmp_path).read_file("long")
