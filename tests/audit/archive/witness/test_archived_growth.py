"""The witness lacks leaves that are archived: `checkpoint` proves them with files."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.archive.logs import CHANGES
from tests.audit.archive.cold import logs
from tests.audit.archive.commands import command
from tests.audit.archive.places import both_places, in_a_bucket
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.run.past import id_at
from tests.audit.archive.tree.signers import WITNESS_KEY
from tests.audit.archive.witness.server import running_witness
from tests.databases import make_settings
from tests.processes.forked import Done
from tests.processes.object_store import credentials

NEWEST = "/changes\n609\n"  # with the entries of nine runs
pytestmark = [pytest.mark.either, pytest.mark.slow]


@pytest.fixture
def behind(audit_log: AuditLog) -> Iterator[AuditLog]:
    """A log whose witness has seen 100 of 600 rows, of which 540 are archived."""
    with running_witness() as witness:
        url = audit_log.settings.DATABASE_URL
        settings = make_settings(url, AUDIT_WITNESS=witness.setting)
        log = audit_log.with_settings(settings)
        rows = [it | {"id": id_at(it["at"])} for it in make_changes(days=10, each=60)]
        log.add(CHANGES, rows[:100])
        log.seal()
        witness.trust(log)
        assert is_cosigned(checkpoint(log))
        log.add(CHANGES, rows[100:])
        logs.seal_hundreds(log)
        logs.archive_days(log, 9)
        assert logs.emptied(log)[0] == 0
        yield log


def checkpoint(log: AuditLog, **values: str) -> Done:
    done = command(
        log, "checkpoint", AUDIT_WITNESS=log.settings.AUDIT_WITNESS, **values
    )
    assert done.code == 0, done.errors
    return done


def is_cosigned(done: Done) -> bool:
    return WITNESS_KEY.name in done.output.partition("/accesses")[0]


@both_places
def test_growth_is_proven_with_the_archive(behind: AuditLog) -> None:
    done = checkpoint(behind, AUDIT_ARCHIVE_DIR="")
    (fault,) = done.errors.splitlines()
    assert fault.startswith("changes not cosigned: the proof needs the archive")
    assert not is_cosigned(done)
    done = checkpoint(behind)
    assert done.errors == ""
    assert is_cosigned(done)


@pytest.mark.heavy
def test_a_folder_that_is_away_is_named(behind: AuditLog, tmp_path: Path) -> None:
    done = checkpoint(behind, AUDIT_ARCHIVE_DIR=str(tmp_path / "away"))
    assert f"Archive directory {tmp_path}/away does not exist" in done.errors
    assert not is_cosigned(done)


@in_a_bucket
@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (credentials("owner") | {"AWS_SECRET_ACCESS_KEY": "x"}, "SignatureDoesNotMat"),
        (credentials("lister"), "changes not cosigned: .* fails: AccessDenied"),
    ],
    ids=["is closed", "denies its objects"],
)
def test_a_checkpoint_is_printed_while_the_bucket_fails(
    behind: AuditLog, keys: dict[str, str], reason: str
) -> None:
    done = checkpoint(behind, **keys)
    assert re.search(reason, done.errors)
    assert NEWEST in done.output
    assert not is_cosigned(done)


@in_a_bucket
def test_without_a_witness_the_archive_is_not_needed(behind: AuditLog) -> None:
    done = command(behind, "checkpoint", AUDIT_ARCHIVE_DIR="s3://other/years")
    assert (done.code, done.errors) == (0, "")
    assert NEWEST in done.output
