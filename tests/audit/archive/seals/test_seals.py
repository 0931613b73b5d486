"""Seals: what is complete gets one, what is not waits, and the newest is told."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import insert, text
from structlog.testing import capture_logs

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditSeal
from app.audit.archive.seals.background import sealing
from app.audit.archive.seals.merkle import leaf_hash, merkle_root
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.verify.seals import read_witnesses
from app.core.clock import now
from tests.audit.archive.rows import Trail, change, changes
from tests.audit.archive.verify import tampering
from tests.databases import make_settings

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


def test_what_is_too_new_waits(trail: Trail) -> None:
    trail.add(CHANGES, [change(now() - timedelta(minutes=2), 0)])
    trail.add(CHANGES, [change(now(), 1)])
    assert trail.seal() == 1
    assert trail.verify().unsealed == 1
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert trail.seal() == 1
        assert trail.seal() == 0
    assert trail.verify().unsealed == 0


def test_seals_are_chained(trail: Trail) -> None:
    trail.add(CHANGES, changes(days=10, each=12))
    assert trail.seal() == 120
    first, second = trail.seals()[:2]
    assert (first.number, first.previous) == (1, "0" * 64)
    assert (second.number, second.previous) == (2, first.hash)
    assert sum(seal.count for seal in trail.seals()) == 120


def test_rows_of_a_transaction_under_way_are_waited_for(url: str, trail: Trail) -> None:
    """On PostgreSQL a row may be committed long after a younger one."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    trail.settings = make_settings(url, DATABASE_TIMEOUT=60)

    async def overlap(context: ArchiveContext) -> int:
        async with context.database.writing() as session:
            await session.execute(insert(CHANGES.live).values(change(now(), 0)))
            await asyncio.to_thread(trail.add, CHANGES, [change(now(), 1)])
            return await asyncio.to_thread(seal_later, trail)

    assert trail.use(overlap) == 0
    assert seal_later(trail) == 2


def seal_later(trail: Trail) -> int:
    with time_machine.travel(now() + timedelta(minutes=3)):
        return trail.seal()


def test_several_processes_that_seal_at_once_make_one_chain(trail: Trail) -> None:
    trail.fill()
    with ThreadPoolExecutor() as threads:
        counts = threads.map(lambda _: trail.seal(), range(4))
    assert sum(counts) == 100
    assert trail.faults() == {}


def test_a_file_keeps_the_newest_seals(trail: Trail, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    trail.settings = make_settings(
        trail.settings.DATABASE_URL, AUDIT_SEAL_FILE=str(file)
    )
    trail.fill()
    trail.seal()
    told = [json.loads(line) for line in file.read_bytes().splitlines()]
    seals = trail.seals()
    assert [line["hash"] for line in told] == [seal.hash for seal in seals]
    assert {mark.hash for mark in read_witnesses(file)} == {s.hash for s in seals}


def test_a_file_that_cannot_be_written_stops_no_seal(
    trail: Trail, tmp_path: Path
) -> None:
    gone = tmp_path / "gone" / "seals.jsonl"
    trail.settings = make_settings(
        trail.settings.DATABASE_URL, AUDIT_SEAL_FILE=str(gone)
    )
    trail.fill()
    with capture_logs() as told:
        assert trail.seal() == 100
    seals = trail.seals()
    hashes = [each["hash"] for each in told if each["event"] == "audit_sealed"]
    assert hashes == [seal.hash for seal in seals]
    failed = [each for each in told if each["event"] == "audit_seal_not_recorded"]
    assert len(failed) == len(seals)


def test_the_application_seals_in_the_background(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.background.EVERY", 0.01)

    async def wait(context: ArchiveContext) -> None:
        async with sealing(context.database, trail.settings), asyncio.timeout(10):
            while len(await seals_of(context)) < 2:
                await asyncio.sleep(0.01)

    async def seals_of(context: ArchiveContext) -> list[AuditSeal]:
        async with context.database.reading() as session:
            return await SealRepository(session).page(0, 10)

    trail.fill()
    trail.use(wait)


def test_an_outage_does_not_end_the_sealing(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.background.EVERY", 0.01)
    tampering.execute(trail, text("ALTER TABLE audit_seal RENAME TO away"))

    async def wait(context: ArchiveContext) -> None:
        with capture_logs() as told:
            async with sealing(context.database, trail.settings), asyncio.timeout(10):
                while [each["event"] for each in told].count(
                    "background_work_failed"
                ) < 2:
                    await asyncio.sleep(0.01)

    trail.fill()
    trail.use(wait)
