"""Kill a run, at every step and at any moment: every row is accounted for."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from app.audit.archive.logs import ACCESSES, CHANGES, LOGS
from tests.audit.archive.rows import Trail, accesses, changes
from tests.audit.archive.tampering import empty
from tests.conftest import Template
from tests.databases import ROOT, make_settings
from tests.servers import environment

pytestmark = pytest.mark.slow
KILLED = -9
NEVER = 1_000_000


def start(trail: Trail, step: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "tests.audit.archive.killed", trail.folder, str(step)),
        cwd=ROOT,
        env=environment(trail.settings.DATABASE_URL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> int:
    output, _ = process.communicate(timeout=60)
    assert process.returncode in (0, KILLED), output
    return process.returncode


Lines = dict[str, list[bytes]]


@pytest.fixture
def trails(template: Template, tmp_path: Path) -> Iterator[Trail]:
    """Yield one fresh trail after another, each on a database of its own."""

    def fresh() -> Iterator[Trail]:
        for number in count():
            with template.copy() as url:
                folder = tmp_path / str(number)
                folder.mkdir()
                trail = empty(Trail(make_settings(url), folder))
                trail.add(CHANGES, changes(days=2, each=8))
                trail.add(ACCESSES, accesses(days=1, each=3))
                yield trail

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


def test_a_run_that_is_killed_at_any_step_is_taken_up(trails: Iterator[Trail]) -> None:
    for step in count(1):
        trail = next(trails)
        before = all_rows(trail)
        if finish(start(trail, step)) == 0:
            break
        check_nothing_is_lost(trail, before)
        trail.archive()
        check_done(trail, before)
    # Of each file: started, written, indexed, compared, described, verified, deleted
    # (in batches), pruned.
    assert step == (8 + 1) * 2 + 8 + 1


def test_a_run_that_is_killed_at_any_moment_is_taken_up(
    trails: Iterator[Trail],
) -> None:
    trail = next(trails)
    before = all_rows(trail)
    began = time.monotonic()
    finish(start(trail, NEVER))
    longest = time.monotonic() - began
    trail = next(trails)
    before = all_rows(trail)
    for _ in range(8):
        process = start(trail, NEVER)
        # Half of the time it loads its libraries.
        time.sleep(random.uniform(longest / 2, longest))
        process.kill()
        finish(process)
        check_nothing_is_lost(trail, before)
    trail.archive()
    check_done(trail, before)
