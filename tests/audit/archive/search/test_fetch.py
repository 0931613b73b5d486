"""Copies of archive files, and wide questions to them by the guide's queries."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import CHANGES
from app.audit.archive.search.fetcher import Fetcher
from app.audit.archive.store.folder import FolderStore
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import ALL, OLD, AuditLog
from tests.audit.archive.verify import tampering
from tests.databases import ROOT

pytestmark = both_places
DAY = timedelta(days=1)
GUIDE = ROOT / "docs/AUDIT_ARCHIVE.md"


def read_queries() -> list[str]:
    """Return the statements of the guide that DuckDB executes."""
    _, _, text = GUIDE.read_text().partition("```sql\nCREATE VIEW changes")
    statements, fence, _ = f"CREATE VIEW changes{text}".partition("```")
    assert fence
    return [each for each in statements.split(";") if each.strip()]


def fetch(archived: AuditLog, folder: Path) -> tuple[int, list[str]]:
    """Return how many files of changes were copied, and the names of others."""

    async def copy(context: ArchiveContext) -> tuple[int, list[str]]:
        fetcher = Fetcher(context, FolderStore(folder))
        return len(await fetcher.fetch(CHANGES, ALL)), fetcher.rejected

    return archived.run(copy)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "cold"
    path.mkdir()
    return path


@pytest.mark.slow
def test_duckdb_answers_the_guide_s_questions(
    archived: AuditLog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(archived, folder) == (7, [])
    odd = {name: {"as_stored": "x"} for name in ("id", "at", "version", "entity_id")}
    odd_file = folder / "changes/2000-01-01.0001.jsonl.gz"
    odd_file.write_bytes(gzip.compress(json.dumps(odd).encode()))
    monkeypatch.chdir(folder)
    view, months, prices, copy = read_queries()
    with duckdb.connect() as connection:
        connection.execute(view)
        assert connection.execute("SELECT count(*) FROM changes").fetchone() == (43,)
        found = connection.execute(months).fetchall()
        assert sum(row[3] for row in found) == 43
        assert found.pop()[1] is None  # the odd one
        assert {row[1:3] for row in found} == {
            ("Product", "ann@example.com"),
            ("Product", "ben@example.com"),
        }
        assert found[0][0] == f"{OLD:%Y-%m}"
        assert len(connection.execute(prices).fetchall()) == 42
        connection.execute(copy)
        parquet = "SELECT count(*) FROM 'changes.parquet'"
        assert connection.execute(parquet).fetchone() == (43,)


def test_changed_and_missing_files_are_not_copied(
    archived: AuditLog, folder: Path
) -> None:
    tampering.change_a_file(archived)
    data = tampering.files(archived)
    data[1].unlink()
    names = [str(path.relative_to(archived.directory)) for path in data]
    for _ in range(2):
        assert fetch(archived, folder) == (5, names[:2])
    copied = sorted(path for path in folder.rglob("*") if path.is_file())
    assert [str(path.relative_to(folder)) for path in copied] == names[2:]


def test_a_copy_that_was_changed_is_named(archived: AuditLog, folder: Path) -> None:
    assert fetch(archived, folder) == (7, [])
    first = sorted(folder.rglob("*.gz"))[0]
    first.write_bytes(b"other rows")
    assert fetch(archived, folder) == (6, [str(first.relative_to(folder))])
    assert first.read_bytes() == b"other rows"


@pytest.mark.heavy
def test_the_command_names_what_it_has_not_copied(
    archived: AuditLog, folder: Path
) -> None:
    done = command(archived, "fetch", str(folder), "--until", f"{OLD + DAY:%Y-%m-%d}")
    assert (done.code, done.errors) == (0, "")
    assert done.output == "changes: 1 file\naccesses: 1 file\n"
    tampering.change_a_file(archived)
    done = command(archived, "fetch", str(folder), "--table", "changes")
    assert (done.code, done.output) == (0, "changes: 7 files\n")  # it has a copy
    tampering.files(archived)[1].unlink()
    done = command(archived, "fetch", str(folder / "new"), "--table", "changes")
    assert done.code == 2
    (folder / "new").mkdir()
    done = command(archived, "fetch", str(folder / "new"), "--table", "changes")
    assert (done.code, done.output) == (4, "changes: 5 files\n")
    names = [path.name for path in sorted(tampering.files(archived))]
    assert names[0] in done.errors
