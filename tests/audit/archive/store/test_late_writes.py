"""Late writes to a bucket: a time-out, and an effect during the next run."""

from contextlib import suppress

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, GenericError
from obstore.store import MemoryStore

from app.audit.archive.exceptions import StoreException, VerificationException
from app.audit.archive.logs import CHANGES
from app.audit.archive.progress import Progress
from app.audit.archive.store.bucket import BucketStore
from tests.audit.archive import rows
from tests.audit.archive.rows import (
    OLD,
    AuditLog,
    CallAtStep,
    make_change,
    make_changes,
)

pytestmark = pytest.mark.slow

DATA, KEYS, MANIFEST = (".jsonl.gz",), (".jsonl.gz", ".keys"), (".manifest.json",)


class LateBucket(BucketStore):
    """Bucket where `late` objects appear when the next run goes on with a file."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), "s3://audit")
        self.late: dict[str, bytes] = {}

    def delay(self, *suffixes: str) -> None:
        for name in self.list_below("changes"):
            if name.endswith(suffixes):
                self.late[name] = self.read_file(name)
                self.objects.delete(name)

    def allow_replacement(self, base: str) -> None:
        super().allow_replacement(base)
        self.land(self.late)
        self.late = {}

    def land(self, late: dict[str, bytes]) -> None:
        for name, content in late.items():
            with suppress(AlreadyExistsError):
                self.create(name, content)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> LateBucket:
    bucket = LateBucket()
    monkeypatch.setattr(rows, "open_store", lambda *_: bucket)
    return bucket


def interrupt(audit_log: AuditLog, step: str) -> None:
    audit_log.add(CHANGES, make_changes(days=1))
    audit_log.progress = CallAtStep(step, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        audit_log.archive()
    audit_log.progress = Progress()


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("step", "late"), [("written", DATA), ("indexed", KEYS), ("described", MANIFEST)]
)
def test_a_late_object_is_the_one_that_the_next_run_writes(
    audit_log: AuditLog, bucket: LateBucket, step: str, late: tuple[str, ...]
) -> None:
    interrupt(audit_log, step)
    bucket.delay(*late)
    audit_log.archive()
    assert not bucket.late
    assert audit_log.live_lines(CHANGES) == []
    assert audit_log.count_findings() == {}


@pytest.mark.sampled
@pytest.mark.parametrize("step", ["written", "compared"])
def test_late_objects_make_way_for_other_rows(
    audit_log: AuditLog, bucket: LateBucket, step: str
) -> None:
    interrupt(audit_log, step)
    bucket.delay(*KEYS)
    audit_log.add(CHANGES, [make_change(OLD, number=20)])
    audit_log.archive()
    assert audit_log.live_lines(CHANGES) == []
    assert audit_log.count_findings() == {}


def test_nothing_is_deleted_that_the_next_run_writes_alike(
    audit_log: AuditLog, bucket: LateBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion may be late as well: after the rows were deleted, too."""
    interrupt(audit_log, "compared")
    monkeypatch.setattr(obstore, "delete", lambda *_: 1 // 0)
    audit_log.archive()
    assert audit_log.count_findings() == {}


def test_nothing_is_deleted_that_was_written_for_other_rows(
    audit_log: AuditLog, bucket: LateBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a deletion that has ended in a time-out in the run before."""
    interrupt(audit_log, "compared")
    audit_log.add(CHANGES, [make_change(OLD, number=20)])
    late = list[str]()

    def time_out(_: object, name: str) -> None:
        late.append(name)
        raise GenericError("no answer in time")

    with monkeypatch.context() as patch, suppress(StoreException):
        patch.setattr(obstore, "delete", time_out)
        audit_log.archive()
    audit_log.archive()
    assert audit_log.live_lines(CHANGES) == []
    obstore.delete(bucket.objects, late)
    assert audit_log.count_findings() == {}


def test_a_late_manifest_of_fewer_rows_stops_the_run(
    audit_log: AuditLog, bucket: LateBucket
) -> None:
    """Without it, the file is written again."""
    interrupt(audit_log, "described")
    bucket.delay(*MANIFEST)
    late, bucket.late = bucket.late, {}
    audit_log.add(CHANGES, [make_change(OLD, number=20)])
    audit_log.progress = CallAtStep("compared", lambda: bucket.land(late))
    for error in ("exists already", "Unfinished file", "Unfinished file"):
        with pytest.raises(VerificationException, match=error):
            audit_log.archive()
        assert len(audit_log.live_lines(CHANGES)) == 7
        audit_log.progress = Progress()
    bucket.objects.delete(*late)
    audit_log.archive()
    assert audit_log.live_lines(CHANGES) == []
    assert audit_log.count_findings() == {}
