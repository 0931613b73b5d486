"""A site with a database, a spool, a seal file and an archive folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.core.config import Settings
from tests.audit.archive.rows import AuditLog
from tests.databases import PostgresTemplate, Template, make_settings
from tests.processes.forked import Done, command
from tests.processes.servers import environment


@dataclass
class Site:
    """The settings that `scripts/backup.py` and `scripts/restore.py` read."""

    url: str
    folder: Path
    programs: str = ""  # of PostgreSQL
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("archive", "spool", "backups"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.values = {
            "AUDIT_ARCHIVE_DIR": str(self.folder / "archive"),
            "AUDIT_SPOOL_DIR": str(self.folder / "spool"),
            "AUDIT_SEAL_FILE": str(self.folder / "seals.txt"),
        }

    @property
    def settings(self) -> Settings:
        return make_settings(self.url, **self.values)

    @property
    def audit_log(self) -> AuditLog:
        return AuditLog(self.settings, self.folder / "archive")

    @property
    def seals(self) -> Path:
        return self.folder / "seals.txt"

    @property
    def backups(self) -> list[Path]:
        return sorted((self.folder / "backups").iterdir())

    def environment(self, **values: str) -> dict[str, str]:
        path = os.pathsep.join([self.programs, os.environ["PATH"]])
        return environment(self.url, PATH=path, **(self.values | values))

    def run(self, *words: str, **values: str) -> Done:
        return command(words, self.environment(**values))

    def back_up(self, *options: str, **values: str) -> Done:
        folder = str(self.folder / "backups")
        return self.run("scripts/backup.py", folder, *options, **values)

    def restore(self, backup: Path) -> Done:
        return self.run("scripts/restore.py", str(backup))


def programs_of(template: Template) -> str:
    """Return the folder of the programs that have the server's version."""
    if not isinstance(template, PostgresTemplate):
        return ""
    query = "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
    return str(template.server.psql(f"COPY ({query}) TO STDOUT")).strip()


@pytest.fixture
def site(url: str, template: Template, tmp_path: Path) -> Site:
    return Site(url, tmp_path / "site", programs_of(template))


@pytest.fixture
def other_site(template: Template, tmp_path: Path) -> Iterator[Site]:
    """A site of which everything was lost: an empty database, or no file."""
    with template.empty() as url:
        yield Site(url, tmp_path / "other", programs_of(template))
