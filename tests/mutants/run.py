"""Apply the mutants one at a time, each in a copy: do the named tests fail?

python -m tests.mutants.run                     all of them
python -m tests.mutants.run --only lock         those with this word in room or name
python -m tests.mutants.run --changed main      those whose file differs from `main`

Exits with 1 if a mutant survived.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.mutants.mutant import ROOT, Mutant, mismatches, read_mutants

IGNORED = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
PASSED, FAILED = 0, 1
TIMEOUT = 600  # seconds: a mutant may make a test wait forever


def choose(word: str, revision: str) -> list[Mutant]:
    chosen = [mutant for mutant in read_mutants() if word in mutant.label]
    if revision:
        changed = changed_files(revision)
        chosen = [mutant for mutant in chosen if mutant.path in changed]
    return chosen


def changed_files(revision: str) -> set[str]:
    command = ("git", "diff", "--name-only", revision, "--")
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"Unknown revision: {revision}\n{done.stderr}")
    return set(done.stdout.splitlines())


def make_copy(root: Path) -> Path:
    names = [line.rstrip("/") for line in IGNORED]
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", *names))
    return root


def failure(root: Path, tests: list[str], database: str) -> str:
    """Run tests in a copy until one fails; return the output if one did."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "--whole", "--database", database)
    try:
        done = subprocess.run(
            (sys.executable, "-m", "pytest", *options, *tests),
            cwd=root,
            # Two mutants of one second and one length would share their bytecode.
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"Stopped: {TIMEOUT} seconds reached"
    if done.returncode not in (PASSED, FAILED):
        sys.exit(f"These tests don't run: {' '.join(tests)}\n{done.stdout}")
    return done.stdout if done.returncode else ""


def check_sound(root: Path, mutants: list[Mutant]) -> None:
    """Exit if a test fails without a mutant: it would prove nothing."""
    for database in sorted({mutant.database for mutant in mutants}):
        own = [mutant.tests for mutant in mutants if mutant.database == database]
        tests = sorted({test for tests in own for test in tests})
        if output := failure(root, tests, database):
            sys.exit(f"{output}\nThis fails without any mutant: fix it first")


def survives(root: Path, mutant: Mutant) -> bool:
    path = root / mutant.path
    original = path.read_bytes()
    path.write_text(mutant.apply(root), encoding="utf-8")
    try:
        return not failure(root, mutant.tests, mutant.database)
    finally:
        path.write_bytes(original)


def survivors(folder: Path, mutants: list[Mutant]) -> Iterator[Mutant]:
    """Yield the mutants that no test notices, working in one copy per core."""
    copies = Queue[Path]()
    for number in range(os.cpu_count() or 1):
        copies.put(make_copy(folder / str(number)))

    def attempt(mutant: Mutant) -> bool:
        root = copies.get()
        try:
            return survives(root, mutant)
        finally:
            copies.put(root)

    with ThreadPoolExecutor(copies.qsize()) as pool:
        verdicts = pool.map(attempt, mutants)
        shown = track(verdicts, total=len(mutants), console=Console(stderr=True))
        yield from compress(mutants, shown)


def show(mutants: list[Mutant], survived: list[Mutant]) -> None:
    table = Table("room", "mutant", "target", "verdict")
    for mutant in mutants:
        verdict = "SURVIVED" if mutant in survived else "noticed"
        table.add_row(mutant.room, mutant.name, mutant.target, verdict)
    noticed = len(mutants) - len(survived)
    Console().print(table, f"{noticed} of {len(mutants)} were noticed.", sep="\n")


def main(
    only: Annotated[str, typer.Option(help="A word in the room or the name")] = "",
    changed: Annotated[str, typer.Option(help="A revision to compare with")] = "",
) -> None:
    """Apply deliberate faults, one at a time: does a test fail?"""
    mutants = choose(only, changed)
    if found := mismatches(mutants):
        sys.exit("\n".join(found))
    if not mutants:
        sys.exit("No mutant was chosen")
    with TemporaryDirectory() as folder:
        check_sound(make_copy(Path(folder) / "sound"), mutants)
        survived = list(survivors(Path(folder), mutants))
    show(mutants, survived)
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    typer.run(main)
