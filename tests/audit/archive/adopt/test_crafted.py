"""Manifests that a storage administrator has crafted are named, and change nothing."""

import json
from typing import Any

import pytest

from app.audit.archive.adopt.adopter import Adopter
from app.audit.archive.adopt.report import AdoptReport
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import CHANGES
from app.audit.archive.restore.restorer import Restorer
from app.audit.archive.run.totals import RunTotals
from tests.audit.archive.adopt.restored import contents
from tests.audit.archive.rows import ALL, AuditLog

pytestmark = [pytest.mark.either, pytest.mark.slow]

HUGE = 10**30
CRAFTED: list[dict[str, Any]] = [
    {"log": "../../etc"},
    {"number": HUGE},
    {"first": {"at": "0001-01-01T00:00:00+14:00", "id": "0" * 32}},
    {"last": {"at": "9999-12-31T23:59:59-14:00", "id": "f" * 32}},
    {"seal": {"number": -HUGE, "hash": "x"}, "checkpoints": None},
    {"checkpoints": ["", "\ud800", "a\n\n— b c\n"]},
    {"leaves": {"runs": "9999999999999999999+999999999", "neighbours": ""}},
    {"leaves": {"runs": "0+999999999", "neighbours": "AAAA"}},
]


@pytest.mark.sampled
@pytest.mark.parametrize("planted", [False, True])
def test_crafted_manifests_are_refused(archived: AuditLog, planted: bool) -> None:
    first = min(archived.directory.glob("changes/**/*.manifest.json"))
    original = first.read_text()
    path = first.with_name("2000-01-01.0001.manifest.json") if planted else first
    for values in CRAFTED:
        path.write_text(json.dumps(json.loads(original) | values))
        before = contents(archived.directory)
        assert archived.count_findings(), values
        assert archived.run(adopt).contradictions, values
        with pytest.raises(VerificationException):
            archived.run(restore)
        assert contents(archived.directory) == before


async def adopt(context: ArchiveContext) -> AdoptReport:
    return await Adopter(context).adopt(dry_run=False)


async def restore(context: ArchiveContext) -> RunTotals:
    return await Restorer(context, CHANGES).restore_range(ALL)
