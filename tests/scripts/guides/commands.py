"""The commands of the guides, and the tests that run those which are not run here."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from tests.databases import ROOT

# They are about the past, or list figures.
NO_GUIDES = ("CHANGELOG.md", "DECISIONS.md")
GUIDES = [
    path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in NO_GUIDES
]
PROGRAMS = (
    *("alembic", "as_user", "cd", "cp", "curl", "cyclonedx-py", "duckdb", "export"),
    *("fastapi", "flock", "grep", "install", "litestream", "mkdir", "mypy", "npm"),
    *("npx", "pg_basebackup", "pg_dump", "pip", "psql", "pytest", "python", "python3"),
    *("read", "ruff", "set", "source", "sqlite3", "systemctl", "useradd"),
    *(r"\./scripts/\w+", r"\.venv/bin/\w+"),
)
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4,}\S.*\n)+", re.MULTILINE)
COMMAND = re.compile(rf"(?:[A-Z_]+=\S* )*(?:{'|'.join(PROGRAMS)}) [^=]")
SHELLS = ("bash", "sh")

CONTRIBUTING = r"CONTRIBUTING.md "
DEPLOYMENT = r"DEPLOYMENT.md "
# They make a user, folders of root and units. Only the units are checked, by the named
# test, as systemd reads them: the rest takes a host of one's own.
ON_A_HOST = rf"{DEPLOYMENT}(?:as_user|cd|cp|install|set|systemctl|useradd) "
# Guide and command, and the test or script that runs it.
ELSEWHERE = {
    "RECIPES.md ": "tests/scripts/test_recipes.py",
    "RUNBOOKS.md ": "tests/scripts/test_runbooks.py",
    r".*(?:litestream )": "tests/scripts/backups/test_litestream.py",
    r".*pg_basebackup": "tests/scripts/backups/test_point_in_time.py",
    r".*scripts/(?:backup|restore)\.py": "tests/scripts/backups/test_drill.py",
    r".*archive_audit\.py (?:adopt --yes|checkpoint > ch)": (
        "tests/audit/archive/adopt/test_adopt.py"
    ),
    r".*alembic downgrade": "tests/core/db/test_migrations.py",
    r".*scripts/benchmark": "tests/scripts/benchmarks/test_benchmark.py",
    rf"{CONTRIBUTING}(?:pip|python|cp|alembic|fastapi)": "tests/scripts/test_setup.py",
    rf"{CONTRIBUTING}(?:pytest|ruff)": "scripts/test",
    rf"{DEPLOYMENT}(?:\.venv|cyclonedx)": (
        "tests/scripts/deploy/test_serving_packages.py"
    ),
    r"PRODUCTION.md (?:export|HOST)": "tests/core/web/test_process.py",
    ON_A_HOST: "tests/scripts/deploy/test_units.py",
}


def commands_of(guide: Path) -> Iterator[str]:
    """Yield each block of a shell, and each command of indented blocks."""
    text = guide.read_text(encoding="utf-8")
    for language, block in FENCED.findall(text):
        if language in SHELLS:
            yield dedent(block)
    for block in INDENTED.findall(FENCED.sub("\n", text)):
        joined = dedent(block).replace("\\\n", "")
        if not COMMAND.match(joined):
            continue
        if joined.count("'") % 2 or "'{" in joined:
            yield joined
        else:
            yield from filter(COMMAND.match, joined.splitlines())


def place_of(guide: Path, command: str) -> str:
    """Return the test that runs the command elsewhere, or an empty string."""
    found = f"{guide.name} {command}"
    places = (place for way, place in ELSEWHERE.items() if re.match(way, found))
    return next(places, "")
