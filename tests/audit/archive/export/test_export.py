"""The command `export`: everything once, in order, from where it left off."""

import csv
import io
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.audit.archive.exceptions import UsageException
from app.audit.archive.logs import ACCESSES, CHANGES, Log, LogName
from app.audit.export.exceptions import ForeignCursorException
from app.audit.schemas import ChangeRead
from app.core.db.ids import lowest_id
from scripts.archive.cursor_file import CursorFile
from scripts.archive_audit import app
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.commands import command
from tests.audit.archive.export.exporting import export, ids, lines
from tests.audit.archive.rows import (
    KEPT,
    OLD,
    AuditLog,
    make_accesses,
    make_change,
    make_changes,
)
from tests.audit.ocsf.validation import faults
from tests.audit.test_unreadable_rows import plant

pytestmark = pytest.mark.slow

FOREIGN = f"{10**18 - 1}-{'0' * 32}"


@pytest.fixture
def filled(audit_log: AuditLog) -> AuditLog:
    audit_log.add(CHANGES, make_changes(2, 3))
    rows = make_accesses(2, 2)
    # Times bound the ids of accesses, too.
    ids_of_days = [lowest_id(row["at"]) for row in rows]
    pairs = zip(rows, ids_of_days, strict=True)
    audit_log.add(ACCESSES, [row | {"id": id} for row, id in pairs])
    return audit_log


def traces(audit_log: AuditLog) -> list[dict[str, Any]]:
    return [row for row in audit_log.rows(CHANGES) if row["reason"] == "exported"]


def test_both_logs_are_valid_events(filled: AuditLog) -> None:
    done = command(filled, "export", "--format", "ocsf")
    assert done.code == 0, done.errors
    events = lines(done.output)
    assert [fault for event in events for fault in faults(event)] == []
    logs = Counter(event["metadata"]["log_name"] for event in events)
    assert logs["accesses"] == 4
    # On SQLite the record of this export is committed in time to be in it.
    assert logs["changes"] in (6, 7)
    (trace,) = traces(filled)
    assert trace["actor_label"]
    assert trace["new"] == {"format": "ocsf", "after": {}}


def test_an_export_goes_on_from_its_cursors(filled: AuditLog, tmp_path: Path) -> None:
    file = tmp_path / "cursors.json"
    first = ids(export(filled, "jsonl", file=file))
    added = make_change(OLD, 20)
    filled.add(CHANGES, [added])
    second = ids(export(filled, "jsonl", file=file))
    assert str(added["id"]) in second
    assert not {*first} & {*second}
    # The records of exports are exported, too, and followed by no others.
    export(filled, "jsonl", "accesses")
    assert ids(export(filled, "jsonl", file=file)) != []
    assert ids(export(filled, "jsonl", file=file)) == []
    assert len(traces(filled)) == 3


def test_a_lost_cursor_repeats_rows_and_misses_none(
    filled: AuditLog, tmp_path: Path
) -> None:
    first = ids(export(filled, "jsonl", "changes", file=tmp_path / "one"))
    again = ids(export(filled, "jsonl", "changes", file=tmp_path / "two"))
    assert {*first} <= {*again}


