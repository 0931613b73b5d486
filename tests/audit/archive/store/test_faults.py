"""A bucket that is away, silent, full, denied or not there: no row is deleted."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.exceptions import BaseError

from app.audit.archive.exceptions import StoreException
from app.audit.archive.logs import CHANGES
from app.audit.archive.progress import Progress
from app.core.config import Settings
from tests.audit.archive.commands import KEEP, command
from tests.audit.archive.places import in_a_bucket
from tests.audit.archive.rows import AuditLog, CallAtStep, make_changes
from tests.audit.archive.run.test_run import STEPS
from tests.audit.archive.verify.tampering import clear_changes
from tests.databases import Template, make_settings, memory
from tests.processes.forked import Done
from tests.processes.object_store import (
    BUCKET,
    ObjectStoreServer,
    credentials,
    object_store,
)
from tests.processes.relay import Relay, Way, relaying

pytestmark = pytest.mark.heavy
ADVICE = "start the command again."
WRONG = {"AWS_ACCESS_KEY_ID": "owner", "AWS_SECRET_ACCESS_KEY": "wrong"}
RUN = ("run", *KEEP, "--yes")
NO_ONE = "01a2271e-5112-7705-a60f-60d17a2571b3"
COMMANDS = [
    RUN,
    ("verify",),
    ("restore",),
    ("adopt", "--yes"),
    ("query",),
    ("fetch", "."),
    ("prove", "changes", NO_ONE),
    ("hold", "place", "Product", "--id", NO_ONE, "--reason", "Case 1"),
]


def check_failure(done: Done, reason: str) -> None:
    assert (done.code, done.output) == (1, ""), done.errors
    (line,) = done.errors.splitlines()
    assert reason in line
    assert line.endswith(ADVICE)


@in_a_bucket
def test_a_bucket_that_cannot_be_written(archived: AuditLog) -> None:
    archived.add(CHANGES, make_changes(days=1))
    before = archived.live_lines(CHANGES)
    done = command(archived, *RUN, **credentials("reader"))
    check_failure(done, "AccessDenied: Access Denied")
    assert archived.live_lines(CHANGES) == before
    assert command(archived, "verify", **credentials("reader")).code == 0
    assert command(archived, *RUN).code == 0
    assert archived.count_findings() == {}


@in_a_bucket
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_credentials_that_are_wrong(archived: AuditLog, words: tuple[str, ...]) -> None:
    before = archived.live_lines(CHANGES)
    check_failure(command(archived, *words, **WRONG), "SignatureDoesNotMatch")
    assert archived.live_lines(CHANGES) == before
    assert archived.rows(CHANGES, restored=True) == []


@in_a_bucket
def test_a_bucket_that_does_not_exist_is_not_created(archived: AuditLog) -> None:
    done = command(archived, *RUN, AUDIT_ARCHIVE_DIR="s3://other/years")
    check_failure(done, "NoSuchBucket")


@in_a_bucket
def test_another_prefix_is_no_empty_archive(archived: AuditLog) -> None:
    done = command(archived, *RUN, AUDIT_ARCHIVE_DIR=f"s3://{BUCKET}/{uuid4()}")
    assert done.code == 1
    assert "is missing. Check --dest" in done.errors


@dataclass
class RelayedLog:
    """Logs with a bucket behind a relay, which a test can close."""

    audit_log: AuditLog
    relay: Relay


@pytest.fixture
def relayed(
    settings: Settings,
    server: ObjectStoreServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RelayedLog]:
    with relaying(server.ports["s3"]) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{relay.port}")
        yield RelayedLog(log_in_bucket(settings), relay)


def log_in_bucket(settings: Settings) -> AuditLog:
    """Return logs without a folder that shows what is in the bucket."""
    location = f"s3://{BUCKET}/{uuid4()}"
    return clear_changes(AuditLog(settings, Path(os.devnull), location=location))


@pytest.mark.parametrize(
    ("way", "reason"),
    [(Way.CLOSED, "connection to it was lost"), (Way.SILENT, "no answer in time")],
)
def test_a_bucket_that_is_lost_at_any_step(
    relayed: RelayedLog, way: Way, reason: str
) -> None:
    audit_log, relay = relayed.audit_log, relayed.relay
    days = make_changes(days=len(STEPS))
    for day, step in enumerate(STEPS):
        audit_log.add(CHANGES, days[day * 6 : day * 6 + 6])
        before = audit_log.live_lines(CHANGES)
        audit_log.progress = CallAtStep(step, partial(relay.turn, way))
        audit_log.settings = with_timeout(audit_log.settings, 1.0)
        with pytest.raises(StoreException, match=reason):
            audit_log.archive()
        relay.turn(Way.OPEN)
        assert audit_log.live_lines(CHANGES) == before
        audit_log.progress = Progress()
        audit_log.settings = with_timeout(audit_log.settings, 60.0)
        audit_log.archive()
        assert audit_log.live_lines(CHANGES) == []
    assert audit_log.count_findings() == {}


def with_timeout(settings: Settings, seconds: float) -> Settings:
    return settings.model_copy(update={"AUDIT_ARCHIVE_TIMEOUT": seconds})


def test_a_bucket_that_is_lost_while_files_are_verified(relayed: RelayedLog) -> None:
    """That is no finding."""
    audit_log, relay = relayed.audit_log, relayed.relay
    audit_log.add(CHANGES, make_changes(days=2))
    audit_log.archive()
    relay.turn(Way.CLOSED)
    for words in COMMANDS:
        check_failure(command(audit_log, *words, AUDIT_ARCHIVE_TIMEOUT="1"), "fails")


FULL = ("-volume.max=1", "-master.volumeSizeLimitMB=1")


def test_a_full_bucket(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        memory() as folder,
        object_store(folder, *FULL) as server,
        template.copy() as url,
    ):
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        audit_log = log_in_bucket(make_settings(url))
        fill(server)
        audit_log.add(CHANGES, make_changes(days=1))
        before = audit_log.live_lines(CHANGES)
        done = command(audit_log, *RUN, AUDIT_ARCHIVE_TIMEOUT="3")
        check_failure(done, "InternalError")
        assert audit_log.live_lines(CHANGES) == before


def fill(server: ObjectStoreServer) -> None:
    """Write objects until the server has no room for another one.

    A server that has just started refuses some that it takes a moment later.
    """
    bucket = server.bucket("other", retries=0)
    written, refused = 0, 0
    while not written or refused < 5:
        assert written < 100, "The server is never full"
        try:
            bucket.put(f"{written}", os.urandom(1_000_000))
        except BaseError:
            refused += 1
            time.sleep(0.2)
        else:
            written, refused = written + 1, 0
