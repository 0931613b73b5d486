"""An audit trail with old rows and new ones."""

from pathlib import Path

import pytest

from app.core.config import Settings
from tests.audit.archive.rows import Trail


@pytest.fixture
def trail(settings: Settings, tmp_path: Path) -> Trail:
    folder = tmp_path / "archive"
    folder.mkdir()
    return Trail(settings, folder)
