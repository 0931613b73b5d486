"""Migrations of a test's own, after those of the project."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import text

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.migrations import FOLDER, head
from tests.databases import alembic_config

MIGRATION = """
from alembic import op

revision, down_revision = "{revision}", "{previous}"
compatible_with_previous = {compatible}

def upgrade():
    {upgrade}

def downgrade():
    pass
"""


class Migrations:
    """The project's migrations, with room for more in a folder."""

    def __init__(self, url: str, folder: Path) -> None:
        self.config = alembic_config(url)
        self.folder = folder / "versions"
        self.folder.mkdir()
        self.last = head()
        both = f"{FOLDER / 'versions'}:{self.folder}"
        self.config.set_main_option("version_locations", both)
        self.config.set_main_option("version_path_separator", ":")

    @property
    def settings(self) -> Settings:
        settings: Settings = self.config.attributes["settings"]
        return settings

    def add(
        self, revision: str, compatible: bool | None, upgrade: str = "pass"
    ) -> Config:
        """Add a migration after the last one."""
        source = MIGRATION.format(
            revision=revision,
            previous=self.last,
            compatible=compatible,
            upgrade=upgrade,
        )
        if compatible is None:
            source = source.replace("compatible_with_previous = None\n", "")
        (self.folder / f"{revision}.py").write_text(source)
        self.last = revision
        return self.config

    def execute(self, *statements: str) -> list[Any]:
        """Execute statements; return the values of the last one's first column."""
        return asyncio.run(execute(self.settings, statements))

    def releases(self) -> set[str]:
        """Return the heads of the releases that are recorded as compatible."""
        found = self.execute(
            "SELECT name FROM schema_compatibility WHERE kind = 'release'"
        )
        return set(found)


async def execute(settings: Settings, statements: Iterable[str]) -> list[Any]:
    engine = make_engine(settings)
    async with engine.begin() as connection:
        for statement in statements:
            result = await connection.execute(text(statement))
        found = list(result.scalars()) if result.returns_rows else []
    await engine.dispose()
    return found
