"""Sealed rows are leaves of a tree, which no one can rewrite unnoticed."""

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.audit.archive.checkpoints.models import AuditKey
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.cold.indexes import LeafIndexer
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import ACCESSES, CHANGES
from app.audit.archive.tree.keys import VerifierKey
from app.audit.archive.tree.rotation import open_rotation
from app.audit.archive.tree.tiles import TileId
from app.audit.archive.verify.report import FindingKind
from app.core.clock import now
from app.main import create_app
from tests.audit.archive.checkpoints.old_seals import seal_as_before
from tests.audit.archive.rows import AuditLog, make_access, make_change, make_changes
from tests.audit.archive.verify import tampering
from tests.databases import SECRET, make_settings

pytestmark = pytest.mark.slow


def newest_notes(audit_log: AuditLog) -> list[str]:
    notes = {seal.log: seal.note for seal in audit_log.seals()}
    return [note for note in notes.values() if note]


def test_old_seals_are_the_first_leaves(audit_log: AuditLog) -> None:
    audit_log.fill()
    assert len(seal_as_before(audit_log)) == 3 + 2
    audit_log.add(CHANGES, [make_change(now(), 100)])
    audit_log.add(ACCESSES, [make_access(now(), 100)])
    assert audit_log.verify().unsealed == 2
    assert audit_log.seal() == 61 + 41
    sizes = [(seal.log, seal.start, seal.size) for seal in audit_log.seals()[5:]]
    assert sizes == [
        ("changes", 0, 3),
        ("changes", 3, 63),
        ("changes", 63, 64),
        ("accesses", 0, 2),
        ("accesses", 2, 42),
        ("accesses", 42, 43),
    ]
    report = audit_log.verify()
    assert (report.findings, report.sealed_late) == ([], 0)
    assert audit_log.archive()["changes"].rows == 42
    assert audit_log.count_findings() == {}


def test_a_changed_old_seal_does_not_match_the_tree(audit_log: AuditLog) -> None:
    audit_log.fill()
    seal_as_before(audit_log)
    audit_log.seal()
    tampering.change_a_seal(audit_log)
    assert audit_log.count_findings() == {FindingKind.SEAL_CHANGED: 2}


async def no_runs(*_: object) -> None:
    """Return None, as there was no tree."""


