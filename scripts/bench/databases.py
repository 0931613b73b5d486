"""Databases to measure: on a disk, with commits that are synced as in production.

Those of the tests are in memory. TMPDIR chooses the disk.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.databases import TEMPLATES, Engine, PostgresTemplate, Template


@contextmanager
def disk() -> Iterator[Path]:
    """Yield a temporary folder."""
    with TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder)


@contextmanager
def synced_template(engine: Engine) -> Iterator[Template]:
    with disk() as folder, closing(TEMPLATES[engine](folder / engine)) as template:
        if isinstance(template, PostgresTemplate):
            template.sync_commits()
        yield template
