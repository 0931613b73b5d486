"""Commands without the lock of the archive, beside a run that moves rows to files."""

import pytest

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import CHANGES
from app.audit.archive.proofs.prover import Prover
from app.audit.archive.search.query import SearchQuery, SearchResult
from app.audit.archive.search.search import Search
from app.audit.archive.store.folder import FolderStore
from app.audit.export.exporter import LogExporter
from scripts.archive.export import LOST
from tests.audit.archive.cold import logs
from tests.audit.archive.export.exporting import export
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.races.proving import prove
from tests.audit.archive.rows import ALL, PRODUCT, AuditLog

pytestmark = pytest.mark.slow


def search(audit_log: AuditLog) -> SearchResult:
    query = SearchQuery(ALL, 1_000, entity=PRODUCT)
    return audit_log.run(lambda context: Search(context, query).run())


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (FolderStore, "list_paths"),
        (FileRepository, "list_files"),
        (Search, "search_tables"),
        (Search, "read_lines"),
    ],
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_search_finds_each_row_once_and_rejects_none(
    audit_log: AuditLog, meanwhile: Meanwhile, owner: type, step: str, moment: str
) -> None:
    audit_log.fill()
    getattr(meanwhile, moment)(owner, step, audit_log.archive)
    found = search(audit_log)
    assert (found.rejected, len(found.rows)) == ([], 60)
    assert len(audit_log.lines(CHANGES)) > 0


@pytest.mark.either
@pytest.mark.parametrize("step", ["read_row", "get_newest", "read_leaf_tile"])
def test_a_row_is_proven_although_a_run_moves_it(
    audit_log: AuditLog, meanwhile: Meanwhile, step: str
) -> None:
    logs.fill(audit_log)
    id = audit_log.rows(CHANGES)[0]["id"]
    meanwhile.after(Prover, step, lambda: logs.archive_days(audit_log, 9))
    assert prove(audit_log, id).index == 0
    assert logs.emptied(audit_log)


@pytest.mark.either
@pytest.mark.parametrize("step", ["has_archived", "get_end"])
def test_an_export_names_the_rows_that_a_run_moves_before_it_has_them(
    audit_log: AuditLog,
    meanwhile: Meanwhile,
    capsys: pytest.CaptureFixture[str],
    step: str,
) -> None:
    audit_log.fill()
    audit_log.seal()
    meanwhile.after(LogExporter, step, audit_log.archive)
    lines = export(audit_log, "ocsf", "changes", after={}).splitlines()
    assert len(lines) < 60
    assert LOST in capsys.readouterr().err
