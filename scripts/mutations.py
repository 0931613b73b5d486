"""Break the security code on purpose, one breakage at a time: does a test notice?

python scripts/mutations.py                 all that scripts/breakages.toml lists
python scripts/mutations.py --only lock     those with this word in their name

It works in copies. Its exit code is 1 if a breakage survived.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parents[1]
BREAKAGES = Path(__file__).with_name("breakages.toml")
IGNORED = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
PASSED, FAILED = 0, 1
PATIENCE = 600  # a breakage may well make a test wait for ever


@dataclass(frozen=True)
class Breakage:
    """A text that stands once in a file, what replaces it, and who ought to notice."""

    name: str
    file: str
    old: str
    new: str
    tests: list[str]
    database: str = "sqlite"

    def broken(self, root: Path) -> str:
        """Return the broken file's text; stop where it cannot be broken."""
        text = (root / self.file).read_text(encoding="utf-8")
        if (count := text.count(self.old)) != 1:
            sys.exit(f"{self.name}: the text stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


def read_breakages(word: str) -> list[Breakage]:
    tables = tomllib.loads(BREAKAGES.read_text(encoding="utf-8"))["breakage"]
    found = [Breakage(**table) for table in tables if word in table["name"]]
    return found or sys.exit(f"No breakage has {word} in its name")


def make_copy(root: Path) -> Path:
    words = [line.rstrip("/") for line in IGNORED]
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", *words))
    return root


def failure(root: Path, tests: list[str], database: str) -> str:
    """Run these tests in the copy; return what the first one that fails says."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "--database", database)
    try:
        done = subprocess.run(
            (sys.executable, "-m", "pytest", *options, *tests),
            cwd=root,
            # Two breakages of one second and one length would share their bytecode.
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return "They wait for ever."
    if done.returncode not in (PASSED, FAILED):
        sys.exit(f"These tests do not run: {' '.join(tests)}\n{done.stdout}")
    return done.stdout if done.returncode else ""


def check_sound(root: Path, breakages: list[Breakage]) -> None:
    """Stop where a test fails without any breakage: it would prove nothing."""
    for database in sorted({each.database for each in breakages}):
        own = [each.tests for each in breakages if each.database == database]
        tests = sorted({test for tests in own for test in tests})
        if said := failure(root, tests, database):
            sys.exit(f"{said}\nThis fails although nothing is broken: mend it first.")


def survives(root: Path, each: Breakage) -> bool:
    path = root / each.file
    whole = path.read_bytes()
    path.write_text(each.broken(root), encoding="utf-8")
    try:
        return not failure(root, each.tests, each.database)
    finally:
        path.write_bytes(whole)


def survivors(folder: Path, breakages: list[Breakage]) -> Iterator[Breakage]:
    """Break as many copies at once as there are cores, and yield what went unseen."""
    copies = Queue[Path]()
    for number in range(os.cpu_count() or 1):
        copies.put(make_copy(folder / str(number)))

    def attempt(each: Breakage) -> bool:
        root = copies.get()
        try:
            return survives(root, each)
        finally:
            copies.put(root)

    with ThreadPoolExecutor(copies.qsize()) as pool:
        verdicts = pool.map(attempt, breakages)
        shown = track(verdicts, total=len(breakages), console=Console(stderr=True))
        yield from compress(breakages, shown)


def show(breakages: list[Breakage], survived: list[Breakage]) -> None:
    table = Table("breakage", "file", "verdict")
    for each in breakages:
        verdict = "SURVIVED" if each in survived else "killed"
        table.add_row(each.name, each.file, verdict)
    killed = len(breakages) - len(survived)
    Console().print(table, f"{killed} of {len(breakages)} were noticed.", sep="\n")


def main(
    only: Annotated[str, typer.Option(help="A word in the breakages' names")] = "",
) -> None:
    """Break the security code on purpose, one breakage at a time: is it noticed?"""
    breakages = read_breakages(only)
    for each in breakages:
        each.broken(ROOT)
    with TemporaryDirectory() as folder:
        check_sound(make_copy(Path(folder) / "sound"), breakages)
        survived = list(survivors(Path(folder), breakages))
    show(breakages, survived)
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    typer.run(main)
