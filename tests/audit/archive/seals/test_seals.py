"""Sealing: completeness, chaining, publication and the background task."""

import asyncio
import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import text
from structlog.testing import capture_logs

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.manifest import SealRef
from app.audit.archive.logs import CHANGES
from app.audit.archive.seals.background import run_sealer
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal_file import SealFile, append_line
from app.audit.archive.tree.merkle import leaf_hash, merkle_root
from app.audit.archive.verify.evidence_file import read_evidence
from app.core.clock import now
from app.main import create_app
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.verify import tampering
from tests.databases import make_settings
from tests.processes.servers import TIMEOUT

LARGEST_FILE = 300
SEAL_FILE = "app.audit.archive.seals.seal_file"
FAILED = "background_work_failed"
RFC_6962 = {
    # The test vectors of Certificate Transparency's reference implementation.
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LEAVES = ["", "00", "10", "2021", "3031", "40414243"]
LEAVES += ["5051525354555657", "606162636465666768696a6b6c6d6e6f"]


@pytest.mark.parametrize(("size", "root"), RFC_6962.items())
def test_the_tree_is_that_of_certificate_transparency(size: int, root: str) -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    assert merkle_root(leaves) == root


def test_seals_are_runs_of_one_tree(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.batch.PAGE_ROWS", 10)
    monkeypatch.setattr("app.audit.archive.seals.batch.MAX_ROWS", 50)
    audit_log.add(CHANGES, make_changes(days=10, each=12))
    assert audit_log.seal() == 120
    first, second = audit_log.seals()[:2]
    assert (first.number, first.start, first.size) == (1, 0, 50)
    assert (second.number, second.start, second.size) == (2, 50, 100)
    assert sum(seal.count for seal in audit_log.seals()) == 120


@pytest.mark.slow
def test_concurrent_sealers_write_one_chain(
    audit_log: AuditLog,
) -> None:
    audit_log.fill()
    with ThreadPoolExecutor() as threads:
        counts = threads.map(lambda _: audit_log.seal(), range(4))
    assert sum(counts) == 100
    assert audit_log.count_findings() == {}


@pytest.mark.slow
def test_seals_are_appended_to_a_file(audit_log: AuditLog, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    audit_log.settings = make_settings(
        audit_log.settings.DATABASE_URL, AUDIT_SEAL_FILE=str(file)
    )
    audit_log.fill()
    audit_log.seal()
    exported = read_evidence(file)
    assert exported == [seal.note for seal in audit_log.seals()]
    assert audit_log.count_findings(*exported) == {}


def test_sealing_continues_if_the_file_cannot_be_written(
    audit_log: AuditLog, tmp_path: Path
) -> None:
    missing = tmp_path / "missing" / "seals.jsonl"
    audit_log.settings = make_settings(
        audit_log.settings.DATABASE_URL, AUDIT_SEAL_FILE=str(missing)
    )
    audit_log.fill()
    with capture_logs() as logged:
        assert audit_log.seal() == 100
    seals = audit_log.seals()
    hashes = [each["hash"] for each in logged if each["event"] == "audit_sealed"]
    assert hashes == [seal.hash for seal in seals]
    failed = [each for each in logged if each["event"] == "audit_seal_not_recorded"]
    assert len(failed) == len(seals)


def test_a_full_disk_leaves_no_part_of_a_seal_in_the_file(
    tmp_path: Path, small_files: None
) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_bytes(b'{"number": 1, "hash": "a"}\n')
    seal_file = SealFile(str(path))
    asyncio.run(seal_file.append(b"x" * LARGEST_FILE))
    assert seal_file.state() == "not writing, 1 seal lost: File too large"
    assert read_evidence(path) == [SealRef(1, "a")]
    asyncio.run(seal_file.append(b'{"number": 3, "hash": "c"}'))
    assert seal_file.state() == "ok, 1 seal lost since startup"
    assert read_evidence(path) == [SealRef(1, "a"), SealRef(3, "c")]


class LineOfAnother(bytes):
    """A line that is followed by that of another process, before it is written."""

    path: Path

    def __bool__(self) -> bool:
        with self.path.open("ab") as file:
            file.write(b'{"number": 2, "hash": "b"}\n')
        return True


def test_a_full_disk_takes_no_seal_of_another_process(
    tmp_path: Path, small_files: None
) -> None:
    line = LineOfAnother(b"x" * LARGEST_FILE)
    line.path = tmp_path / "seals.jsonl"
    with pytest.raises(OSError, match="too large"):
        append_line(line.path, line)
    assert read_evidence(line.path) == [SealRef(2, "b")]


def test_a_fifo_without_a_reader_is_a_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "seals")
    seal_file = SealFile(str(tmp_path / "seals"))
    asyncio.run(seal_file.append(b"note"))
    assert seal_file.state() == "not writing, 1 seal lost: No such device or address"


def test_a_share_that_hangs_does_not_stop_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Event()
    monkeypatch.setattr(f"{SEAL_FILE}.append_line", lambda *_: answer.wait())
    monkeypatch.setattr("app.core.background.WAIT", 0.01)
    seal_file = SealFile(str(tmp_path / "seals"))
    asyncio.run(seal_file.append(b"first"))
    assert seal_file.state() == "not writing, 1 seal lost: no answer for 0 s"
    asyncio.run(seal_file.append(b"second"))
    state = "not writing, 2 seals lost: an earlier call has not ended"
    assert seal_file.state() == state
    answer.set()
    assert seal_file.thread.running
    seal_file.thread.running.result()
    monkeypatch.undo()
    asyncio.run(seal_file.append(b"third"))
    assert seal_file.state() == "ok, 2 seals lost since startup"


@pytest.fixture
def small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_lost_seals_are_shown(url: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing" / "seals.jsonl")
    app = create_app(make_settings(url, AUDIT_SEAL_FILE=missing))
    later = now() + timedelta(minutes=5)
    with TestClient(app, "http://test") as client, time_machine.travel(later):
        checks = client.get("/readyz").json()["checks"]
        assert checks["seal_file"] == "ok"
        assert client.portal
        client.portal.call(app.state.sealer.seal)
        checks = client.get("/readyz").json()["checks"]
        assert checks["seal_file"].startswith("not writing, ")
        assert checks["seal_file"].endswith("lost: No such file or directory")


def test_the_application_seals_in_the_background(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.background.SEAL_INTERVAL", 0.01)

    async def wait(context: ArchiveContext) -> None:
        async with (
            run_sealer(context.database, audit_log.settings),
            asyncio.timeout(TIMEOUT),
        ):
            while len(await seals_of(context)) < 2:
                await asyncio.sleep(0.01)

    async def seals_of(context: ArchiveContext) -> list[AuditSeal]:
        async with context.database.reading() as session:
            return await SealRepository(session).read_page(0, 10)

    audit_log.fill()
    audit_log.run(wait)


@pytest.mark.slow
def test_a_newer_schema_is_sealed_by_the_newer_release(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows may have columns that this release does not know.

    A forged revision stops the sealing too, which /readyz shows.
    """
    monkeypatch.setattr("app.audit.archive.seals.background.SEAL_INTERVAL", 0.01)
    newer = "UPDATE alembic_version SET version_num = 'newer'"
    tampering.execute(audit_log, text(newer))

    async def wait(context: ArchiveContext) -> int:
        async with run_sealer(context.database, audit_log.settings) as sealer:
            await asyncio.sleep(0.1)
            sealer.backlog.measured -= 720
            late = "behind: no sealing was completed for 12 minutes"
            assert sealer.backlog.state() == late
        async with context.database.reading() as session:
            return len(await SealRepository(session).read_page(0, 10))

    audit_log.fill()
    assert audit_log.run(wait) == 0


def test_sealing_continues_after_a_failure(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.background.SEAL_INTERVAL", 0.01)
    audit_log.fill()
    tampering.execute(audit_log, text("ALTER TABLE audit_seal RENAME TO away"))

    async def wait(context: ArchiveContext) -> None:
        with capture_logs() as logged:
            async with (
                run_sealer(context.database, audit_log.settings),
                asyncio.timeout(TIMEOUT),
            ):
                while [each["event"] for each in logged].count(
                    "background_work_failed"
                ) < 2:
                    await asyncio.sleep(0.01)

    audit_log.run(wait)
