"""Manifests have the places of their rows in the tree, and the leaves around them."""

import json

import pytest

from app.audit.archive.files.leaf_ranges import find_gaps, join_runs
from app.audit.archive.files.leaf_runs import LeafRuns
from app.audit.archive.tree.paths import LeafRange
from tests.audit.archive.cold import logs
from tests.audit.archive.rows import AuditLog
from tests.audit.archive.verify.tampering import files


@pytest.mark.slow
def test_a_manifest_has_the_places_of_its_lines(audit_log: AuditLog) -> None:
    logs.fill(audit_log)
    logs.archive_days(audit_log, 6)
    manifests = [
        json.loads(path.read_text()) for path in files(audit_log, "manifest.json")
    ]
    assert [each["leaves"]["runs"] for each in manifests] == [
        f"{start}+60" for start in range(0, 360, 60)
    ]
    sizes = [len(each["leaves"]["neighbours"]) * 3 // 4 // 32 for each in manifests]
    assert sizes == [196, 196, 196, 196, 452, 196]
    assert audit_log.count_findings() == {}


def test_gaps_are_the_rest_of_the_touched_tiles() -> None:
    runs = [LeafRange(*pair) for pair in ((600, 601), (10, 20), (250, 300))]
    gaps = [(0, 10), (20, 250), (300, 512), (512, 600), (601, 768)]
    assert [*find_gaps(runs)] == gaps
    assert [*find_gaps([LeafRange(0, 256), LeafRange(768, 1024)])] == []
    leaves = LeafRuns.of(runs, [bytes([each]) * 32 for each in range(3)])
    assert leaves.runs == "600+1 10+10 250+50"
    assert leaves.list_runs() == runs
    assert leaves.read_neighbours() == {each: bytes([each]) * 32 for each in range(3)}


@pytest.mark.parametrize("indexes", [[], [5], [5, 6, 7, 3, 4, 9, 8]])
def test_runs_keep_the_order_of_the_lines(indexes: list[int]) -> None:
    runs = join_runs(indexes)
    assert [index for run in runs for index in range(*run)] == indexes
