"""A key that is replaced while other processes still sign with the old one."""

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.rows import AuditLog, make_changes
from tests.databases import SECRET, make_settings

NEW = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}


@pytest.mark.slow
@pytest.mark.either
def test_processes_are_restarted_one_after_the_other(audit_log: AuditLog) -> None:
    rotated = make_settings(audit_log.settings.DATABASE_URL, **NEW)
    restarted = audit_log.with_settings(rotated)
    days = make_changes(days=6)
    for number, each in enumerate((audit_log, restarted) * 3):
        each.add(CHANGES, days[number * 6 : number * 6 + 6])
        assert each.seal()
    assert restarted.count_findings() == {}
    assert restarted.archive()["changes"].rows
    assert restarted.count_findings() == {}
