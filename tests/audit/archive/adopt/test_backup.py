"""Back up and restore, as the guide describes it."""

from pathlib import Path

import pytest

from app.audit.archive.logs import ACCESSES, CHANGES
from tests.audit.archive.adopt.restored import (
    ACCESS_ROWS,
    BACKUP_DAY,
    CHANGE_ROWS,
    backup,
)
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import AuditLog, make_changes
from tests.databases import Template

UNTIL = f"{BACKUP_DAY:%Y-%m-%d}"


@pytest.mark.slow
@pytest.mark.either
def test_a_restored_database_goes_on_after_adopt(
    audit_log: AuditLog, template: Template, tmp_path: Path
) -> None:
    seals = tmp_path / "checkpoints.txt"
    values = {"AUDIT_SEAL_FILE": str(seals)}
    audit_log.add(CHANGES, CHANGE_ROWS[:15])  # to the middle of the third day
    audit_log.add(ACCESSES, ACCESS_ROWS[:10])
    assert command(audit_log, "run", "--until", UNTIL, "--yes", **values).code == 0
    with backup(audit_log, template) as restored:
        audit_log.add(CHANGES, CHANGE_ROWS[15:])
        audit_log.add(ACCESSES, ACCESS_ROWS[10:])
        assert command(audit_log, "run", *KEEP, "--yes", **values).code == 0
        archived = audit_log.lines(CHANGES)
        assert len(archived) == 42

        refused = command(restored, "run", *KEEP, "--yes", **values)
        assert (refused.code, refused.output) == (4, "")
        assert "adopt" in refused.errors
        assert restored.lines(CHANGES) == archived

        seals.write_text(command(restored, "checkpoint").output)
        adopted = command(restored, "adopt", "--yes", "--json", **values)
        assert (adopted.code, adopted.errors) == (0, "")
        files = adopted.json["files"]
        assert [each["rows"] for each in files] == [6] * 5 + [4] * 5
        assert [each["late"] for each in files] == [3, 6, 6, 6, 6, 2, 4, 4, 4, 4]

        verified = command(restored, "verify", "--json", **values)
        assert (verified.code, verified.json["counts"]) == (0, {})
        assert len(verified.json["adopted"]) == 10
        assert command(restored, "run", *KEEP, "--yes", **values).code == 0
        assert restored.live_lines(CHANGES) == []
        assert restored.lines(CHANGES) == archived
        found = command(restored, "query", "--entity", "Product")
        assert (found.code, len(found.output.splitlines())) == (0, 42)

        restored.add(CHANGES, make_changes(days=9)[-6:])
        again = command(
            restored, "run", "--keep-days", "1", "--yes", "--json", **values
        )
        assert (again.code, again.json["changes"]["rows"]) == (0, 6)
        assert command(restored, "verify", **values).code == 0