@pytest.mark.heavy
def test_rows_archived_before_the_tree_have_their_old_leaves(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit_log.fill()
    seal_as_before(audit_log)
    monkeypatch.setattr(LeafIndexer, "make_runs", no_runs)
    audit_log.archive()
    tampering.drop_all_runs(audit_log)
    assert audit_log.archive()["changes"].rows == 0
    # The manifests name the seals that are deleted here.
    assert audit_log.count_findings().keys() <= {FindingKind.SEAL_MISSING}


@pytest.mark.either
def test_the_tiles_have_the_hashes_of_a_large_tree(
    audit_log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.seals.batch.MAX_ROWS", 300)
    audit_log.add(CHANGES, make_changes(days=8, each=100))
    assert audit_log.seal() == 800

    async def read(context: ArchiveContext) -> dict[TileId, bytes]:
        async with context.database.reading() as session:
            return await TreeRepository(session, CHANGES).list_tiles()

    assert [len(each) for each in audit_log.run(read).values()] == [3 * 32]
    assert audit_log.count_findings() == {}
    tampering.change_a_tile_s_hashes(audit_log)
    assert audit_log.count_findings() == {FindingKind.TILE_CHANGED: 1}


def test_only_a_kept_checkpoint_proves_the_end(audit_log: AuditLog) -> None:
    """All seals deleted, a row forged, and all sealed again by the application."""
    audit_log.fill()
    audit_log.seal()
    notes = newest_notes(audit_log)
    tampering.drop_all_seals(audit_log)
    tampering.change_a_row(audit_log)
    audit_log.seal()
    report = audit_log.verify()
    assert report.findings == []
    assert (report.proven["changes"].source, report.proven["changes"].of) == (None, 60)
    report = audit_log.verify(*notes)
    assert dict(report.counts) == {FindingKind.SEAL_CHANGED: 1}
    assert report.proven["changes"].source is None
    accesses = report.proven["accesses"]
    assert (accesses.size, accesses.source) == (40, "an exported checkpoint")


@pytest.mark.either
def test_a_manifest_is_evidence(archived: AuditLog) -> None:
    proven = archived.verify().proven["changes"]
    assert (proven.size, proven.of, proven.source) == (67, 67, "a manifest")


@pytest.mark.either
def test_a_key_signs_its_successor(audit_log: AuditLog) -> None:
    audit_log.fill(days=1)
    audit_log.seal()
    new = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}
    rotated = make_settings(audit_log.settings.DATABASE_URL, **new)
    audit_log = AuditLog(rotated, audit_log.directory)
    audit_log.add(CHANGES, make_changes(days=2)[6:])
    audit_log.seal()
    assert audit_log.count_findings() == {}

    async def read(context: ArchiveContext) -> list[AuditKey]:
        async with context.database.reading() as session:
            return await TreeRepository(session, CHANGES).list_keys()

    first, second = audit_log.run(read)
    named = open_rotation(second.rotation or "", VerifierKey.parse(first.key))
    assert str(named) == second.key


@pytest.mark.either
def test_a_lost_key_signs_its_successor_when_it_is_found(audit_log: AuditLog) -> None:
    """As after a deployment with another SECRET_KEY, which was not noticed."""
    audit_log.fill(days=1)
    audit_log.seal()
    new = {"SECRET_KEY": "new-" + "s" * 40}
    days = make_changes(days=3)
    for number, old in enumerate(({}, {"SECRET_KEYS_OLD": SECRET}), 1):
        url = audit_log.settings.DATABASE_URL
        later = audit_log.with_settings(make_settings(url, **new | old))
        later.add(CHANGES, days[number * 6 : number * 6 + 6])
        later.add(ACCESSES, [make_access(now(), 100 + number)])
        later.seal()
        assert bool(later.count_findings()) is not bool(old)


@pytest.mark.either
@pytest.mark.sampled
@pytest.mark.parametrize(
    "tamper",
    [tampering.replace_a_key, tampering.remove_the_rotation],
    ids=lambda tamper: tamper.__name__,
)
def test_a_key_that_the_one_before_has_not_signed_is_reported(
    audit_log: AuditLog, tamper: tampering.Tamper
) -> None:
    audit_log.fill(days=1)
    audit_log.seal()
    new = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}
    rotated = make_settings(audit_log.settings.DATABASE_URL, **new)
    audit_log = AuditLog(rotated, audit_log.directory)
    audit_log.add(CHANGES, make_changes(days=2)[6:])
    audit_log.seal()
    tamper(audit_log)
    assert audit_log.count_findings() == {FindingKind.KEY_CHANGED: 1}


@pytest.mark.sampled
@pytest.mark.parametrize(
    "tamper",
    [tampering.drop_all_seals, tampering.change_the_roots],
    ids=lambda tamper: tamper.__name__,
)
def test_the_running_sealer_notices_that_seals_are_gone(
    url: str, audit_log: AuditLog, tamper: tampering.Tamper
) -> None:
    app = create_app(make_settings(url))
    with TestClient(app, "http://test") as client:
        assert client.portal
        audit_log.fill(days=1)
        client.portal.call(app.state.sealer.seal)
        assert client.get("/readyz").json()["checks"]["checkpoints"] == "ok"
        tamper(audit_log)
        with capture_logs() as logged:
            client.portal.call(app.state.sealer.seal)
        alarms = [each for each in logged if each["event"] == "audit_log_rewritten"]
        assert {each["log"] for each in alarms} == {"changes", "accesses"}
        state = client.get("/readyz").json()["checks"]["checkpoints"]
        assert state.startswith("alarm: the checkpoint of changes at ")
