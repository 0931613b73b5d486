"""Archived rows whose leaves are in files only are found, restored and adopted."""

import pytest
from sqlalchemy import delete, insert

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.search.query import SearchQuery, SearchResult
from app.audit.archive.search.search import Search
from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.adopt.restored import backup
from tests.audit.archive.attacks.acts import stored_files
from tests.audit.archive.cold import logs
from tests.audit.archive.rows import ALL, PRODUCT, AuditLog, make_change
from tests.audit.archive.verify import tampering
from tests.databases import Template

pytestmark = [pytest.mark.either, pytest.mark.slow]


def search(audit_log: AuditLog) -> SearchResult:
    async def run(context: ArchiveContext) -> SearchResult:
        query = SearchQuery(ALL, 1_000, entity=PRODUCT)
        return await Search(context, query).run()

    return audit_log.run(run)


def sources(result: SearchResult) -> list[str]:
    return [row["source"].partition("/")[0] for row in result.rows]


def test_a_query_returns_them(cold: AuditLog) -> None:
    result = search(cold)
    assert (result.rejected, len(result.rows)) == ([], 600)
    assert sources(result).count("changes") == 540


def test_a_query_names_changed_files(cold: AuditLog) -> None:
    tampering.change_a_file(cold)
    result = search(cold)
    path = str(tampering.files(cold)[0].relative_to(cold.directory))
    assert path in result.rejected
    assert len(result.rows) == 540


def test_restored_rows_are_proven_by_their_files(cold: AuditLog) -> None:
    assert cold.restore()["changes"].rows == 540
    result = search(cold)
    assert (result.rejected, len(result.rows)) == ([], 600)
    assert sources(result).count("restored") == 540
    tampering.files(cold)[0].unlink()
    result = search(cold)
    named = {each for each in result.rejected if each.startswith("audit_change")}
    assert (len(named), len(result.rows)) == (60, 540)


def test_a_forged_restored_row_is_named(cold: AuditLog) -> None:
    row = stored_files.read_rows(tampering.target_of(cold))[0]
    tampering.execute(cold, insert(CHANGES.restored).values(row | {"reason": "x"}))
    result = search(cold)
    assert result.rejected == [f"audit_change_restored: row {row['id']}"]
    assert len(result.rows) == 600


def test_a_file_without_its_record_is_adopted_as_it_was(cold: AuditLog) -> None:
    records = tampering.FILES
    tampering.execute(cold, delete(records).where(records.c.log == CHANGES.name))
    assert cold.adopt().contradictions == []
    cold.archive(logs.before_day(9))
    assert len([each for each in cold.seals() if each.log == CHANGES.name]) < 12
    assert cold.count_findings() == {}


@pytest.mark.heavy
@pytest.mark.parametrize("has_other_rows", [False, True], ids=["equal", "other"])
def test_only_adopted_files_of_the_same_tree_replace_leaves(
    audit_log: AuditLog, template: Template, has_other_rows: bool
) -> None:
    logs.fill(audit_log)
    logs.archive_days(audit_log, 5)
    with backup(audit_log, template) as restored:
        if has_other_rows:  # which the backup does not have
            audit_log.add(CHANGES, [make_change(logs.before_day(9), 1)])
        logs.archive_days(audit_log, 9)
        assert restored.adopt().contradictions == []
        restored.archive(logs.before_day(10))
        assert restored.count_findings() == {}
        expected = [0, 100] if has_other_rows else [0, 100, 200, 300, 400]
        assert logs.emptied(restored) == expected
        assert restored.live_lines(CHANGES) == []


def test_rows_of_emptied_seals_are_not_known_without_files(cold: AuditLog) -> None:
    tampering.files(cold)[0].unlink()
    assert cold.count_findings() == {
        FindingKind.FILE_MISSING: 1,
        FindingKind.LEAVES_MISSING: 1,
    }
