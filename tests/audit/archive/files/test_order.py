"""Files are in the order of their numbers, not of the clocks of the hosts."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from tests.audit.archive.rows import KEPT, OLD, AuditLog
from tests.audit.archive.verify.tampering import FILES, execute

pytestmark = [pytest.mark.either, pytest.mark.slow]


def test_a_host_whose_clock_is_behind_continues_the_chain(audit_log: AuditLog) -> None:
    """Its ids sort before those of the first host."""
    audit_log.fill()
    audit_log.archive(OLD + timedelta(days=1))
    for log, newest in (("changes", 2**128 - 1), ("accesses", 2**128 - 2)):
        ahead = update(FILES).where(FILES.c.log == log).values(id=UUID(int=newest))
        execute(audit_log, ahead)
    assert audit_log.count_findings() == {}
    audit_log.archive(KEPT)
    assert audit_log.count_findings() == {}
