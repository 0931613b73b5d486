"""One bucket and several writers, a locked bucket, and one with many objects."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.store import S3Store

from app.audit.archive.logs import CHANGES, LogName
from app.audit.archive.progress import Progress
from app.audit.archive.store.opened import open_store
from app.audit.archive.verify.report import FindingKind
from app.core.config import Settings
from tests.audit.archive.commands import command
from tests.audit.archive.rows import AuditLog, CallAtStep, make_changes
from tests.audit.archive.store.test_faults import RUN, log_in_bucket
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import Template, make_settings
from tests.processes.object_store import BUCKET, ObjectStoreServer
from tests.programs import require

pytestmark = pytest.mark.heavy
LOCK = """\
<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>
<Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>
</ObjectLockConfiguration>"""


@pytest.fixture
def audit_log(settings: Settings, server: ObjectStoreServer) -> AuditLog:
    return log_in_bucket(settings)


@pytest.fixture
def other(audit_log: AuditLog, template: Template) -> Iterator[AuditLog]:
    """Another database, by mistake with the same bucket."""
    with template.copy() as url:
        yield clear_changes(audit_log.with_settings(make_settings(url)))


def test_of_two_databases_one_gets_the_bucket(
    audit_log: AuditLog, other: AuditLog
) -> None:
    """Both begin at once, and find no identity."""
    logs = (audit_log, other)
    for each in logs:
        each.add(CHANGES, make_changes(days=2))
    before = [each.live_lines(CHANGES) for each in logs]
    with ThreadPoolExecutor() as threads:
        done = [*threads.map(lambda each: command(each, *RUN), logs)]
    assert sorted(each.code for each in done) == [0, 4], done
    winner, loser = sorted((0, 1), key=lambda number: done[number].code)
    assert logs[winner].count_findings() == {}
    assert logs[winner].live_lines(CHANGES) == []
    assert logs[loser].live_lines(CHANGES) == before[loser]


def test_more_objects_are_listed_than_one_answer_has(
    server: ObjectStoreServer, settings: Settings
) -> None:
    prefix, names = str(uuid4()), [f"changes/{n}.manifest.json" for n in range(2_100)]
    bucket = server.bucket(prefix)
    with ThreadPoolExecutor() as threads:
        assert len([*threads.map(lambda name: bucket.put(name, b""), names)]) == 2_100
    store = open_store(f"s3://{BUCKET}/{prefix}", settings)
    assert store.list_manifests(LogName.CHANGES) == sorted(names)


def send(server: ObjectStoreServer, path: str, *options: str) -> None:
    """Send a request that the library has no function for."""
    words = (
        require("curl"),
        *("--fail", "--silent", "--noproxy", "*", "--request", "PUT"),
        *("--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "owner:owner-secret"),
        *("--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"),
    )
    url = f"{server.environment['AWS_ENDPOINT_URL']}/{path}"
    subprocess.run((*words, url, *options), check=True)


@pytest.fixture
def locked(server: ObjectStoreServer) -> S3Store:
    """A bucket whose objects cannot be deleted for a day."""
    name = f"locked-{uuid4()}"
    send(server, name, "--header", "x-amz-bucket-object-lock-enabled: true")
    send(server, f"{name}?object-lock=", "--data", LOCK)
    return server.bucket(name=name)


def test_what_a_locked_bucket_has_is_never_lost(
    settings: Settings, locked: S3Store
) -> None:
    location = f"s3://{locked.config['bucket']}"
    audit_log = clear_changes(AuditLog(settings, Path(), location=location))
    audit_log.add(CHANGES, make_changes(days=1))
    # A run that was interrupted leaves an object, whose place the next one takes.
    audit_log.progress = CallAtStep("written", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        audit_log.archive()
    audit_log.progress = Progress()
    audit_log.archive()
    assert audit_log.count_findings() == {}
    (data,) = (each for each in list_names(locked) if each.endswith(".gz"))
    written = locked.get(data)
    content = bytes(written.bytes())

    locked.put(data, b"other rows")
    assert audit_log.count_findings().keys() >= {FindingKind.FILE_DAMAGED}
    for name in list_names(locked):
        locked.delete(name)
    assert audit_log.count_findings().keys() >= {FindingKind.MANIFEST_MISSING}

    version = str(written.meta["version"])
    kept = locked.get(data, options={"version": version})
    assert bytes(kept.bytes()) == content


def list_names(bucket: S3Store) -> list[str]:
    return [each["path"] for each in bucket.list().collect()]
