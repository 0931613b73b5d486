"""A run: what is old goes into files, and nothing is lost, doubled or changed."""

import gzip

from app.audit.archive.canonical import Row, to_line
from app.audit.archive.logs import CHANGES, LOGS, Log
from tests.audit.archive.rows import KEPT, Trail


def lines(trail: Trail, log: Log) -> list[bytes]:
    files = sorted((trail.folder / log.name).rglob("*.jsonl.gz"))
    return [line for file in files for line in gzip.open(file).read().splitlines()]


def records(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["action"] == "UNAUDITED"]


def test_old_rows_go_into_files_and_new_ones_stay(trail: Trail) -> None:
    trail.fill()
    before = {log: trail.rows(log) for log in LOGS.values()}
    outcomes = trail.archive()
    assert {name: done.rows for name, done in outcomes.items()} == {
        "changes": 42,
        "accesses": 28,
    }
    for log, rows in before.items():
        old = [to_line(row) for row in rows if row["at"] < KEPT]
        new = [row for row in rows if row["at"] >= KEPT]
        assert lines(trail, log) == old
        live = trail.rows(log)
        recorded = records(live) if log is CHANGES else []
        assert [row for row in live if row not in recorded] == new
    assert trail.faults() == {}
    assert trail.archive() == trail.archive()
    # And one that was there before: the account of the tests.
    assert trail.verify().live == 1 + 18 + 12
