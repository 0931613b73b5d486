"""Every mutant fits the code, and the tests that it names exist."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.mutant import ROOT, mismatches, read_mutants
from tests.mutants.source import MismatchError

pytestmark = pytest.mark.slow

MUTANTS = read_mutants()


def test_every_mutant_fits_the_code() -> None:
    assert "\n".join(mismatches(MUTANTS)) == ""


def test_no_mutant_uses_an_undefined_name(tmp_path: Path) -> None:
    """It would only raise NameError, and any test would notice that."""
    for number, mutant in enumerate(MUTANTS):
        try:
            mutated = mutant.apply(ROOT)
        except MismatchError:
            continue  # the test above names it
        title = f'"{mutant.label}"\n'
        (tmp_path / f"m{number}.py").write_text(title + mutated, encoding="utf-8")
    options = ("check", "--isolated", "--select", "F821,F823", "--output-format")
    command = (sys.executable, "-m", "ruff", *options, "concise", str(tmp_path))
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    numbers = {
        line.split(".py")[0].rsplit("m", 1)[1]
        for line in found.splitlines()[:-1]
        if ".py" in line
    }
    assert [MUTANTS[int(number)].label for number in sorted(numbers)] == []


def test_every_mutant_has_a_name_of_its_own() -> None:
    names = Counter(mutant.label for mutant in MUTANTS)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_named_test_exists() -> None:
    named = {test for mutant in MUTANTS for test in mutant.tests}
    assert [test for test in sorted(named) if not exists(test)] == []


def exists(test: str) -> bool:
    path, *parts = test.split("::")
    if not parts:
        return (ROOT / path).exists()
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    functions = {getattr(node, "name", "") for node in body}
    return parts[0].partition("[")[0] in functions
