"""Tampering: whatever is done to rows, files or seals has its name in the report."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import SealMark
from app.audit.archive.logs import CHANGES
from app.audit.archive.verify.report import Kind
from tests.audit.archive.conftest import copy_of
from tests.audit.archive.rows import At, Trail
from tests.audit.archive.verify import tampering
from tests.audit.archive.verify.tampering import Tamper, empty
from tests.databases import SECRET, Template, make_settings

MODIFIED, MISSING, EXTRA = Kind.MODIFIED, Kind.MISSING, Kind.EXTRA
# What is done, and what verification says of it: how many of each kind.
TAMPERINGS: list[tuple[Tamper, dict[Kind, int]]] = [
    (tampering.change_a_row, {MODIFIED: 1}),
    (tampering.change_a_value, {MODIFIED: 1}),
    (tampering.change_a_time, {MODIFIED: 1}),
    (tampering.delete_a_row, {MISSING: 1}),
    (tampering.insert_a_row, {EXTRA: 1}),
    (tampering.replace_a_row, {MISSING: 1, EXTRA: 1}),
    (tampering.bring_a_row_back, {EXTRA: 1}),
    (tampering.change_a_file, {Kind.FILE_CHANGED: 1, MODIFIED: 1}),
    (tampering.truncate_a_file, {Kind.FILE_DAMAGED: 1, MISSING: 1}),
    (tampering.spoil_a_file, {Kind.FILE_DAMAGED: 1, MISSING: 6}),
    (tampering.delete_a_file, {Kind.FILE_MISSING: 1, MISSING: 6}),
    (tampering.delete_the_last_file_and_its_record, {MISSING: 6}),
    (tampering.swap_two_files, {Kind.FILE_CHANGED: 2}),
    (tampering.swap_two_manifests, {Kind.MANIFEST_CHANGED: 2}),
    (tampering.change_an_index, {Kind.FILE_CHANGED: 1}),
    (tampering.change_a_manifest, {Kind.MANIFEST_CHANGED: 1}),
    (tampering.delete_a_manifest, {Kind.MANIFEST_MISSING: 1, MISSING: 6}),
    (tampering.sign_a_manifest_again, {Kind.MANIFEST_FORGED: 1}),
    (tampering.add_a_file, {Kind.FILE_EXTRA: 1}),
    # Its rows are 50, and nothing vouches for them any more.
    (tampering.drop_a_seal, {Kind.SEAL_MISSING: 1, EXTRA: 50}),
    (tampering.drop_the_last_seals, {Kind.SEAL_MISSING: 1}),
    (tampering.change_a_seal, {Kind.SEAL_CHANGED: 1}),
    (tampering.change_its_leaves, {Kind.SEAL_CHANGED: 1, EXTRA: 1}),
    (tampering.change_its_leaves_and_root, {Kind.SEAL_CHANGED: 1, EXTRA: 1}),
    (tampering.sign_a_seal_again, {Kind.SEAL_FORGED: 1}),
]


@pytest.fixture(scope="module")
def original(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trail]:
    """A trail whose rows are sealed, most of them in cold storage; all is well."""
    with template.copy() as url:
        trail = Trail(make_settings(url), tmp_path_factory.mktemp("archive"))
        empty(trail).fill()
        trail.archive()
        assert trail.faults() == {}
        yield trail


@pytest.fixture
def sealed(original: Trail, template: Template, tmp_path: Path) -> Iterator[Trail]:
    with copy_of(original, template, tmp_path / "sealed") as copy:
        yield copy


@pytest.mark.parametrize(
    ("tamper", "names"), TAMPERINGS, ids=lambda each: getattr(each, "__name__", "")
)
def test_tampering_is_named(
    sealed: Trail, tamper: Tamper, names: dict[Kind, int]
) -> None:
    tamper(sealed)
    assert sealed.faults() == names


def test_rows_of_every_window_are_compared(
    sealed: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.archive.verify.rows.WINDOW", 1)
    assert sealed.faults() == {}
    tampering.change_a_file(sealed)
    assert sealed.faults() == {Kind.FILE_CHANGED: 1, MODIFIED: 1}


def test_an_exported_seal_is_a_witness(trail: Trail) -> None:
    """Without one, a trail that ends earlier looks like one that is younger."""
    trail.fill()
    trail.seal()
    newest = trail.seals()[-1]
    tampering.drop_the_last_seals(trail)
    assert trail.faults() == {}
    assert trail.faults(SealMark(newest.number, newest.hash)) == {Kind.SEAL_MISSING: 1}


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_seen(trail: Trail) -> None:
    """Whoever has the key can seal anything, but not undo what others have seen."""
    trail.fill()
    trail.seal()
    seen = [SealMark(seal.number, seal.hash) for seal in trail.seals()]
    tampering.drop_all_seals(trail)
    tampering.change_a_row(trail)
    trail.seal()
    assert trail.faults() == {}
    assert trail.faults(*seen) == {Kind.SEAL_CHANGED: len(seen)}


def test_an_access_that_came_late_is_no_tampering(sealed: Trail) -> None:
    tampering.add_an_access(sealed)
    report = sealed.verify()
    assert (report.late, report.findings) == (1, [])
    assert sealed.archive()["accesses"].rows == 1
    assert sealed.verify().late == 0


@pytest.mark.parametrize(
    "tamper", [tampering.change_a_row, tampering.insert_a_row], ids=lambda t: t.__name__
)
def test_nothing_is_pruned_that_is_not_as_it_was_sealed(
    trail: Trail, tamper: Tamper
) -> None:
    trail.fill()
    trail.seal()
    tamper(trail)
    before = trail.live_lines(CHANGES)
    with pytest.raises(VerificationException):
        trail.archive()
    assert trail.live_lines(CHANGES) == before


def test_a_row_that_differs_from_its_copy_is_not_pruned(trail: Trail) -> None:
    """Somebody changes a file between two steps of a run."""
    trail.fill(days=1)
    before = trail.live_lines(CHANGES)
    trail.progress = At("written", lambda: tampering.change_a_file(trail))
    with pytest.raises(VerificationException):
        trail.archive()
    assert trail.live_lines(CHANGES) == before


def test_a_file_that_changed_after_it_was_verified_prunes_nothing(
    trail: Trail,
) -> None:
    trail.fill(days=1)
    before = trail.live_lines(CHANGES)
    trail.progress = At("verified", lambda: tampering.change_a_file(trail))
    with pytest.raises(VerificationException):
        trail.archive()
    assert trail.live_lines(CHANGES) == before


@pytest.mark.parametrize(
    "tamper",
    [
        tampering.change_a_file,
        tampering.truncate_a_file,
        tampering.change_a_manifest,
        tampering.sign_a_manifest_again,
    ],
    ids=lambda tamper: tamper.__name__,
)
def test_what_was_tampered_with_is_not_restored(sealed: Trail, tamper: Tamper) -> None:
    tamper(sealed)
    with pytest.raises(VerificationException):
        sealed.restore()
    assert sealed.rows(CHANGES, restored=True) == []


def test_a_secret_of_old_still_verifies(sealed: Trail) -> None:
    new = {"SECRET_KEY": "new-" + "s" * 40, "SECRET_KEYS_OLD": SECRET}
    url = sealed.settings.DATABASE_URL
    assert Trail(make_settings(url, **new), sealed.folder).faults() == {}
    del new["SECRET_KEYS_OLD"]
    faults = Trail(make_settings(url, **new), sealed.folder).faults()
    assert faults.keys() == {Kind.SEAL_FORGED, Kind.MANIFEST_FORGED}