def test_pages_have_every_row_once(
    filled: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(export(filled, "jsonl", "accesses"))
    monkeypatch.setattr("app.audit.export.exporter.PAGE_ROWS", 1)
    assert ids(export(filled, "jsonl", "accesses")) == whole
    assert len({*whole}) == 4


def test_a_failure_after_a_page_leaves_its_cursor(
    filled: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.export.exporter.PAGE_ROWS", 2)
    file, seen = tmp_path / "cursors", list[str]()
    write = CursorFile.write

    def fail(self: CursorFile, cursors: dict[str, str]) -> None:
        write(self, cursors)
        raise ConnectionError

    for _ in range(10):
        with monkeypatch.context() as patch:
            patch.setattr(CursorFile, "write", fail)
            try:
                export(filled, "jsonl", "accesses", file=file)
            except ConnectionError:
                seen.append(file.read_text())
    assert len(seen) == len({*seen}) == 2
    assert ids(export(filled, "jsonl", "accesses", file=file)) == []


def test_rows_in_cold_storage_are_named_as_missing(
    archived: AuditLog, tmp_path: Path
) -> None:
    words = ("export", "--format", "jsonl", "--cursor-file", str(tmp_path / "cursors"))

    def named() -> list[str]:
        errors = command(archived, *words).errors
        notice = "{}: rows in cold storage are not exported"
        return [name for name in LogName if notice.format(name) in errors]

    assert (named(), named()) == ([*LogName], [])
    begin = {name.value: f"0-{'0' * 32}" for name in LogName}
    (tmp_path / "cursors").write_text(json.dumps(begin))
    assert named() == [*LogName]
    since = ("export", "--format", "jsonl", "--since", f"{KEPT:%Y-%m-%d}")
    assert "cold storage" not in command(archived, *since).errors


def test_times_bound_an_export(filled: AuditLog) -> None:
    span = OLD, OLD + timedelta(days=1)
    assert len(ids(export(filled, "jsonl", span=span))) == 3 + 2
    (trace,) = traces(filled)
    assert trace["new"]["since"] == OLD.isoformat()


def test_an_export_that_leaves_out_rows_has_no_cursor(filled: AuditLog) -> None:
    """Rows before the last one may be of a later time."""
    words = ("export", "--format", "jsonl", "--table", "changes")
    whole = command(filled, *words).errors
    bounded = command(filled, *words, "--until", f"{OLD + timedelta(days=1):%Y-%m-%d}")
    assert (whole.split(" cursor ")[1] > "1", bounded.code) == (True, 0)
    assert bounded.errors.endswith("changes: 3 rows, cursor \n")


def test_rows_without_a_number_come_first(filled: AuditLog, tmp_path: Path) -> None:
    old = make_change(OLD, 30)
    filled.add(CHANGES, [old | {"transaction_id": None}])
    file = tmp_path / "cursors"
    assert str(old["id"]) in ids(export(filled, "jsonl", "changes", file=file))
    assert str(old["id"]) not in ids(export(filled, "jsonl", "changes", file=file))


def test_a_csv_has_no_formula(filled: AuditLog) -> None:
    row = make_change(OLD, 40, reason="=1+1", actor_name="@SUM(A1)")
    filled.add(CHANGES, [row])
    text = export(filled, "csv", "changes")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [*rows[0]] == [*ChangeRead.model_fields]
    assert "'=1+1" in {each["reason"] for each in rows}
    assert "'@SUM(A1)" in {each["actor_name"] for each in rows}
    assert json.loads(rows[0]["new"])["rate"] == 0.1


@pytest.mark.parametrize("log", [CHANGES, ACCESSES], ids=lambda log: log.name.value)
def test_rows_that_cannot_be_read_are_exported(
    audit_log: AuditLog, tmp_path: Path, log: Log
) -> None:
    target = Target(audit_log.settings.DATABASE_URL, tmp_path)
    plant(target, log, "018f3c1e-7a2b-7c3d-8e4f-0123456789ab")
    (stored,) = target.read(select(func.count().label("rows")).select_from(log.live))
    for kind in ("jsonl", "ocsf"):
        found = lines(export(audit_log, kind, log.name.value))
        assert len(found) >= stored["rows"]
        if kind == "ocsf":
            assert [fault for event in found for fault in faults(event)] == []
    rows = csv.reader(io.StringIO(export(audit_log, "csv", log.name.value)))
    assert len(list(rows)) > stored["rows"]


def test_a_line_that_was_cut_is_ended(filled: AuditLog, tmp_path: Path) -> None:
    path, cursor = tmp_path / "log", tmp_path / "cursor"
    path.write_text('{"id": "whole"}\n{"id": "cu')
    words = ("--output", str(path), "--cursor-file", str(cursor))
    done = command(filled, "export", "--format", "jsonl", *words)
    assert (done.code, done.output) == (0, "")
    first, cut, *others = path.read_text().splitlines()
    assert (first, cut) == ('{"id": "whole"}', '{"id": "cu')
    assert len(others) in (10, 11)
    assert all(json.loads(line)["id"] for line in others)


def test_a_cursor_of_another_server_is_refused(filled: AuditLog) -> None:
    with pytest.raises(ForeignCursorException):
        export(filled, "jsonl", "changes", after={"changes": FOREIGN})


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "{", "[]", '{"changes": 5}', '{"changes": "1-2; DROP"}', ""]
)
def test_another_file_is_no_file_of_cursors(text: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(text)
    with pytest.raises(UsageException, match="it is another file"):
        CursorFile(str(other)).read()


@pytest.mark.parametrize(
    "words",
    [
        "--format csv",
        "--format xml",
        f"--format jsonl --after {FOREIGN}",
        "--format jsonl --table changes --after x",
        f"--format jsonl --table changes --after {FOREIGN} --cursor-file x",
        "--format csv --table changes --output x",
        "--format jsonl --until 2026-01-01 --cursor-file x",
        "--format jsonl --until 2026-01-01 --table changes --after 1-" + "0" * 32,
        "--table changes",
    ],
)
def test_wrong_usage_is_explained(words: str) -> None:
    done = CliRunner().invoke(app, ["export", *words.split()])
    assert done.exit_code == 2
    assert "Usage: " in done.output
