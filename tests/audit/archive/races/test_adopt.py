"""`adopt` beside an application that was started too early."""

import pytest

from app.audit.archive.adopt.adopter import Adopter
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.adopt.restored import (
    ACCESS_ROWS,
    CHANGE_ROWS,
    contents,
    restore_backup,
)
from tests.audit.archive.races.meanwhile import Meanwhile
from tests.audit.archive.rows import AuditLog
from tests.databases import Template


def write_without_sealing(audit_log: AuditLog) -> None:
    audit_log.add(CHANGES, CHANGE_ROWS[:15])
    audit_log.add(ACCESSES, ACCESS_ROWS[:10])


@pytest.mark.slow
def test_no_file_is_adopted_if_the_database_has_become_another_one(
    audit_log: AuditLog, template: Template, meanwhile: Meanwhile
) -> None:
    """It had no identity when the files were compared, and then sealed its rows."""
    with restore_backup(audit_log, template, write_without_sealing) as restored:
        before = contents(audit_log.directory)
        meanwhile.before(Adopter, "share_identity", restored.seal)
        with pytest.raises(VerificationException, match="of another database"):
            restored.adopt()
        assert contents(audit_log.directory) == before
        assert restored.adopt().contradictions
        assert restored.verify().adopted == []
