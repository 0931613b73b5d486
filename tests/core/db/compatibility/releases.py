"""A later release of the project: a copy with further migrations."""

import shutil
import subprocess
import sys
from pathlib import Path

from app.core.db.migrations import head
from tests.databases import ROOT
from tests.processes.servers import environment

MIGRATION = """
import time
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", "{previous}"
compatible_with_previous = {compatible}


def upgrade():
    {upgrade}
    time.sleep(0.3)


def downgrade():
    {downgrade}
"""
ADD = 'op.add_column("product", sa.Column("barcode", sa.String(13), nullable=True))'
DROP = 'op.drop_column("product", "barcode")'
FIELD = "    is_active: bool = True\n"
BARCODE = "    barcode: str | None = Field(default=None, max_length=13)\n"
EXPANDED, CONTRACTED = "expanded", "contracted"


class Release:
    """The present tree and, in a copy, a release with a new column of products.

    `contract()` makes it the release after, which drops it again.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder
        # With the byte code, which saves a second, but none that is being written.
        unfinished = shutil.ignore_patterns("*.pyc.*")
        for tree in ("app", "alembic"):
            shutil.copytree(ROOT / tree, folder / tree, ignore=unfinished)
        shutil.copy(ROOT / "alembic.ini", folder)
        self.models = self.root / "app/modules/products/models.py"
        self.edit(FIELD, FIELD + BARCODE)
        self.write(EXPANDED, head() or "", True, ADD, DROP)

    def contract(self) -> None:
        self.edit(BARCODE, "")
        self.write(CONTRACTED, EXPANDED, False, DROP, ADD)

    def edit(self, old: str, new: str) -> None:
        text = self.models.read_text()
        assert old in text
        self.models.write_text(text.replace(old, new))

    def write(
        self, revision: str, previous: str, compatible: bool, *steps: str
    ) -> None:
        text = MIGRATION.format(
            revision=revision,
            previous=previous,
            compatible=compatible,
            upgrade=steps[0],
            downgrade=steps[1],
        )
        (self.root / f"alembic/versions/{revision}.py").write_text(text)

    def upgrade(self, url: str) -> None:
        words = (sys.executable, "-m", "alembic", "upgrade", "head")
        subprocess.run(words, cwd=self.root, env=environment(url), check=True)
