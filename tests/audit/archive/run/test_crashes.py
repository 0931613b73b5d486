"""Kill a run, at every step and at any moment: every row is accounted for."""

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

from app.audit.archive.logs import ACCESSES, CHANGES, LOGS
from tests.audit.archive.conftest import copy_of
from tests.audit.archive.rows import Trail, accesses, changes
from tests.databases import ROOT, Template
from tests.servers import environment

pytestmark = pytest.mark.slow
KILLED = -9
NEVER = 1_000_000


class Runs:
    """Starts runs that end at a step, or sooner."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.told, self.asked = process.stdout, process.stdin

    def start(self, trail: Trail, step: int) -> int:
        """Start a run; return the number of its process."""
        url = trail.settings.DATABASE_URL
        print(url, trail.folder, step, file=self.asked, flush=True)
        return int(self.told.readline())

    def finish(self) -> int:
        code = int(self.told.readline())
        assert code in (0, KILLED)
        return code


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


Lines = dict[str, list[bytes]]


@pytest.fixture
def trails(trail: Trail, template: Template, tmp_path: Path) -> Iterator[Trail]:
    """Yield one fresh trail after another, each on a database of its own."""
    trail.add(CHANGES, changes(days=2, each=8))
    trail.add(ACCESSES, accesses(days=1, each=3))

    def fresh() -> Iterator[Trail]:
        for number in count():
            with copy_of(trail, template, tmp_path / str(number)) as copy:
                yield copy

    return fresh()


def all_rows(trail: Trail) -> Lines:
    return {log.name: trail.live_lines(log) for log in LOGS.values()}


def check_nothing_is_lost(trail: Trail, before: Lines) -> None:
    for log in LOGS.values():
        found = {*trail.live_lines(log), *trail.lines(log)}
        assert found == set(before[log.name])
    assert trail.faults() == {}


def check_done(trail: Trail, before: Lines) -> None:
    """Every row is in a file, once, and none is alive; nothing is left to do."""
    for log in LOGS.values():
        assert sorted(trail.lines(log)) == sorted(before[log.name])
        assert trail.live_lines(log) == []
    assert {done.files for done in trail.archive().values()} == {0}
    assert trail.faults() == {}
    assert list(trail.folder.rglob("*.part")) == []


def test_a_run_that_is_killed_at_any_step_is_taken_up(
    trails: Iterator[Trail], runs: Runs
) -> None:
    before = all_rows(next(trails))  # each of them begins with the same rows
    for step in count(1):
        trail = next(trails)
        runs.start(trail, step)
        if runs.finish() == 0:
            break
        check_nothing_is_lost(trail, before)
        trail.archive()
        check_done(trail, before)
    # Of each file: started, written, indexed, compared, described, verified, deleted
    # (in batches), pruned.
    assert step == (8 + 1) * 2 + 8 + 1


def test_a_run_that_is_killed_at_any_moment_is_taken_up(
    trails: Iterator[Trail], runs: Runs, pytestconfig: pytest.Config
) -> None:
    kills = 8 if pytestconfig.getoption("whole") else 4
    trail = next(trails)
    began = time.monotonic()
    runs.start(trail, NEVER)
    runs.finish()
    longest = time.monotonic() - began
    trail = next(trails)
    before = all_rows(trail)
    for _ in range(kills):
        process = runs.start(trail, NEVER)
        time.sleep(random.uniform(0, longest))
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        runs.finish()
        check_nothing_is_lost(trail, before)
    trail.archive()
    check_done(trail, before)
