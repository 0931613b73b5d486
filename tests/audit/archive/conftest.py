"""An audit trail with old rows and new ones."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.audit.archive.rows import Trail
from tests.audit.archive.verify.tampering import empty
from tests.databases import Template, make_settings


@pytest.fixture
def trail(settings: Settings, tmp_path: Path) -> Trail:
    folder = tmp_path / "archive"
    folder.mkdir()
    return empty(Trail(settings, folder))


@contextmanager
def copy_of(trail: Trail, template: Template, folder: Path) -> Iterator[Trail]:
    """Copy a trail with its archive: that takes far less than filling one."""
    shutil.copytree(trail.folder, folder)
    with template.copy(trail.settings.DATABASE_URL) as url:
        yield Trail(make_settings(url), folder)
