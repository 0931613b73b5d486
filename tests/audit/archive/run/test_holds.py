"""Legal holds that are placed or released while a file is being pruned."""

from functools import partial

import pytest

from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import TimeLimitException, VerificationException
from app.audit.archive.holds import HoldRepository
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.audit.archive.progress import Progress
from app.audit.archive.verify.report import FindingKind
from app.modules.products.models import Product
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.rows import INK, PEN, AuditLog, CallAtStep, make_changes
from tests.audit.archive.verify import tampering

pytestmark = pytest.mark.slow


def hold(audit_log: AuditLog, *words: str) -> str:
    done = command(audit_log, "hold", "place", "product", *words, "--reason", "Case 1")
    assert done.code == 0, done.errors
    return done.output.split()[1]


def stop() -> None:
    raise TimeLimitException("on purpose")


def held_ids(audit_log: AuditLog) -> set[object]:
    rows = [row for row in audit_log.rows(CHANGES) if row["entity"] == "Product"]
    return {row["entity_id"] for row in rows}


@pytest.fixture
def half_pruned(audit_log: AuditLog) -> AuditLog:
    """One file of 6 rows in state VERIFIED, of which the first 5 are deleted."""
    audit_log.fill(days=1)
    audit_log.progress = CallAtStep("deleted", stop)
    with pytest.raises(TimeLimitException):
        audit_log.archive()
    audit_log.progress = Progress()
    assert len(audit_log.live_lines(CHANGES)) == 1
    assert held_ids(audit_log) == {INK}
    return audit_log


@pytest.mark.either
def test_a_hold_on_a_half_pruned_file_keeps_the_rest_live(
    half_pruned: AuditLog,
) -> None:
    audit_log = half_pruned
    id = hold(audit_log, "--id", str(INK))
    (kept,) = audit_log.live_lines(CHANGES)
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert audit_log.live_lines(CHANGES) == [kept]
    assert audit_log.count_findings() == {}
    again = command(audit_log, "run", *KEEP, "--yes", "--json").json
    assert again["changes"] == {
        "files": 0,
        "rows": 0,
        "bytes": 0,
        "notes": [],
        "damage": [],
    }
    status = command(audit_log, "status", "--json").json["logs"]["changes"]
    assert (status["unfinished"], status["files"], status["archived"]) == ([], 1, 6)
    (copied,) = status["copied"]
    assert copied.startswith("changes/")
    assert f"also in {copied}" in command(audit_log, "status").output
    plan = command(audit_log, "plan", *KEEP, "--json").json[0]
    assert (plan["held"], plan["copied"]) == (1, [copied])
    assert f"also in {copied}" in command(audit_log, "plan", *KEEP).output
    assert command(audit_log, "hold", "release", id).code == 0
    assert audit_log.count_findings() == {}
    assert command(audit_log, "run", *KEEP, "--yes").code == 0
    assert audit_log.live_lines(CHANGES) == []
    assert len(audit_log.lines(CHANGES)) == 6
    status = command(audit_log, "status", "--json").json["logs"]["changes"]
    assert (status["copied"], status["files"]) == ([], 1)
    assert audit_log.count_findings() == {}


@pytest.mark.sampled
@pytest.mark.parametrize("step", ["written", "compared", "verified"])
def test_a_hold_that_is_placed_during_a_run(audit_log: AuditLog, step: str) -> None:
    audit_log.fill(days=2)
    before = set(audit_log.live_lines(CHANGES))
    place = partial(hold, audit_log, "--id", str(PEN))
    audit_log.progress = CallAtStep(step, place)
    audit_log.archive()
    assert held_ids(audit_log) == {PEN}
    assert len(audit_log.live_lines(CHANGES)) == 6
    assert {*audit_log.lines(CHANGES), *audit_log.live_lines(CHANGES)} == before
    assert audit_log.count_findings() == {}


@pytest.mark.either
def test_a_modified_row_is_found_although_its_copy_is_intact(
    half_pruned: AuditLog,
) -> None:
    hold(half_pruned, "--id", str(INK))
    half_pruned.archive()
    tampering.change_a_row(half_pruned)
    assert half_pruned.count_findings() == {FindingKind.MODIFIED: 1}
    before = half_pruned.live_lines(CHANGES)
    with pytest.raises(VerificationException, match="was modified after it was arch"):
        half_pruned.archive()
    assert half_pruned.live_lines(CHANGES) == before


@pytest.mark.either
@pytest.mark.parametrize("name", ["Product", "Item"])
def test_a_hold_keeps_changes_under_each_name_of_a_renamed_class(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It may have been placed before the rename, or after it."""
    changes = make_changes(days=2)
    former = [change | {"entity": "Item"} for change in changes[:6]]
    audit_log.add(CHANGES, [*former, *changes[6:]])
    monkeypatch.setattr(Product, "former_entities", frozenset({"Item"}))

    async def place(context: ArchiveContext) -> None:
        async with context.database.writing() as session:
            held = AuditHold(entity=name, entity_id=PEN, reason="Case", placed_by="")
            await HoldRepository(session).add_hold(held)

    audit_log.run(place)
    audit_log.archive()
    kept = [row for row in audit_log.rows(CHANGES) if row["entity_id"] == PEN]
    assert len(kept) == len([each for each in changes if each["entity_id"] == PEN])
