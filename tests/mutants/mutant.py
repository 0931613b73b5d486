"""A mutant: one deliberate fault, and the tests that must fail because of it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.source import MismatchError, Source
from tests.mutants.syntax import parses

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


@dataclass(frozen=True)
class Mutant:
    """A replacement of `old` by `new` in `target`, which is `module:qualified.name`.

    Both are code, and `...` in `old` is any expression, such as an error message; an
    empty `new` removes `old`. With `text`, both are parts of a string constant.
    """

    room: str
    name: str
    target: str
    old: str
    new: str
    tests: list[str]
    database: str = "sqlite"
    text: bool = False

    @property
    def path(self) -> str:
        return f"{self.target.partition(':')[0].replace('.', '/')}.py"

    def apply(self, root: Path) -> str:
        """Return the mutated text of the file.

        Raises:
            MismatchError: the mutant does not fit the code.
        """
        try:
            text = (root / self.path).read_text(encoding="utf-8")
            source = Source(text, self.target.partition(":")[2])
            replace = source.replace_text if self.text else source.replace
            mutated = replace(self.old, self.new)
        except (OSError, SyntaxError, MismatchError) as error:
            raise MismatchError(f"{self.label} ({self.target}): {error}") from None
        if not parses(mutated):
            raise MismatchError(f"{self.label} ({self.target}): new does not parse")
        return mutated

    @property
    def label(self) -> str:
        return f"{self.room}: {self.name}"


def read_mutants() -> list[Mutant]:
    return [
        Mutant(room=path.stem, **values)
        for path in sorted(FOLDER.glob("*.toml"))
        for values in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    ]


def mismatches(mutants: list[Mutant], root: Path = ROOT) -> list[str]:
    """Return one sentence for each mutant that does not fit the code."""
    found = []
    for mutant in mutants:
        try:
            mutant.apply(root)
        except MismatchError as error:
            found.append(str(error))
    return found
