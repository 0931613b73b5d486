"""The time limit of a run also ends the sealing before it."""

import pytest

from app.audit.archive.exceptions import TimeLimitException
from app.audit.archive.logs import CHANGES
from app.audit.archive.progress import Progress
from tests.audit.archive.rows import AuditLog

pytestmark = pytest.mark.slow


def test_a_time_limit_ends_the_sealing(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAGE_ROWS", "MAX_ROWS"):
        monkeypatch.setattr(f"app.audit.archive.seals.batch.{name}", 10)
    audit_log.fill()
    audit_log.progress = Progress(max_seconds=1e-6)
    for runs in (1, 2):
        with pytest.raises(TimeLimitException, match="The next run continues"):
            audit_log.archive()
        assert [seal.count for seal in audit_log.seals()] == [10] * runs
    assert audit_log.lines(CHANGES) == []
    audit_log.progress = Progress()
    assert audit_log.archive()["changes"].rows == 42
    assert audit_log.count_findings() == {}
