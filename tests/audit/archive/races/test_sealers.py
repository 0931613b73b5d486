"""Two processes that seal at once: the application, and a run or `adopt`."""

from datetime import timedelta

import pytest

from app.audit.archive.logs import ACCESSES
from app.audit.archive.seals.sealer import Sealer
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.rows import KEPT, OLD, AuditLog, make_access

LATE = "request-100"


def add_late(audit_log: AuditLog) -> None:
    """Add an access as the release before the numbers did."""
    late = make_access(OLD + timedelta(hours=1), 100, transaction_id=None)
    audit_log.add(ACCESSES, [late])


def seal_late(audit_log: AuditLog) -> None:
    late = [row for row in audit_log.rows(ACCESSES) if row["request_id"] == LATE]
    audit_log.run(lambda context: context.sealer.seal_late_rows(ACCESSES, late))


@pytest.mark.slow
@pytest.mark.parametrize("step", ["grow", "seal_batch"])
def test_rows_that_are_sealed_late_meanwhile_are_no_repetition(
    audit_log: AuditLog, meanwhile: Meanwhile, step: str
) -> None:
    audit_log.fill()
    audit_log.seal()
    add_late(audit_log)
    audit_log.add(ACCESSES, [make_access(KEPT, 101)])
    meanwhile.before(Sealer, step, lambda: seal_late(audit_log))
    assert audit_log.seal() == 1
    assert audit_log.verify().late == 0
    assert audit_log.count_findings() == {}


@pytest.mark.slow
def test_rows_that_both_would_seal_late_are_sealed_once(
    audit_log: AuditLog, meanwhile: Meanwhile
) -> None:
    """No row has a number yet, so the application seals those without one, too."""
    add_late(audit_log)
    meanwhile.before(Sealer, "grow", audit_log.seal)
    seal_late(audit_log)
    assert audit_log.count_findings() == {}
