"""A run finds the leaf of each row in seals of any number and size."""

import pytest

from app.audit.archive.logs import CHANGES
from app.audit.archive.run import leaf_hashes
from tests.audit.archive.rows import AuditLog, make_changes

pytestmark = pytest.mark.slow


@pytest.mark.sampled
@pytest.mark.parametrize("limit", [1, 7, 50_000])
def test_rows_of_many_seals_are_archived(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(leaf_hashes, "MAX_LEAVES", limit)
    rows = make_changes(days=4)
    for first in range(4):  # all seals overlap
        audit_log.add(CHANGES, rows[first::4])
        audit_log.seal()
    assert audit_log.archive()["changes"].rows == len(rows)
    assert audit_log.count_findings() == {}
