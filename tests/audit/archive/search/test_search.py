"""Questions: live, restored and archived rows in one list, each row once."""

from datetime import timedelta
from typing import Any

import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import ACCESSES, CHANGES, LogRange
from app.audit.archive.search.query import SearchQuery, SearchResult
from app.audit.archive.search.search import Search
from tests.audit.archive.rows import ALL, ANN, INK, KEPT, OLD, PEN, Trail, change


def ask(
    trail: Trail, span: LogRange = ALL, limit: int = 1_000, **what: Any
) -> SearchResult:
    question = SearchQuery(span, limit, **what)
    return trail.use(lambda context: Search(context, question).ask())


def sources(answer: SearchResult) -> dict[str, int]:
    names = [str(row["source"]) for row in answer.rows]
    kinds = [name if "/" not in name else "cold" for name in names]
    return {kind: kinds.count(kind) for kind in kinds}


def test_live_and_cold_rows_are_in_one_list(trail: Trail) -> None:
    trail.fill()
    before = ask(trail, entity="Product", entity_id=str(PEN)).rows
    assert len(before) == 30
    trail.archive()
    after = ask(trail, entity="Product", entity_id=str(PEN))
    assert sources(after) == {"live": 9, "cold": 21}
    assert [row | {"source": "live"} for row in after.rows] == before
    times = [row["at"] for row in after.rows]
    assert times == sorted(times, reverse=True)


def test_by_actor_request_and_time(trail: Trail) -> None:
    trail.fill()
    trail.archive()
    assert len(ask(trail, actor=str(ANN)).rows) == 30 + 20
    assert len(ask(trail, actor="ann@example.com").rows) == 30 + 20
    both = ask(trail, request="request-0").rows
    assert {row["log"] for row in both} == {"changes", "accesses"}
    day = LogRange.of_day(OLD.date())
    assert len(ask(trail, day, entity="Product").rows) == 6
    assert len(ask(trail, day).rows) == 6 + 4
    assert len(ask(trail, entity="Product").rows) == 60
    assert ask(trail, entity="task").rows == []


def test_files_that_cannot_know_are_not_read(trail: Trail) -> None:
    trail.fill()
    trail.archive()
    answer = ask(trail, LogRange.of_day(OLD.date()), entity="Product")
    assert (answer.read, answer.skipped) == (1, 6)
    answer = ask(trail, request="request-0")
    assert (answer.read, answer.skipped) == (2, 12)
    assert ask(trail, entity="task").read == 0
    # The newest nine are alive, and the tenth is in the newest file.
    assert ask(trail, limit=10, entity_id=str(PEN)).read == 1
    assert ask(trail, limit=9, entity_id=str(PEN)).read == 0


def test_every_block_of_a_file_is_found(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.files.blocks.BLOCK", 4)
    trail.fill(days=1)
    trail.archive()
    for number in range(6):
        (row,) = ask(trail, entity="Product", request=f"request-{number}").rows
        assert row["source"].startswith("changes/")


def test_a_range_may_end_within_a_file(trail: Trail) -> None:
    trail.fill(days=1)
    trail.archive()
    span = LogRange.between(OLD + timedelta(minutes=1), OLD + timedelta(minutes=3))
    found = ask(trail, span, entity="Product").rows
    assert [row["request_id"] for row in found] == ["request-2", "request-1"]


def test_restored_rows_are_not_told_twice(trail: Trail) -> None:
    trail.fill()
    before = trail.rows(CHANGES)
    trail.archive()
    for _ in range(2):
        assert trail.restore()["changes"].rows == 42
        old = [row for row in before if row["at"] < KEPT]
        assert trail.rows(CHANGES, restored=True) == old
    answer = ask(trail, entity_id=str(PEN))
    assert sources(answer) == {"live": 9, "restored": 21}


def test_both_logs_come_back_as_they_were(trail: Trail) -> None:
    trail.fill()
    before = [row for row in trail.rows(ACCESSES) if row["at"] < KEPT]
    trail.archive()
    trail.restore()
    assert trail.rows(ACCESSES, restored=True) == before


def test_an_entity_knows_that_its_past_is_in_cold_storage(trail: Trail) -> None:
    def until(entity_id: Any) -> Any:
        async def look(context: ArchiveContext) -> Any:
            async with context.database.reading() as session:
                files = FileRepository(session)
                return await files.archived_until("Product", entity_id)

        return trail.use(look)

    trail.fill()
    assert until(PEN) is None
    trail.archive()
    last = KEPT - timedelta(days=1) + timedelta(minutes=5, microseconds=5)
    assert until(PEN) == until(INK) == last
    young = change(KEPT, 0, entity_id=ANN, version=1)
    trail.add(CHANGES, [young])
    assert until(ANN) is None
