"""Runs killed at each step and at random times: no row is lost or duplicated."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from app.audit.archive.cold.emptying import SealEmptier
from app.audit.archive.logs import ACCESSES, CHANGES, LOGS
from tests.audit.archive.cold import logs
from tests.audit.archive.conftest import copy_log
from tests.audit.archive.places import both_places
from tests.audit.archive.rows import AuditLog, make_changes
from tests.audit.archive.run.past import create_partition, past_accesses
from tests.databases import ROOT, Template
from tests.processes.object_store import ObjectStoreServer
from tests.processes.servers import environment

pytestmark = pytest.mark.slow
KILLED = -9
NEVER = 1_000_000


class Runs:
    """Start runs that are killed at a step, or sooner."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.replies, self.requests = process.stdout, process.stdin

    def warm(self, audit_log: AuditLog) -> None:
        self.send(audit_log.settings.DATABASE_URL, audit_log.directory)

    def start(self, audit_log: AuditLog, step: int) -> int:
        """Start a run; return its process id."""
        return self.send(audit_log.settings.DATABASE_URL, audit_log.location, step)

    def send(self, *words: object) -> int:
        print(*words, sep="\t", file=self.requests, flush=True)
        return int(self.replies.readline())

    def finish(self) -> int:
        code = int(self.replies.readline())
        assert code in (0, KILLED)
        return code

    def run(self, audit_log: AuditLog, step: int) -> int:
        with audit_log.exchanging():
            self.start(audit_log, step)
            return self.finish()


@pytest.fixture
def runs() -> Iterator[Runs]:
    process = subprocess.Popen(
        (sys.executable, "-m", "tests.audit.archive.run.killed"),
        cwd=ROOT,
        env=environment("sqlite:///"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Runs(process)


LogLines = dict[str, list[bytes]]


@pytest.fixture
def audit_logs(
    audit_log: AuditLog,
    template: Template,
    tmp_path: Path,
    place: ObjectStoreServer | None,
) -> Iterator[AuditLog]:
    """Yield copies of a filled log, each on a database of its own."""
    audit_log.add(CHANGES, make_changes(days=2, each=8))
    if audit_log.keeps_archived(ACCESSES):  # until their month is dropped
        create_partition(audit_log)
    audit_log.add(ACCESSES, past_accesses(days=1, each=3))

    def copies() -> Iterator[AuditLog]:
        for number in count():
            with copy_log(audit_log, template, tmp_path / str(number), place) as copy:
                yield copy

    return copies()


def all_rows(audit_log: AuditLog) -> LogLines:
    return {log.name: audit_log.live_lines(log) for log in LOGS.values()}


def check_nothing_is_lost(audit_log: AuditLog, before: LogLines) -> None:
    for log in LOGS.values():
        found = {*audit_log.live_lines(log), *audit_log.lines(log)}
        assert found == set(before[log.name])
    assert audit_log.count_findings() == {}


def check_done(audit_log: AuditLog, before: LogLines) -> None:
    """Check that each row is in one file and none is live; another run does nothing."""
    for log in LOGS.values():
        assert sorted(audit_log.lines(log)) == sorted(before[log.name])
        assert audit_log.live_lines(log) == []
    assert {done.files for done in audit_log.archive().values()} == {0}
    assert audit_log.count_findings() == {}
    assert list(audit_log.directory.rglob("*.part")) == []


@both_places
@pytest.mark.heavy
def test_a_run_killed_at_any_step_is_resumed(
    audit_logs: Iterator[AuditLog], runs: Runs
) -> None:
    first = next(audit_logs)
    before = all_rows(first)  # every copy begins with the same rows
    runs.warm(first)
    for step in count(1):
        audit_log = next(audit_logs)
        if runs.run(audit_log, step) == 0:
            break
        check_nothing_is_lost(audit_log, before)
        audit_log.archive()
        check_done(audit_log, before)
    # Steps of each file: started, written, indexed, compared, described, verified,
    # deleted (in batches), pruned. On PostgreSQL, instead of deleting and pruning the
    # file of accesses, their partition is dropped.
    accesses = 6 + 1 if audit_log.keeps_archived(ACCESSES) else 8
    assert step == (8 + 1) * 2 + accesses + 1


@pytest.mark.heavy
def test_a_run_killed_while_it_empties_seals_is_resumed(
    audit_log: AuditLog,
    runs: Runs,
    template: Template,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs.fill(audit_log, each=120)
    with monkeypatch.context() as patch:
        patch.setattr(SealEmptier, "empty", logs.empty_nothing)
        audit_log.archive()
    with copy_log(audit_log, template, tmp_path / "0") as copy:
        runs.warm(copy)
        whole = logs.emptied(copy)
    for step in count(1):
        with copy_log(audit_log, template, tmp_path / str(step)) as copy:
            runs.start(copy, step)
            if runs.finish() == 0:
                break
            assert len(logs.emptied(copy)) == min(5 * step, len(whole))
            assert copy.count_findings() == {}
            copy.archive()
            assert logs.emptied(copy) == whole
            assert copy.count_findings() == {}
    assert (len(whole), step) == (7, 3)


@pytest.mark.either
@both_places
def test_a_run_killed_at_any_time_is_resumed(
    audit_logs: Iterator[AuditLog], runs: Runs
) -> None:
    runs.warm(next(audit_logs))
    audit_log = next(audit_logs)
    began = time.monotonic()
    runs.run(audit_log, NEVER)
    longest = time.monotonic() - began
    audit_log = next(audit_logs)
    before = all_rows(audit_log)
    for _ in range(8):
        with audit_log.exchanging():
            process = runs.start(audit_log, NEVER)
            time.sleep(random.uniform(0, longest))
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            runs.finish()
        check_nothing_is_lost(audit_log, before)
    audit_log.archive()
    check_done(audit_log, before)
