"""Reports of `adopt`: the files it takes in, and what contradicts."""

from dataclasses import dataclass, field


@dataclass
class AdoptedFile:
    """One file: `late` rows are not live, and are sealed when it is adopted."""

    name: str
    rows: int
    live: int
    late: int


@dataclass
class AdoptReport:
    """Files to adopt or adopted; none is adopted if there is a contradiction.

    `foreign` are the rows by log that the lost server had not sealed, and whose numbers
    this one has not given yet.
    """

    files: list[AdoptedFile] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    foreign: dict[str, int] = field(default_factory=dict)

    def add_contradiction(self, path: str, reason: str) -> None:
        self.contradictions.append(f"{path}: {reason.removesuffix('.')}")
