"""Search over live, restored and archived rows; each row is returned once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import ACCESSES, CHANGES, LogRange
from app.audit.archive.search.query import SearchQuery, SearchResult
from app.audit.archive.search.search import Search
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import (
    ALL,
    ANN,
    INK,
    KEPT,
    OLD,
    PEN,
    AuditLog,
    make_change,
)
from tests.audit.archive.verify import tampering

pytestmark = [both_places, pytest.mark.either, pytest.mark.slow]


def search(
    audit_log: AuditLog,
    log_range: LogRange = ALL,
    limit: int = 1_000,
    **conditions: Any,
) -> SearchResult:
    query = SearchQuery(log_range, limit, **conditions)
    return audit_log.run(lambda context: Search(context, query).run())


def sources(result: SearchResult) -> dict[str, int]:
    names = [str(row["source"]) for row in result.rows]
    kinds = [name if "/" not in name else "file" for name in names]
    return {kind: kinds.count(kind) for kind in kinds}


def test_live_and_archived_rows_are_in_one_list(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = search(audit_log, entity="Product", entity_id=str(PEN)).rows
    assert len(before) == 30
    audit_log.archive()
    after = search(audit_log, entity="Product", entity_id=str(PEN))
    assert sources(after) == {"live": 9, "file": 21}
    assert [row | {"source": "live"} for row in after.rows] == before
    times = [row["at"] for row in after.rows]
    assert times == sorted(times, reverse=True)


def test_by_actor_request_and_time(archived: AuditLog) -> None:
    assert len(search(archived, actor=str(ANN)).rows) == 30 + 20
    assert len(search(archived, actor="ann@example.com").rows) == 30 + 20
    both = search(archived, request="request-0").rows
    assert {row["log"] for row in both} == {"changes", "accesses"}
    day = LogRange.of_day(OLD.date())
    assert len(search(archived, day, entity="Product").rows) == 6
    assert len(search(archived, day).rows) == 6 + 4
    assert len(search(archived, entity="Product").rows) == 60
    assert search(archived, entity="task").rows == []


def test_files_without_matches_are_skipped(archived: AuditLog) -> None:
    result = search(archived, LogRange.of_day(OLD.date()), entity="Product")
    assert (result.read, result.skipped) == (1, 6)
    result = search(archived, request="request-0")
    assert (result.read, result.skipped) == (2, 12)
    assert search(archived, entity="task").read == 0
    # The newest nine are live, and the tenth is in the newest file.
    assert search(archived, limit=10, entity_id=str(PEN)).read == 1
    assert search(archived, limit=9, entity_id=str(PEN)).read == 0


def test_every_block_of_a_file_is_found(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.files.blocks.BLOCK_LINES", 4)
    audit_log.fill(days=1)
    audit_log.archive()
    for number in range(6):
        (row,) = search(audit_log, entity="Product", request=f"request-{number}").rows
        assert row["source"].startswith("changes/")


def test_a_range_may_end_within_a_file(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.archive()
    log_range = LogRange.between(OLD + timedelta(minutes=1), OLD + timedelta(minutes=3))
    found = search(audit_log, log_range, entity="Product").rows
    assert [row["request_id"] for row in found] == ["request-2", "request-1"]


def test_restored_rows_are_not_returned_twice(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = audit_log.rows(CHANGES)
    audit_log.archive()
    for _ in range(2):
        assert audit_log.restore()["changes"].rows == 42
        old = [row for row in before if row["at"] < KEPT]
        assert audit_log.rows(CHANGES, restored=True) == old
    result = search(audit_log, entity_id=str(PEN))
    assert sources(result) == {"live": 9, "restored": 21}


@pytest.mark.heavy
def test_restored_accesses_equal_the_archived(audit_log: AuditLog) -> None:
    audit_log.fill()
    before = [row for row in audit_log.rows(ACCESSES) if row["at"] < KEPT]
    audit_log.archive()
    audit_log.restore()
    assert audit_log.rows(ACCESSES, restored=True) == before


def test_the_time_until_which_an_entity_is_archived(audit_log: AuditLog) -> None:
    def until(entity_id: Any) -> Any:
        async def read(context: ArchiveContext) -> Any:
            async with context.database.reading() as session:
                files = FileRepository(session)
                return await files.archived_until("Product", entity_id)

        return audit_log.run(read)

    audit_log.fill()
    assert until(PEN) is None
    audit_log.archive()
    last = KEPT - timedelta(days=1) + timedelta(minutes=5, microseconds=5)
    assert until(PEN) == until(INK) == last
    recent = make_change(KEPT, 0, entity_id=ANN, version=1)
    audit_log.add(CHANGES, [recent])
    assert until(ANN) is None


PLANTED = "changes/2026/01/2026-01-01.0001.manifest.json"


def test_a_changed_archived_row_is_not_returned(archived: AuditLog) -> None:
    before = search(archived, entity="Product")
    tampering.change_a_file(archived)
    after = search(archived, entity="Product")
    assert len(after.rows) == len(before.rows) - 1
    assert before.rejected == []
    file, row = after.rejected
    assert file.startswith(str(tampering.files(archived)[0].name).split(".")[0], 16)
    assert row.startswith(f"{file}: row ")


def test_a_planted_file_is_not_searched(archived: AuditLog) -> None:
    before = search(archived, entity="Product").rows
    source, target = tampering.files(archived)[0], archived.directory / PLANTED
    target.parent.mkdir(parents=True)
    manifest = tampering.files(archived, "manifest.json")[0].read_bytes()
    target.write_bytes(manifest)
    target.with_name("2026-01-01.0001.jsonl.gz").write_bytes(source.read_bytes())
    result = search(archived, entity="Product")
    assert (result.rows, result.rejected) == (before, [PLANTED])


@pytest.mark.sampled
@pytest.mark.parametrize(
    "damage",
    [
        tampering.make_manifest_a_list,
        tampering.make_manifest_a_directory,
        tampering.truncate_a_file,
        tampering.make_file_a_directory,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_search_goes_on_past_damage(
    archived: AuditLog, damage: Callable[[AuditLog], None]
) -> None:
    before = search(archived, entity="Product").rows
    damage(archived)
    result = search(archived, entity="Product")
    assert len(result.rejected) == 1
    assert len(before) - 6 <= len(result.rows) < len(before)
    assert [row for row in result.rows if row not in before] == []


@pytest.mark.parametrize("spelled", [str(ANN).upper(), ANN.hex, f"{{{ANN}}}"])
def test_an_actor_s_id_may_be_spelled_in_another_way(
    archived: AuditLog, spelled: str
) -> None:
    """Live rows and archived ones are found alike."""
    done = command(archived, "query", "--actor", spelled)
    assert (done.code, len(done.output.splitlines())) == (0, 30 + 20)


def test_an_actor_that_is_no_id_is_rejected(archived: AuditLog) -> None:
    done = command(archived, "query", "--actor", "ann")
    assert (done.code, done.output) == (2, "")
    assert "must be an id or an e-mail address" in done.errors
